from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from acceptance.domains.observability.dashboards.counts import (
    CountingPart,
    Event,
    events_of,
    faults_of_counts,
    read_parts,
)
from acceptance.domains.observability.drivers.prometheus import Sample
from acceptance.domains.observability.drivers.promql import Selector, read_tree, selectors
from tests.domains.observability.dashboards.boards import Answers, sample
from tests.fakes.promql import binary, call, number, rate, series, total

PAY, LIST = "POST /pay", "GET /list"
REQUESTS = {f"{PAY} 200": 7, f"{PAY} 409": 5, f"{PAY} 500": 4, "GET /one 200": 3}
EVENTS = events_of(
    REQUESTS,
    {"paid": 7},
    {"wrong-amount": 5},
    {f"{LIST} 200": 20.0},
    ("backend", "ingress", "database"),
)
BACKEND = {"job": "backend"}
SAMPLES = (
    sample(30, status="200"),
    sample(5, status="409"),
    sample(4, status="500"),
)


def part(found: dict[str, Any], *samples: Sample, refused: str = "") -> CountingPart:
    """A part of a query, and what it has counted."""
    tree = read_tree(found)
    return CountingPart("the query", next(selectors(tree)), samples, refused)


def faults(parts: Sequence[CountingPart], *kinds: str) -> list[str]:
    """What is wrong with what was counted."""
    return faults_of_counts(parts, kinds, EVENTS)


def test_exact_counts_pass() -> None:
    """Requests of probes are counted too, by the same backend and by others."""
    by_status = total(rate("requests_total", **BACKEND), "status")
    assert faults([part(by_status, *SAMPLES)], "requests") == []
    pods = [sample(20, pod="a"), sample(19, pod="b")]
    assert faults([part(by_status, *pods)], "requests") == []
    only = rate("requests_total", route__re="/pay|/one", **BACKEND)
    assert faults([part(only, sample(19))], "requests") == []


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ((*SAMPLES[:2], sample(3, status="500")), "500: 4 requests, and it counted 3"),
        (SAMPLES[:2], "500: 4 requests, and it counted 0"),
        ((*SAMPLES, sample(1, status="502")), "502: 0 requests, and it counted 1"),
        (
            tuple(sample(2 * e.value, **dict(e.labels)) for e in SAMPLES),
            "409: 5 requests, and .* 10",
        ),
        ((sample(0),), "in all: 39 requests, and it counted 0"),
        ((), "in all: 39 requests, and it counted 0"),
    ],
)
def test_every_other_count_is_named(samples: tuple[Sample, ...], said: str) -> None:
    """One too few, none, one that nobody sent, twice as many, and nothing at all."""
    by_status = part(total(rate("requests_total", **BACKEND), "status"), *samples)
    with pytest.raises(AssertionError, match=said):
        raise AssertionError("; ".join(faults([by_status], "requests")))


def test_a_query_that_leaves_something_out_is_named() -> None:
    """Also where what it counts is right: visitors sent more than that."""
    found = rate("requests_total", status__nre="4..", **BACKEND)
    (said,) = faults([part(total(found, "status"), SAMPLES[0], SAMPLES[2])], "requests")
    assert said == "requests_total leaves out POST /pay 409 of the requests"


def test_each_kind_is_counted_by_a_part() -> None:
    """A ratio has both; a query that was copied counts one twice and the other never."""
    whole = part(total(rate("requests_total", **BACKEND)), sample(39))
    failed = part(total(rate("requests_total", status__re="5..", **BACKEND)), sample(4))
    both = ("requests", "failed requests")
    assert faults([failed, whole, whole], *both) == []
    assert faults([whole, whole], *both) == ["no query of it counts failed requests"]
    assert faults([], "requests") == ["it counts nothing: no query has the rate of a counter"]


@pytest.mark.parametrize(("counted", "fault"), [(10, False), (99, False), (9, True)])
def test_through_the_ingress_others_come_too(counted: float, *, fault: bool) -> None:
    """Pages that are served may be more than visitors asked for, and never fewer."""
    found = total(rate("traefik_requests_total", job="ingress"), "code")
    samples = [
        sample(counted, code="200"),
        sample(5, code="409"),
        sample(4, code="500"),
    ]
    assert bool(faults([part(found, *samples)], "requests")) is fault


def test_the_database_does_more_than_it_is_asked_for() -> None:
    """But not less; and a refused query or another job counts nothing."""
    rows = rate("rows_total", job="database")
    assert faults([part(rows, sample(8))], "added rows") == []
    assert "at least 7 added rows" in faults([part(rows, sample(6))], "added rows")[0]
    assert "is refused" in faults([part(rows, refused="no")], "added rows")[0]
    other = rate("rows_total", job="staging")
    assert "of the job staging does not count" in faults([part(other)], "added rows")[0]


def test_business_is_counted_by_reason() -> None:
    """A refusal that nobody met is not to be counted."""
    found = total(rate("failed_total", **BACKEND), "reason")
    right = [sample(5, reason="wrong-amount"), sample(0, reason="not-open")]
    assert faults([part(found, *right)], "refused changes") == []
    wrong = [sample(5, reason="wrong-amount"), sample(1, reason="not-open")]
    assert "not-open: 0" in faults([part(found, *wrong)], "refused changes")[0]


def test_parts_are_what_counts_with_one_selector() -> None:
    """A ratio has two, a quantile is counted by its last bucket, and a gauge has none."""
    quantile = call(
        "histogram_quantile", number("0.9"), total(rate("seconds_bucket", **BACKEND), "le")
    )
    ratio = binary(
        binary(total(rate("a_total")), "or", call("vector", number("0"))),
        "/",
        total(rate("b_total")),
    )
    client = Answers({})
    window = (10.0, 20.0)
    found = read_parts(read_tree(ratio), client.queries(), window)
    assert [each.selector.metric for each in found] == ["a_total", "b_total"]
    assert all("rate" not in each.query for each in found)
    assert read_parts(read_tree(series("up")), client.queries(), window) == ()
    (empty,) = read_parts(read_tree(quantile), client.queries(), window)
    client.samples[empty.query] = [sample(3, le="0.1"), sample(9, le="+Inf")]
    (counted,) = read_parts(read_tree(quantile), client.queries(), window)
    assert [each.value for each in counted.samples] == [9]


def test_events_say_which_labels_they_have() -> None:
    """A selector decides by those labels only."""
    event = Event("requests", "backend", (("status", "200"),), 1, 1)
    (wanted,) = selectors(read_tree(series("a", status__re="2..", pod="x")))
    assert event.selected(wanted)
    assert event.selected(Selector("a"))
    assert event.under(["route"]) == ()
