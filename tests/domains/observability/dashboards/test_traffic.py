from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from acceptance.domains.observability import (
    DashboardReviewer,
    DashboardsAfterTraffic,
    PanelRow,
    read_panel_rows,
)
from acceptance.domains.observability.dashboards.counts import events_of
from acceptance.domains.observability.dashboards.reader import DashboardReader
from acceptance.domains.observability.drivers.dashboard_files import read_dashboard
from acceptance.domains.observability.drivers.prometheus import Sample
from acceptance.domains.observability.drivers.promql import increased, read_tree, write
from tests.domains.observability.dashboards.boards import (
    PODS_NOW,
    SOURCE,
    Answers,
    board,
    panel,
    sample,
)
from tests.domains.observability.dashboards.test_panels import ASKED, SELECTED, TREE
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

WINDOW = (940.0, 1000.0)
COUNTING = (PanelRow("Overview", "Requests", "requests"),)
RISEN = write(increased(read_tree(TREE), *WINDOW))
NOW = [sample(0.2, status="200"), sample(0.1, status="500")]


@pytest.fixture
def actor() -> DashboardReviewer:
    """Somebody who asks nobody here."""
    return DashboardReviewer(context_of(SYSTEM))


def after(
    counted: Sequence[Sample] = (sample(9, status="200"), sample(4, status="500")),
    shown: Sequence[Sample] = NOW,
) -> DashboardsAfterTraffic:
    """What was counted of nine payments, four of which failed, and what is shown of it."""
    pods = [sample(1, pod="backend-1")]
    known = {ASKED: shown, SELECTED: [sample(99)], RISEN: counted, PODS_NOW: pods}
    client = Answers(known, {ASKED: TREE}, ("backend-1",))
    found = read_dashboard(board(panel(), panel(title="Other", description="Another panel.")))
    assert found
    requests = {"POST /pay 200": 9, "POST /pay 500": 4}
    events = events_of(requests, {"paid": 9}, {}, {}, ("backend", "ingress", "database"))
    reader = DashboardReader(client.queries(), [SOURCE], WINDOW)
    return DashboardsAfterTraffic(events, (reader.read(found),), WINDOW)


def test_what_is_counted_and_shown_passes(actor: DashboardReviewer) -> None:
    """Every check of the scenario."""
    found = after()
    actor.assert_variables(found)
    actor.assert_answers(found)
    actor.assert_counted(found, COUNTING)
    actor.assert_nothing_else_zero(found, COUNTING, ())


def test_a_panel_that_does_not_follow_its_traffic_is_named(actor: DashboardReviewer) -> None:
    """One request too few, no rise at all, and a panel that is not there."""
    few = after((sample(9, status="200"), sample(3, status="500")))
    with pytest.raises(AssertionError, match=r"Overview, Requests: 500: 4 requests, .* counted 3"):
        actor.assert_counted(few, COUNTING)
    with pytest.raises(AssertionError, match="in all: 13 requests, and it counted 0"):
        actor.assert_counted(after(()), COUNTING)
    with pytest.raises(AssertionError, match="there is no panel Gone in Overview"):
        actor.assert_counted(after(), [PanelRow("Overview", "Gone", "requests")])
    with pytest.raises(AssertionError, match="No panel is said to count"):
        actor.assert_counted(after(), [])
    with pytest.raises(AssertionError, match="does not count refunds"):
        actor.assert_counted(after(), [replace(COUNTING[0], says="refunds")])


def test_a_panel_that_shows_zero_is_named(actor: DashboardReviewer) -> None:
    """Unless a table says that it may; and a table that names no panel is a mistake."""
    found = after(shown=[sample(0, status="200")])
    other = PanelRow("Overview", "Other", "nobody does it")
    with pytest.raises(AssertionError, match="Overview, Other, query A shows zero only"):
        actor.assert_nothing_else_zero(found, COUNTING, ())
    with pytest.raises(AssertionError, match="Every panel may show zero"):
        actor.assert_nothing_else_zero(found, COUNTING, [other])
    with pytest.raises(AssertionError, match="there is no panel Gone"):
        actor.assert_nothing_else_zero(found, COUNTING, [replace(other, panel="Gone")])


def test_without_dashboards_nothing_is_shown(actor: DashboardReviewer) -> None:
    """What was not read is not right."""
    nothing = replace(after(), readings=())
    with pytest.raises(AssertionError, match="No dashboard was read"):
        actor.assert_variables(nothing)
    with pytest.raises(AssertionError, match="No panel has a query"):
        actor.assert_answers(nothing)


def test_faults_of_answers_and_variables_are_told(actor: DashboardReviewer) -> None:
    """By the panel or the variable that has them."""
    found = after(shown=())
    with pytest.raises(AssertionError, match="Overview, Requests, query A has no data"):
        actor.assert_answers(found)
    empty = replace(found.readings[0], dead_values=("Overview, Requests shows nothing for x y",))
    with pytest.raises(AssertionError, match="shows nothing for x y"):
        actor.assert_variables(replace(found, readings=(empty,)))
    mark = replace(after().readings[0], dead_annotations=("the annotation x is refused",))
    with pytest.raises(AssertionError, match="the annotation x is refused"):
        actor.assert_answers(replace(after(), readings=(mark,)))


def test_rows_of_the_feature_inherit_their_dashboard() -> None:
    """An empty cell is that of the row above, and kinds are apart by commas."""
    table = [["dashboard", "panel", "counts"], ["A", "b", "c, d"], ["", "e", "f"]]
    first, second = read_panel_rows(table)
    assert first.kinds == ("c", "d")
    assert second.name == ("A", "e")
