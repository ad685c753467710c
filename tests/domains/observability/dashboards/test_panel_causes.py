from __future__ import annotations

import re

import pytest

from acceptance.domains.observability import PanelWatcher, WatchedPanel, read_panel_rows
from acceptance.project import ROOT
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

FEATURE = ROOT / "features" / "task_003_observability" / "acceptance_criteria.feature"


def panel(before: float | None, during: float | None) -> WatchedPanel:
    """A panel, and what it showed."""
    return WatchedPanel("Cluster", "Targets down", "a target is down", before, during)


@pytest.fixture
def watcher() -> PanelWatcher:
    """An actor, who asks nobody here."""
    return PanelWatcher(context_of(SYSTEM))


@pytest.mark.parametrize("found", [panel(0, 1), panel(None, 0.2), panel(1, 2)])
def test_a_panel_that_rises_passes(watcher: PanelWatcher, found: WatchedPanel) -> None:
    """From zero, from nothing, or from what it showed already."""
    watcher.assert_risen([found])


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (panel(0, 0), "Cluster, Targets down shows 0 although a target is down"),
        (panel(0, None), "shows nothing although"),
        (panel(2, 2), "shows 2 although"),
    ],
)
def test_a_panel_that_does_not_move_is_named(
    watcher: PanelWatcher, found: WatchedPanel, said: str
) -> None:
    """It shows nothing, zero, or what it showed before."""
    with pytest.raises(AssertionError, match=said):
        watcher.assert_risen([found])


def test_no_panel_proves_nothing(watcher: PanelWatcher) -> None:
    """An empty table has no fault."""
    with pytest.raises(AssertionError, match="No panel was watched"):
        watcher.assert_risen([])


def _table(after: str) -> set[tuple[str, str]]:
    """The dashboards and panels of the table that follows a step of the feature."""
    text = FEATURE.read_text().split(after)[1]
    table = re.match(r"\n((?: +\|.*\n)+)", text)
    assert table, f"{after} has no table"
    rows = [[c.strip() for c in line.strip()[1:-1].split("|")] for line in table[1].splitlines()]
    return {each.name for each in read_panel_rows(rows)}


def test_every_panel_that_may_show_zero_is_seen_to_rise() -> None:
    """The two tables of the feature have the same panels."""
    assert _table("And only these other panels may show zero") == _table(
        "When each of these things is wrong for a while"
    )
