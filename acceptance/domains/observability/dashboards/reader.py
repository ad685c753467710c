"""Asks Prometheus everything that a dashboard asks, and records the answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acceptance.domains.observability.dashboards.counts import CountingPart, read_parts
from acceptance.domains.observability.dashboards.variables import (
    ListedVariable,
    built_in,
    called,
    interpolate,
    list_values,
)
from acceptance.domains.observability.drivers.promql import Selector, selectors, write

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from acceptance.domains.observability.drivers.dashboard_files import (
        Dashboard,
        DataSource,
        Panel,
        PanelQuery,
    )
    from acceptance.domains.observability.drivers.prometheus import Sample
    from acceptance.domains.observability.drivers.prometheus_queries import PrometheusQueries


@dataclass(frozen=True)
class QueryReading:
    """A query of a panel and its answer, with the values that are chosen at first."""

    panel: Panel
    query: PanelQuery
    expression: str
    """The query with its variables replaced."""
    samples: tuple[Sample, ...]
    empty: tuple[str, ...]
    """Selectors of the query that select nothing."""
    parts: tuple[CountingPart, ...]
    refused: str

    def __str__(self) -> str:
        """Name the query, as messages do."""
        return f"{self.panel}, query {self.query.name}"


@dataclass(frozen=True)
class DashboardReading:
    """What a dashboard shows at one time."""

    dashboard: Dashboard
    variables: tuple[ListedVariable, ...]
    queries: tuple[QueryReading, ...]
    dead_values: tuple[str, ...]
    """Values of variables with which a panel shows nothing, in sentences."""
    dead_annotations: tuple[str, ...]
    """Annotations that can mark nothing, in sentences."""


class DashboardReader:
    """Reads dashboards over a window of time, whose end is now."""

    def __init__(
        self,
        prometheus: PrometheusQueries,
        sources: Sequence[DataSource],
        window: tuple[float, float],
    ) -> None:
        """Ask `prometheus`, for the data of a window from one Unix time to another."""
        self._prometheus = prometheus
        self._sources = sources
        self._window = window

    def read(self, dashboard: Dashboard, only: Collection[str] | None = None) -> DashboardReading:
        """Return what a dashboard shows.

        With `only`, that of the panels with these titles, and nothing of other values of variables.
        """
        listed = tuple(
            list_values(each, self._sources, self._prometheus, self._window)
            for each in dashboard.variables
        )
        values = {each.variable.name: each.text for each in listed}
        queries = tuple(
            self._read_query(panel, query, values)
            for panel in dashboard.panels
            for query in panel.queries
            if only is None or panel.title in only
        )
        if only is not None:
            return DashboardReading(dashboard, listed, queries, (), ())
        return DashboardReading(
            dashboard,
            listed,
            queries,
            tuple(self._dead_values(dashboard, listed, values)),
            tuple(self._dead_annotations(dashboard, values)),
        )

    def _read_query(
        self, panel: Panel, query: PanelQuery, values: Mapping[str, str]
    ) -> QueryReading:
        expression = self._expression(panel, query, values)
        parsed = self._prometheus.parse(expression)
        answer = self._prometheus.evaluate(expression, self._window[1])
        tree = parsed.tree
        empty = () if tree is None else tuple(self._empty(list(selectors(tree))))
        parts = () if tree is None else read_parts(tree, self._prometheus, self._window)
        refused = answer.refused or parsed.refused
        return QueryReading(panel, query, expression, answer.samples, empty, parts, refused)

    def _empty(self, found: Sequence[Selector]) -> Iterator[str]:
        """Yield the selectors that select nothing.

        One that excludes something, such as an alert that always fires, may select nothing else.
        """
        for each in dict.fromkeys(found):
            wanted = tuple(m for m in each.matchers if not m.operator.startswith("!"))
            if not self._prometheus.evaluate(Selector(each.metric, wanted), self._window[1]).found:
                yield write(replace(each, window=0))

    def _dead_values(
        self,
        dashboard: Dashboard,
        variables: Sequence[ListedVariable],
        chosen: Mapping[str, str],
    ) -> Iterator[str]:
        """Yield the values with which a panel that uses their variable shows nothing."""
        for listed in variables:
            name = listed.variable.name
            for value in listed.current:
                values = {**chosen, name: listed.chosen([value])}
                for panel in dashboard.panels:
                    own = [each for each in panel.queries if name in called(each.expression)]
                    expressions = [self._expression(panel, each, values) for each in own]
                    if own and not any(
                        self._prometheus.evaluate(each, self._window[1]).samples
                        for each in expressions
                    ):
                        yield f"{panel} shows nothing for {name} {value}"

    def _dead_annotations(self, dashboard: Dashboard, values: Mapping[str, str]) -> Iterator[str]:
        """Yield the annotations that can mark nothing, whatever happens."""
        for each in dashboard.annotations:
            name = f"the annotation {each.name} of {dashboard.title}"
            parsed = self._prometheus.parse(interpolate(each.expression, values))
            if parsed.tree is None:
                yield f"{name} is refused: {parsed.refused}"
                continue
            for selector in self._empty(list(selectors(parsed.tree))):
                yield f"{name} selects nothing with {selector}"

    def _expression(self, panel: Panel, query: PanelQuery, values: Mapping[str, str]) -> str:
        uid = interpolate(query.source, values)
        source = next((each for each in self._sources if each.uid == uid), None)
        if source is None:
            return query.expression
        seconds = self._window[1] - self._window[0]
        return interpolate(query.expression, {**built_in(panel, seconds, source), **values})
