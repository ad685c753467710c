from __future__ import annotations

from typing import Any, cast

import pytest

from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
from acceptance.domains.observability.drivers.prometheus_queries import PrometheusQueries
from acceptance.domains.observability.drivers.promql import Literal, Selector
from tests.fakes.monitored_cluster import MonitoredCluster
from tests.fakes.promql import series

ENDPOINT = MonitoringEndpoint("prometheus", "monitoring/prometheus", "/p")


def client(path: str = "", data: object = None) -> PrometheusQueries:
    """A Prometheus that answers one path with these data."""
    answers = {f"/p/api/v1/{path}": {"status": "success", "data": data}} if path else {}
    return PrometheusQueries(cast("Any", MonitoredCluster([], answers)), ENDPOINT)


def test_numbers_and_vectors_are_samples() -> None:
    """A number has no labels."""
    vector = [{"metric": {"b": "2", "a": "1"}, "value": [1, "3.5"]}]
    (found,) = client("query", {"resultType": "vector", "result": vector}).evaluate("up", 1).samples
    assert (found.label("a"), found.value) == ("1", 3.5)
    scalar = client("query", {"resultType": "scalar", "result": [1, "7"]})
    assert scalar.evaluate(Literal("7"), 1).samples[0].value == 7
    assert scalar.now() == 7


def test_what_is_refused_is_not_empty() -> None:
    """A Prometheus that does not answer is said to be that, for each question."""
    nobody = client()
    answer = nobody.evaluate(Selector("up"), 1)
    assert answer.query == "up"
    assert answer.found
    assert "503" in answer.refused
    assert "503" in nobody.parse("up").refused
    assert "503" in nobody.label_values("pod", "up", 1, 2).refused
    assert nobody.evaluate_range("up", 1, 2, 1) == ()
    assert nobody.help_texts() == {}
    assert nobody.now() == 0
    assert not client("query", {"resultType": "vector", "result": []}).evaluate("up", 1).found


def test_syntax_is_read() -> None:
    """What is not known is refused with its name."""
    assert client("parse_query", series("up")).parse("up").tree == Selector("up")
    assert "lambda" in client("parse_query", {"type": "lambda"}).parse("up").refused


def test_lines_have_numbers_only() -> None:
    """A point that is none leaves a gap."""
    values = [[1, "1"], [2, "NaN"], [3, "+Inf"], [4, "4"]]
    found = client("query_range", {"result": [{"metric": {"a": "b"}, "values": values}]})
    (line,) = found.evaluate_range("up", 1, 4, 1)
    assert line.points == ((1.0, 1.0), (4.0, 4.0))


@pytest.mark.parametrize("selector", ["", "up"])
def test_values_of_labels(selector: str) -> None:
    """With and without a selector."""
    found = client("label/pod/values", ["a", "b"]).label_values("pod", selector, 1, 2)
    assert found.values == ("a", "b")


def test_help_is_the_first_of_each_metric() -> None:
    """Two programs may have a metric of the same name."""
    data = {"up": [{"help": "One."}, {"help": "Other."}], "none": []}
    assert client("metadata", data).help_texts() == {"up": "One."}
