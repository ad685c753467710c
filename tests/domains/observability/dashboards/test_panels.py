from __future__ import annotations

import math
from typing import Any

import pytest

from acceptance.domains.observability.dashboards.panels import (
    fault_of_unit,
    faults_of_answer,
    faults_of_panel,
    faults_of_variables,
    zeros,
)
from acceptance.domains.observability.dashboards.reader import DashboardReader, QueryReading
from acceptance.domains.observability.drivers.dashboard_files import Dashboard, read_dashboard
from acceptance.domains.observability.drivers.promql import read_tree
from tests.domains.observability.dashboards.boards import (
    PODS_NOW,
    SOURCE,
    Answers,
    board,
    panel,
    sample,
    steps,
)
from tests.fakes.promql import binary, call, number, rate, series, total

ASKED = 'sum by (status) (rate(requests_total{job="backend"}[60s]))'
SELECTED = 'requests_total{job="backend"}'
TREE = total(rate("requests_total", job="backend"), "status")


def read(**changes: Any) -> Dashboard:  # noqa: ANN401
    """The dashboard with a changed panel."""
    found = read_dashboard(board(panel(**changes)))
    assert found
    return found


def thresholds(*ends: float | None, style: str = "line") -> dict[str, Any]:
    """The settings of a panel with these thresholds."""
    custom = {"thresholdsStyle": {"mode": style}}
    return {"defaults": {"unit": "reqps", "thresholds": {"steps": steps(*ends)}, "custom": custom}}


def answers(**samples: Any) -> Answers:  # noqa: ANN401
    """A Prometheus that knows the query of the panel, with other samples if they are given."""
    known = {ASKED: [sample(1, status="200")], SELECTED: [sample(9, status="200")]}
    return Answers(known | samples, {ASKED: TREE})


def reading(client: Answers, dashboard: Dashboard | None = None) -> QueryReading:
    """What the only query of a dashboard gives."""
    reader = DashboardReader(client.queries(), [SOURCE], (700.0, 1000.0))
    return reader.read(dashboard or read()).queries[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "has no title"),
        ({"description": "Requests"}, "has no description"),
        ({"targets": []}, "has no query"),
        ({"fieldConfig": {}}, "has no thresholds"),
        ({"fieldConfig": thresholds(None)}, "has no thresholds"),
        ({"fieldConfig": thresholds(1, 2, 3)}, "has no thresholds"),
        ({"fieldConfig": thresholds(None, 5, 5)}, "that do not rise: 5, 5"),
        ({"fieldConfig": thresholds(None, 80)}, "which nobody chose"),
        ({"fieldConfig": thresholds(None, 5, 80, style="off")}, "does not show its thresholds"),
    ],
)
def test_what_a_panel_does_not_tell(changes: dict[str, Any], said: str) -> None:
    """Each fault is said by itself."""
    (fault,) = faults_of_panel(read(**changes).panels[0])
    assert fault.startswith("Overview, ")
    assert said in fault


def test_a_whole_panel_has_no_fault() -> None:
    """Two thresholds are as good as three."""
    assert not list(faults_of_panel(read().panels[0]))
    assert not list(faults_of_panel(read(fieldConfig=thresholds(None, 5)).panels[0]))


def test_a_unit_has_to_be_that_of_the_query() -> None:
    """One that is not known is said to be that."""
    found = read().panels[0]
    assert fault_of_unit(found, "A", read_tree(TREE), {}) is None
    seconds = fault_of_unit(found, "A", read_tree(series("a_seconds")), {})
    assert (
        seconds
        == "Overview, Requests has the unit reqps, and its query A gives seconds (s or dtdurations)"
    )
    scaled = fault_of_unit(found, "A", read_tree(binary(number("9"), "*", series("a"))), {})
    assert scaled
    assert "is not known" in scaled


def test_an_exception_for_one_series_has_to_have_the_unit_too() -> None:
    """One line of three in milliseconds is wrong as well."""
    settings = thresholds(None, 10, 50)
    settings["overrides"] = [{"properties": [{"id": "unit", "value": "ms"}, {"id": "color"}]}]
    found = fault_of_unit(read(fieldConfig=settings).panels[0], "A", read_tree(TREE), {})
    assert found
    assert "has the unit ms" in found


def test_a_query_with_data_has_no_fault() -> None:
    """Its variables are replaced before it is asked."""
    client = answers()
    assert not list(faults_of_answer(reading(client)))
    assert ASKED in client.asked


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ({SELECTED: []}, r"selects nothing with requests_total\{job=.backend.\}"),
        ({ASKED: []}, "has no data"),
        ({ASKED: [sample(math.nan, status="200")]}, "gives no number"),
        ({ASKED: [sample(1)]}, "names its series by status, which they do not have"),
    ],
)
def test_what_a_query_does_not_give(samples: dict[str, Any], said: str) -> None:
    """Each fault is said by itself."""
    with pytest.raises(AssertionError, match=f"^Overview, Requests, query A {said}"):
        raise AssertionError("; ".join(faults_of_answer(reading(answers(**samples)))))


def test_a_query_that_is_refused_has_one_fault() -> None:
    """What Prometheus does not understand has no data either."""
    (fault,) = faults_of_answer(reading(Answers({}, {})))
    assert fault == "Overview, Requests, query A is refused: parse error"


def test_zero_in_place_of_nothing_is_seen() -> None:
    """An operand that selects nothing is a fault, whatever stands in its place."""
    text = 'sum(rate(errors_total{job="backend"}[60s])) or vector(0)'
    tree = binary(total(rate("errors_total", job="backend")), "or", call("vector", number("0")))
    target = {"refId": "A", "expr": text, "legendFormat": "errors"}
    client = Answers({text: [sample(0)]}, {text: tree})
    (fault,) = faults_of_answer(reading(client, read(targets=[target])))
    assert 'selects nothing with errors_total{job="backend"}' in fault


def test_what_excludes_something_may_select_nothing_else() -> None:
    """An alert that always fires is left out, and no other fires."""
    text = 'count(ALERTS{alertname!="Always"}) or vector(0)'
    tree = binary(total(series("ALERTS", alertname__not="Always")), "or", number("0"))
    target = {"refId": "A", "expr": text, "legendFormat": "firing"}
    client = Answers({text: [sample(0)], "ALERTS": [sample(1)]}, {text: tree})
    assert not list(faults_of_answer(reading(client, read(targets=[target]))))


@pytest.mark.parametrize(
    ("values", "said"), [((), "pod of Overview lists nothing"), (("?",), "is not known: no such")]
)
def test_variables_have_to_list_something(values: tuple[str, ...], said: str) -> None:
    """A list that is refused is no empty one."""
    client = answers()
    client.values = values
    reader = DashboardReader(client.queries(), [SOURCE], (700.0, 1000.0))
    faults = list(faults_of_variables(reader.read(read())))
    assert any(said in each for each in faults)


def test_each_value_has_to_lead_to_data() -> None:
    """A pod that has no requests is seen; one that is gone needs none."""
    text = 'sum by (status) (rate(requests_total{pod=~"$pod"}[60s]))'
    found = read(targets=[{"refId": "A", "expr": text, "legendFormat": "{{status}}"}])
    pods = [sample(1, pod="a"), sample(0, pod="b")]
    known = {text.replace("$pod", "a"): [sample(1)], PODS_NOW: pods}
    client = Answers(known, values=("a", "b", "gone"))
    reader = DashboardReader(client.queries(), [SOURCE], (700.0, 1000.0))
    faults = list(faults_of_variables(reader.read(found)))
    assert faults == ["Overview, Requests shows nothing for pod b"]
    reader = DashboardReader(Answers(known | {PODS_NOW: []}).queries(), [SOURCE], (700.0, 1000.0))
    (gone,) = faults_of_variables(reader.read(found))
    assert gone == "the variable pod of Overview lists only what is not there any more"


def test_zeros_are_named() -> None:
    """One series above zero is enough; none at all is another fault."""
    both = answers(**{ASKED: [sample(0, status="500"), sample(1, status="200")]})
    assert zeros([reading(both)]) == []
    none = answers(**{ASKED: [sample(0, status="500")]})
    assert zeros([reading(none)]) == ["Overview, Requests, query A shows zero only"]
    assert zeros([reading(answers(**{ASKED: []}))]) == []


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, ["the annotation Alerts of Overview is refused: parse error"]),
        ({"ALERTS": []}, ['the annotation Alerts of Overview selects nothing with ALERTS{a!="b"}']),
        ({"ALERTS": [sample(1)]}, []),
    ],
)
def test_annotations_have_to_be_able_to_mark_something(
    known: dict[str, Any], said: list[str]
) -> None:
    """What they leave out may be all that there is."""
    text = 'ALERTS{a!="b"}'
    source = {"type": "prometheus", "uid": "${source}"}
    mark = {"name": "Alerts", "enable": True, "expr": text, "datasource": source}
    found = read_dashboard(board(annotations={"list": [mark, {"name": "Built in"}]}))
    assert found
    client = Answers(known, {text: series("ALERTS", a__not="b")} if known else {})
    reader = DashboardReader(client.queries(), [SOURCE], (700.0, 1000.0))
    assert list(reader.read(found).dead_annotations) == said
