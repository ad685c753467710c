"""Searches a log store: Loki with LogQL, OpenSearch and Elasticsearch with their query language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.observability.drivers.endpoints import ask, objects
from acceptance.domains.observability.drivers.log_store_access import READER, LogStoreAccess
from acceptance.drivers.kubernetes.client import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.client import Kubernetes

PROGRAMS = ("loki", "opensearch", "elasticsearch")
"""The label's values by which a log store is found."""
_MOST = 10_000
"""The most entries that OpenSearch and Elasticsearch return at once."""
_MOST_NUMBERS = 20_000
_DISK = "cluster.routing.allocation.disk"
_LOOKS = "cluster.info.update.interval"
"""How often it looks at its disk."""
_BLOCK = "index.blocks.read_only_allow_delete"
"""What it sets for an index when the disk is full, and takes away when it is not."""
_SEARCH = "/logs-*/_search"
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class LogHits:
    """How many lines of a log store hold a text; `refused` says why it did not tell."""

    endpoint: MonitoringEndpoint
    count: int
    refused: str


@dataclass(frozen=True)
class LogEntry:
    """An entry of a log store, by the names of its fields: `pod`, `level`, `message` and others."""

    fields: Mapping[str, Any]

    def __getitem__(self, field: str) -> str:
        """Return the value of a field as a text; empty if the entry has no such field."""
        return str(self.fields.get(field, ""))

    @property
    def sequence(self) -> int:
        """The number that its program gave it; -1 if it has none."""
        found = self.fields.get("sequence")
        return found if isinstance(found, int) else -1


@dataclass(frozen=True)
class LogEntries:
    """The entries that a search found; `refused` says why the log store did not tell."""

    endpoint: MonitoringEndpoint
    entries: tuple[LogEntry, ...]
    refused: str


class LogStore:
    """One log store of a cluster, as its reader.

    One that serves HTTPS is asked at its own port, with the account of a reader. Any other is asked
    through the API server's proxy, without an account.
    """

    def __init__(self, cluster: Kubernetes, endpoint: MonitoringEndpoint) -> None:
        """Ask the log store at `endpoint`."""
        self._cluster = cluster
        self._endpoint = endpoint
        self._access = LogStoreAccess(cluster, endpoint) if endpoint.secure else None

    def search(self, namespace: str, text: str) -> LogHits:
        """Count the lines that hold `text`; Loki searches the pods of `namespace` only."""
        if self._endpoint.program == "loki":
            query = f'{{namespace="{namespace}"}} |= "{text}"'
            path, parameters = "/loki/api/v1/query_range", {"query": query}
        else:
            path, parameters = "/_search", {"q": f'"{text}"', "size": "1"}
        try:
            if self._access is None:
                reply = ask(self._cluster, self._endpoint, path, **parameters)
            else:  # the reader may search these indices only
                reply = self._search_as_reader({"query": {"query_string": {"query": f'"{text}"'}}})
        except Refused as error:
            return LogHits(self._endpoint, 0, str(error))
        count = self._count(reply.json()) if reply.succeeded else None
        refused = str(reply) if count is None else ""
        return LogHits(self._endpoint, count or 0, refused)

    def entries(self, *, first: int | None = None, **fields: str) -> LogEntries:
        """Return the entries that have all `fields`, of those with a number from `first`.

        Whole fields are compared, not texts, and the search is in the body of the request: so an
        entry that tells of the search is not found. There are 10,000 at most, by their number.
        """
        wanted: list[dict[str, Any]] = [{"term": {name: text}} for name, text in fields.items()]
        if first is not None:
            wanted.append({"range": {"sequence": {"gte": first}}})
        order = {"sequence": {"order": "asc", "missing": "_first"}}
        return self._entries(
            {"size": _MOST, "sort": [order], "query": {"bool": {"filter": wanted}}}
        )

    def newest(self, most: int, **fields: str) -> LogEntries:
        """Return the newest entries that have all `fields`, by their time; `most` at most."""
        wanted = [{"term": {name: text}} for name, text in fields.items()]
        order = {"@timestamp": {"order": "desc"}}
        return self._entries({"size": most, "sort": [order], "query": {"bool": {"filter": wanted}}})

    def doubled(self, **fields: str) -> tuple[int, ...] | None:
        """Return the numbers that several entries have; None if the log store did not tell."""
        wanted = [{"term": {name: text}} for name, text in fields.items()]
        numbers = {"field": "sequence", "size": _MOST_NUMBERS, "min_doc_count": 2}
        body = {
            "size": 0,
            "query": {"bool": {"filter": wanted}},
            "aggs": {"numbers": {"terms": numbers}},
        }
        answer, _ = self._ask(body)
        try:
            buckets = objects(answer["aggregations"]["numbers"]["buckets"])
            return tuple(sorted(int(each["key"]) for each in buckets))
        except (TypeError, KeyError, ValueError):
            return None

    def pretend_full_disk(self) -> None:
        """Let it take its disk for full, so that it takes no more lines as soon as it looks.

        It looks every ten seconds from now on. Raises `Refused`, as where the store is Loki.
        """
        # Below any disk's use. Each mark has to be above the one before it.
        marks = {"low": "0.01%", "high": "0.02%", "flood_stage": "0.03%"}
        self._set(
            {**{f"{_DISK}.watermark.{mark}": at for mark, at in marks.items()}, _LOOKS: "10s"}
        )

    def end_full_disk(self) -> None:
        """Let it see its disk as it is; it takes lines again as soon as it looks.

        Raises `Refused`.
        """
        self._set({f"{_DISK}.watermark.*": None})

    def forget_disk(self) -> None:
        """Let it also look at its disk as often as before; raises `Refused`."""
        self._set({f"{_DISK}.watermark.*": None, _LOOKS: None})

    def takes_lines(self) -> bool | None:
        """Whether no index of logs is closed because of a full disk; None if it did not tell."""
        path = f"/logs-*/_settings/{_BLOCK}"
        reply = self._administer("GET", path)
        answer = reply.json() if reply.succeeded else None
        if not isinstance(answer, dict):
            return None
        blocks = [each["settings"].get("index", {}).get("blocks", {}) for each in answer.values()]
        return not any(each.get("read_only_allow_delete") == "true" for each in blocks)

    def _set(self, settings: Mapping[str, str | None]) -> None:
        reply = self._administer("PUT", "/_cluster/settings", {"transient": settings})
        if not reply.succeeded:
            raise Refused(f"{self._endpoint.name} does not take a setting: {reply}")

    def _administer(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        """Return the answer to a request of the administrator, if there are accounts."""
        if self._access is not None:
            return self._access.send_as_administrator(method, path, body)
        return self._cluster.send(method, f"{self._endpoint.path}{path}", body, headers=_JSON)

    def _entries(self, body: Mapping[str, Any]) -> LogEntries:
        answer, refused = self._ask(body)
        try:
            found = tuple(LogEntry(each["_source"]) for each in objects(answer["hits"]["hits"]))
        except (TypeError, KeyError):
            return LogEntries(self._endpoint, (), refused)
        return LogEntries(self._endpoint, found, "")

    def _ask(self, body: Mapping[str, Any]) -> tuple[Any, str]:
        """Return the answer to a search of every log index, and the reply as a text."""
        try:
            if self._access is None:
                path = f"{self._endpoint.path}{_SEARCH}"
                reply = self._cluster.send("POST", path, body, headers=_JSON)
            else:
                reply = self._search_as_reader(body)
        except Refused as error:
            return None, str(error)
        return (reply.json() if reply.succeeded else None), str(reply)

    def _search_as_reader(self, body: Mapping[str, Any]) -> Reply:
        assert self._access is not None
        return self._access.send("POST", _SEARCH, body, account=self._access.account(READER))

    def _count(self, answer: Any) -> int | None:  # noqa: ANN401 (another program's JSON)
        """Return how many lines were found; None if the answer has another shape."""
        try:
            if self._endpoint.program == "loki":
                return len(answer["data"]["result"])
            total = answer["hits"]["total"]
            return int(total["value"] if isinstance(total, dict) else total)
        except (TypeError, KeyError, ValueError):
            return None
