from __future__ import annotations

import pytest

from acceptance.domains.observability.dashboards.variables import (
    ListedVariable,
    built_in,
    called,
    interpolate,
    list_values,
)
from acceptance.domains.observability.drivers.dashboard_files import (
    DataSource,
    Variable,
    read_dashboard,
)
from acceptance.domains.observability.drivers.prometheus import seconds_of
from tests.domains.observability.dashboards.boards import SOURCE, Answers, board


def variable(kind: str = "query", query: str = "", **changes: object) -> Variable:
    """A variable of which several values may be chosen."""
    values: dict[str, object] = {
        "name": "pod",
        "label": "Pod",
        "kind": kind,
        "query": query,
        "all_value": "",
        "everything": True,
        "multiple": True,
    }
    return Variable(**values | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (ListedVariable(variable(), ("a", "b"), ""), "(a|b)"),
        (ListedVariable(variable(), ("a.b",), ""), r"a\\.b"),
        (ListedVariable(variable(), ("/c/{id}", "x"), ""), r"(/c/\\{id\\}|x)"),
        (ListedVariable(variable(all_value=".*"), ("a", "b"), ""), ".*"),
        (ListedVariable(variable(everything=False), ("a", "b"), ""), "a"),
        (ListedVariable(variable(everything=False, multiple=False), ("a.b",), ""), "a.b"),
        (ListedVariable(variable(multiple=False, everything=False), (), ""), ""),
    ],
)
def test_values_are_written_as_grafana_does(found: ListedVariable, text: str) -> None:
    """Several values are a pattern, in which nothing of a value is special."""
    assert found.text == text


def test_queries_of_values_are_asked() -> None:
    """With their selector and within the window; all other kinds list what they have."""
    client = Answers({}, values=("backend-1", "backend-2"))
    found = list_values(
        variable(query='label_values(up{job="a", x=~"b,c"}, pod)'), [], client.queries(), (1, 2)
    )
    assert found.values == ("backend-1", "backend-2")
    list_values(variable(query="label_values(pod)"), [], client.queries(), (1, 2))
    selector = 'up{job="a", x=~"b,c"}'
    recent = f"{selector} and count_over_time({selector}[60s]) >= 2"
    anything = '{pod!=""} and count_over_time({pod!=""}[60s]) >= 2'
    assert client.asked == [
        f"pod of {selector} from 1 to 2",
        recent,
        "pod of  from 1 to 2",
        anything,
    ]
    custom = list_values(variable("custom", "5m, 1h"), [], client.queries(), (1, 2))
    assert custom.values == ("5m", "1h")
    refused = list_values(variable(query="query_result(up)"), [], client.queries(), (1, 2))
    assert "not judged here" in refused.refused
    other = DataSource("p2", "prometheus", "", "15s", default=False)
    sources = [other, SOURCE, DataSource("j", "jaeger", "", "15s", default=False)]
    listed = list_values(variable("datasource", "prometheus"), sources, client.queries(), (1, 2))
    assert listed.values == ("p1", "p2")


@pytest.mark.parametrize(
    ("seconds", "rate", "interval"), [(300, "60s", "15s"), (86400, "231s", "216s")]
)
def test_intervals_grow_with_the_window(seconds: float, rate: str, interval: str) -> None:
    """A rate is over four scrapes at least, and never shorter than a point of the panel."""
    found = read_dashboard(board())
    assert found
    values = built_in(found.panels[0], seconds, SOURCE)
    assert values["__rate_interval"] == rate
    assert values["__interval"] == interval
    assert values["__range"] == f"{seconds:.0f}s"


def test_variables_are_replaced_in_every_form() -> None:
    """A name that is not known stays, so that Prometheus refuses it."""
    text = "$pod ${pod} ${pod:regex} [[pod]] $pods $other"
    assert interpolate(text, {"pod": "x"}) == "x x x x $pods $other"
    assert called(text) == {"pod", "pods", "other"}


@pytest.mark.parametrize(("text", "seconds"), [("15s", 15), ("1m30s", 90), ("5ms", 0.005), ("", 0)])
def test_durations(text: str, seconds: float) -> None:
    """As Prometheus writes them."""
    assert seconds_of(text) == seconds
