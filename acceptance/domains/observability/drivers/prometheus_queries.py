"""Asks Prometheus as a dashboard does: over time, for labels' values, and for a query's syntax.

Source: the page "HTTP API" of Prometheus 3; parse_query is what its own page uses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.observability.drivers.endpoints import ask
from acceptance.domains.observability.drivers.prometheus import Sample
from acceptance.domains.observability.drivers.promql import Tree, read_tree, write

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.drivers.kubernetes.client import Kubernetes


@dataclass(frozen=True)
class ParsedQuery:
    """The syntax of a query; `refused` says why Prometheus does not understand it."""

    tree: Tree | None
    refused: str


@dataclass(frozen=True)
class QueryAnswer:
    """The answer to a query at one time; `refused` says why there is none."""

    query: str
    samples: tuple[Sample, ...]
    refused: str

    @property
    def found(self) -> bool:
        """Whether there is a sample, or it is not known."""
        return bool(self.samples or self.refused)


@dataclass(frozen=True)
class Line:
    """One series over time."""

    labels: tuple[tuple[str, str], ...]
    points: tuple[tuple[float, float], ...]
    """Unix time in seconds, and value; no point where there is no number."""


@dataclass(frozen=True)
class ListedValues:
    """The values of a label; `refused` says why Prometheus does not list them."""

    values: tuple[str, ...]
    refused: str


class PrometheusQueries:
    """One Prometheus, asked as Grafana asks it."""

    def __init__(self, cluster: Kubernetes, endpoint: MonitoringEndpoint) -> None:
        """Ask the Prometheus at `endpoint`."""
        self._cluster = cluster
        self._endpoint = endpoint

    def now(self) -> float:
        """Return the clock of Prometheus, as Unix time in seconds; 0 if it does not answer."""
        found = self._ask("/api/v1/query", query="time()")[0]
        return float(found["result"][1]) if found else 0.0

    def parse(self, query: str) -> ParsedQuery:
        """Return the syntax of a query."""
        found, refused = self._ask("/api/v1/parse_query", query=query)
        try:
            return ParsedQuery(read_tree(found), "")
        except (TypeError, KeyError) as error:
            return ParsedQuery(None, refused or f"its syntax is not known here: {error}")

    def evaluate(self, query: str | Tree, at: float) -> QueryAnswer:
        """Return what a query gives at the Unix time `at`; a number is a sample without labels."""
        text = query if isinstance(query, str) else write(query)
        found, refused = self._ask("/api/v1/query", query=text, time=f"{at:.3f}")
        try:
            if found["resultType"] == "scalar":
                return QueryAnswer(text, (Sample((), float(found["result"][1])),), "")
            samples = tuple(
                Sample(tuple(sorted(each["metric"].items())), float(each["value"][1]))
                for each in found["result"]
            )
        except (TypeError, KeyError, ValueError) as error:
            return QueryAnswer(text, (), refused or f"an answer without {error}")
        return QueryAnswer(text, samples, "")

    def evaluate_range(self, query: str, start: float, end: float, step: float) -> tuple[Line, ...]:
        """Return the series that a query gives between two Unix times; none if it is refused."""
        window = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
        found = self._ask("/api/v1/query_range", query=query, **window)[0]
        return tuple(
            Line(
                tuple(sorted(each["metric"].items())),
                tuple(
                    (float(when), float(value))
                    for when, value in each["values"]
                    if math.isfinite(float(value))
                ),
            )
            for each in (found or {}).get("result", ())
        )

    def label_values(self, label: str, selector: str, start: float, end: float) -> ListedValues:
        """Return the values that a label had between two Unix times, in series of `selector`."""
        query = {"start": f"{start:.3f}", "end": f"{end:.3f}"}
        if selector:
            query["match[]"] = selector
        found, refused = self._ask(f"/api/v1/label/{label}/values", **query)
        return ListedValues(tuple(map(str, found or ())), refused)

    def help_texts(self) -> dict[str, str]:
        """Return what each metric says about itself, by its name."""
        found = self._ask("/api/v1/metadata")[0] or {}
        return {name: str(each[0].get("help", "")) for name, each in found.items() if each}

    def _ask(self, path: str, **query: str) -> tuple[Any, str]:
        """Return the data of an answer, and why there is none."""
        reply = ask(self._cluster, self._endpoint, path, **query)
        found = reply.json()
        if reply.succeeded and isinstance(found, dict) and "data" in found:
            return found["data"], ""
        said = found.get("error") if isinstance(found, dict) else None
        return None, str(said or reply)
