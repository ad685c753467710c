"""Searches a log store: Loki with LogQL, OpenSearch and Elasticsearch with a query string."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.observability.drivers.endpoints import ask

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.drivers.kubernetes.client import Kubernetes

PROGRAMS = ("loki", "opensearch", "elasticsearch")
"""The label's values by which a log store is found."""


@dataclass(frozen=True)
class LogHits:
    """How many lines of a log store hold a text; `refused` says why it did not tell."""

    endpoint: MonitoringEndpoint
    count: int
    refused: str


class LogStore:
    """One log store of a cluster."""

    def __init__(self, cluster: Kubernetes, endpoint: MonitoringEndpoint) -> None:
        """Ask the log store at `endpoint`."""
        self._cluster = cluster
        self._endpoint = endpoint

    def search(self, namespace: str, text: str) -> LogHits:
        """Count the lines that hold `text`; Loki searches the pods of `namespace` only."""
        if self._endpoint.program == "loki":
            query = f'{{namespace="{namespace}"}} |= "{text}"'
            path, parameters = "/loki/api/v1/query_range", {"query": query}
        else:
            path, parameters = "/_search", {"q": f'"{text}"', "size": "1"}
        reply = ask(self._cluster, self._endpoint, path, **parameters)
        count = self._count(reply.json()) if reply.succeeded else None
        refused = str(reply) if count is None else ""
        return LogHits(self._endpoint, count or 0, refused)

    def _count(self, answer: Any) -> int | None:  # noqa: ANN401 (another program's JSON)
        """Return how many lines were found; None if the answer has another shape."""
        try:
            if self._endpoint.program == "loki":
                return len(answer["data"]["result"])
            total = answer["hits"]["total"]
            return int(total["value"] if isinstance(total, dict) else total)
        except (TypeError, KeyError, ValueError):
            return None
