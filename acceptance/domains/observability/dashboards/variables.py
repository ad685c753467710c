"""Replaces variables in the queries of a dashboard, as Grafana does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers.prometheus import seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.domains.observability.drivers.dashboard_files import (
        DataSource,
        Panel,
        Variable,
    )
    from acceptance.domains.observability.drivers.prometheus_queries import PrometheusQueries

_PLACE = re.compile(r"\$(\w+)|\$\{(\w+)(?::\w+)?\}|\[\[(\w+)\]\]")
_SPECIAL = re.compile(r"([$^*{}\[\]'+?.()|])")
_VALUES = re.compile(r"label_values\(\s*(?:(?P<selector>.+)\s*,)?\s*(?P<label>\w+)\s*\)", re.DOTALL)
_RATE_SCRAPES = 4
"""A rate is over four scrapes at least, so that one that is late leaves no gap."""
_SCRAPE_SECONDS = 15.0
"""Where a data source does not say how often it scrapes, as Grafana takes it."""
_PIXELS = 50
"""About the width of one of the 24 columns; a panel asks for no more points than it has pixels."""


@dataclass(frozen=True)
class ListedVariable:
    """A variable and the values that it offers; `refused` says why they are not known."""

    variable: Variable
    values: tuple[str, ...]
    refused: str
    current: tuple[str, ...] = ()
    """Of the values of a query, those of series that are there now and have two samples."""

    @property
    def text(self) -> str:
        """What stands in a query for the values that are chosen at first."""
        if self.variable.everything:
            return self.variable.all_value or self.chosen(self.values)
        return self.chosen(self.values[:1])

    def chosen(self, values: Sequence[str]) -> str:
        """Return what stands in a query for some values: a pattern, if they may be many."""
        if not self.variable.multiple:
            return values[0] if values else ""
        escaped = [_SPECIAL.sub(r"\\\\\1", each.replace("\\", r"\\\\")) for each in values]
        return f"({'|'.join(escaped)})" if len(escaped) > 1 else "".join(escaped)


def list_values(
    variable: Variable,
    sources: Sequence[DataSource],
    prometheus: PrometheusQueries,
    window: tuple[float, float],
) -> ListedVariable:
    """Return what a variable offers, in the window of time from one Unix time to another."""
    kind, query = variable.kind, variable.query
    if kind == "datasource":
        own = sorted(sources, key=lambda each: not each.default)
        return ListedVariable(variable, tuple(e.uid for e in own if e.kind == query), "")
    if kind in {"custom", "interval", "constant", "textbox"}:
        values = tuple(each.strip() for each in query.split(",") if each.strip())
        return ListedVariable(variable, values, "")
    found = _VALUES.fullmatch(query.strip())
    if kind != "query" or found is None:
        return ListedVariable(variable, (), f"it is of a kind that is not judged here: {query}")
    label, selector = found["label"], (found["selector"] or "").strip()
    answer = prometheus.label_values(label, selector, *window)
    # What has gone is listed for some time, and what is new has no rate until its second sample.
    scrape = max((seconds_of(each.interval) for each in sources), default=0.0) or _SCRAPE_SECONDS
    series = selector or f'{{{label}!=""}}'
    twice = f"count_over_time({series}[{_RATE_SCRAPES * scrape:.0f}s]) >= 2"
    samples = prometheus.evaluate(f"{series} and {twice}", window[1]).samples
    current = {each.label(label) for each in samples}
    return ListedVariable(variable, answer.values, answer.refused, tuple(sorted(current)))


def built_in(panel: Panel, seconds: float, source: DataSource) -> dict[str, str]:
    """Return Grafana's own variables for a panel that shows so many `seconds` of a data source."""
    scrape = seconds_of(source.interval)
    interval = max(scrape, seconds / (_PIXELS * panel.place[2]))
    rate = max(interval + scrape, _RATE_SCRAPES * scrape)
    return {
        "__interval": f"{interval:.0f}s",
        "__interval_ms": f"{interval * 1000:.0f}",
        "__rate_interval": f"{rate:.0f}s",
        "__range": f"{seconds:.0f}s",
        "__range_s": f"{seconds:.0f}",
        "__range_ms": f"{seconds * 1000:.0f}",
    }


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its variables replaced; one that is unknown stays as it is."""

    def value(found: re.Match[str]) -> str:
        return values.get(next(filter(None, found.groups())), found[0])

    return _PLACE.sub(value, text)


def called(text: str) -> frozenset[str]:
    """Return the names of the variables that a text has."""
    return frozenset(next(filter(None, each.groups())) for each in _PLACE.finditer(text))
