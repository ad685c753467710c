"""Says what a panel lacks that people need to understand it, and what its queries do not give."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from acceptance.domains.observability.dashboards.units import (
    MOMENT,
    SHOWN_AS,
    UNKNOWN,
    unit_of,
)
from acceptance.domains.observability.drivers.promql import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acceptance.domains.observability.dashboards.reader import (
        DashboardReading,
        QueryReading,
    )
    from acceptance.domains.observability.drivers.dashboard_files import Panel
    from acceptance.domains.observability.drivers.promql import Tree

_WORDS = 5
"""What a description has at least."""
_UNCHOSEN: tuple[float | None, ...] = (None, 80)
"""The thresholds that Grafana gives a new panel."""
_LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def faults_of_panel(panel: Panel) -> Iterator[str]:
    """Say what a panel does not tell about itself."""
    if not panel.title:
        yield f"{panel} has no title"
    if len(panel.description.split()) < _WORDS:
        yield f"{panel} has no description"
    if not panel.queries:
        yield f"{panel} has no query"
    ends = tuple(value for _, value in panel.steps)
    bounds = [value for value in ends[1:] if value is not None]
    if not bounds or ends[0] is not None:
        yield f"{panel} has no thresholds"
    elif bounds != sorted(set(bounds)) or len(bounds) != len(ends) - 1:
        yield f"{panel} has thresholds that do not rise: {', '.join(f'{b:g}' for b in bounds)}"
    elif ends == _UNCHOSEN:
        yield f"{panel} has the thresholds of a new panel, which nobody chose"
    elif not panel.shows_thresholds:
        yield f"{panel} does not show its thresholds"


def fault_of_unit(panel: Panel, name: str, tree: Tree, helps: Mapping[str, str]) -> str | None:
    """Say why a panel's unit is not that of one of its queries; None if it is."""
    unit = unit_of(tree, helps)
    if unit in {UNKNOWN, MOMENT}:
        return (
            f"{panel}, query {name}: the unit of {write(tree)} is {unit}, which no panel can show"
        )
    wrong = [each for each in (panel.unit, *panel.other_units) if each not in SHOWN_AS[unit]]
    if not wrong:
        return None
    return (
        f"{panel} has the unit {wrong[0] or '(none)'}, and its query {name} gives {unit} "
        f"({' or '.join(SHOWN_AS[unit])})"
    )


def faults_of_answer(reading: QueryReading) -> Iterator[str]:
    """Say why a query has no answer that people can see."""
    if reading.refused:
        yield f"{reading} is refused: {reading.refused}"
        return
    for each in reading.empty:
        yield f"{reading} selects nothing with {each}"
    if not reading.samples:
        yield f"{reading} has no data"
        return
    if all(math.isnan(each.value) for each in reading.samples):
        yield f"{reading} gives no number"
    for label in _LEGEND.findall(reading.query.legend):
        if not any(each.label(label) for each in reading.samples):
            yield f"{reading} names its series by {label}, which they do not have"


def faults_of_variables(reading: DashboardReading) -> Iterator[str]:
    """Say which variables of a dashboard list nothing, or list what leads to nothing."""
    for each in reading.variables:
        name = f"the variable {each.variable.name} of {reading.dashboard.title}"
        if each.refused:
            yield f"{name} is not known: {each.refused}"
        elif not each.values:
            yield f"{name} lists nothing"
        elif each.variable.kind == "query" and not each.current:
            yield f"{name} lists only what is not there any more"
    yield from reading.dead_values


def zeros(readings: Sequence[QueryReading]) -> list[str]:
    """Return the queries that show nothing but zero."""
    return [
        f"{each} shows zero only"
        for each in readings
        if each.samples and not any(s.value for s in each.samples if not math.isnan(s.value))
    ]
