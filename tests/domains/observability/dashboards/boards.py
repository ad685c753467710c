"""Dashboards, and a Prometheus with fixed answers, for tests that break one thing in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from acceptance.domains.observability.drivers.dashboard_files import DashboardFile, DataSource
from acceptance.domains.observability.drivers.prometheus import Sample
from acceptance.domains.observability.drivers.prometheus_queries import (
    Line,
    ListedValues,
    ParsedQuery,
    PrometheusQueries,
    QueryAnswer,
)
from acceptance.domains.observability.drivers.promql import Tree, read_tree, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SOURCE = DataSource(
    "p1", "prometheus", "http://prometheus.monitoring.svc:9090", "15s", default=True
)
PODS_NOW = 'up{job="backend"} and count_over_time(up{job="backend"}[60s]) >= 2'
"""What is asked for the pods that the variable of a board may offer."""
BY_STATUS = 'sum by (status) (rate(requests_total{job="backend"}[$__rate_interval]))'


def panel(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 (a part of a dashboard's JSON)
    """A panel that has everything, but for the changes."""
    found: dict[str, Any] = {
        "type": "timeseries",
        "title": "Requests",
        "description": "Requests of visitors each second, by status.",
        "gridPos": {"x": 0, "y": 0, "w": 8, "h": 8},
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "fieldConfig": {
            "defaults": {
                "unit": "reqps",
                "thresholds": {"steps": steps(None, 10, 50)},
                "custom": {"thresholdsStyle": {"mode": "line"}},
            }
        },
        "targets": [{"refId": "A", "expr": BY_STATUS, "legendFormat": "{{status}}"}],
    }
    return found | changes


def steps(*ends: float | None) -> list[dict[str, Any]]:
    """Thresholds with these lower ends."""
    colours = ("green", "orange", "red")
    return [{"color": c, "value": e} for c, e in zip(colours, ends, strict=False)]


def board(*panels: dict[str, Any], **changes: Any) -> DashboardFile:  # noqa: ANN401
    """The file of a dashboard with these panels, or with one that has everything."""
    variables = [
        {"name": "source", "label": "Source", "type": "datasource", "query": "prometheus"},
        {
            "name": "pod",
            "type": "query",
            "query": {"query": 'label_values(up{job="backend"}, pod)'},
            "includeAll": True,
            "multi": True,
            "allValue": ".*",
            "current": {"value": ["$__all"]},
        },
    ]
    found = {
        "uid": "one",
        "title": "Overview",
        "templating": {"list": variables},
        "panels": list(panels) or [panel()],
    }
    return DashboardFile("monitoring/boards", "overview.json", json.dumps(found | changes))


class Answers:
    """A Prometheus that knows some queries, as they are asked or as they are written again."""

    def __init__(
        self,
        samples: Mapping[str, Sequence[Sample]],
        trees: Mapping[str, dict[str, Any]] | None = None,
        values: Sequence[str] = ("backend-1",),
    ) -> None:
        """Know the samples of queries, their syntax, and the values of every label."""
        self.samples = dict(samples)
        self.trees = dict(trees or {})
        self.values = tuple(values)
        self.asked: list[str] = []

    def queries(self) -> PrometheusQueries:
        """The same, as the client that actors use."""
        return cast("PrometheusQueries", self)

    def now(self) -> float:
        """A time."""
        return 1000.0

    def parse(self, query: str) -> ParsedQuery:
        """The syntax of a query."""
        found = self.trees.get(query)
        return ParsedQuery(read_tree(found), "") if found else ParsedQuery(None, "parse error")

    def evaluate(self, query: str | Tree, at: float) -> QueryAnswer:
        """The samples of a query; no query is refused."""
        assert at
        text = query if isinstance(query, str) else write(query)
        self.asked.append(text)
        return QueryAnswer(text, tuple(self.samples.get(text, ())), "")

    def evaluate_range(self, query: str, start: float, end: float, step: float) -> tuple[Line, ...]:
        """A line that rises, for each sample of a query."""
        times = [start + step * n for n in range(int((end - start) / step) + 1)]
        return tuple(
            Line(each.labels, tuple((when, each.value + when - start) for when in times))
            for each in self.samples.get(query, ())
        )

    def label_values(self, label: str, selector: str, start: float, end: float) -> ListedValues:
        """The values of a label."""
        self.asked.append(f"{label} of {selector} from {start:g} to {end:g}")
        return ListedValues(self.values, "" if self.values != ("?",) else "no such label")

    def help_texts(self) -> dict[str, str]:
        """What the metrics say about themselves."""
        return {"requests_total": "Requests."}


def sample(value: float, **labels: str) -> Sample:
    """A sample of an answer."""
    return Sample(tuple(sorted(labels.items())), value)
