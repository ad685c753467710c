from __future__ import annotations

from dataclasses import replace

import pytest

from acceptance.domains.observability.traces import trace_rules
from tests.domains.observability.traces.samples import CALLS, FACTS, span, trace, whole


def test_a_whole_trace_has_no_fault() -> None:
    """Every rule holds for what a sound system records."""
    found = trace(whole())
    assert [each.id for each in trace_rules.roots(found)] == ["root"]
    assert trace_rules.orphans(found) == []
    assert trace_rules.outside_parent(found) == []
    assert trace_rules.too_long_together(found) == []
    assert [trace_rules.missing_link(found, each) for each in FACTS.contexts] == [None] * len(CALLS)


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("pay", "POST /pay: there is no span of the browser"),
        ("pay-in", "POST /pay: there is no span of the ingress"),
        ("pay-out", "POST /pay: there is no span of the ingress towards a pod"),
        ("pay-served", "POST /pay: there is no span of the backend"),
        ("pay-sql", "POST /pay: there is no span of the database"),
    ],
)
def test_the_first_missing_span_of_a_call_is_named(lost: str, said: str) -> None:
    """And the other calls are not blamed."""
    found = trace([each for each in whole() if each.id != lost])
    faults = [trace_rules.missing_link(found, each) for each in FACTS.contexts]
    assert faults == [None, None, None, said]


def test_a_span_beside_the_way_counts_for_nothing() -> None:
    """A statement that belongs to another call does not stand in for a missing one."""
    spans = [each for each in whole() if each.id != "pay-sql"]
    other = next(each for each in whole() if each.id == "create-sql")
    found = trace([*spans, replace(other, id="more")])
    assert trace_rules.missing_link(found, FACTS.contexts[-1]) is not None
    lone = [replace(each, parent="") if each.id == "pay" else each for each in whole()]
    fault = trace_rules.missing_link(trace(lone), FACTS.contexts[-1])
    assert fault == "POST /pay: its span is not below the visitor's checkout"


def test_an_orphan_is_named() -> None:
    """It is a span whose parent never arrived."""
    found = trace([each for each in whole() if each.id != "pay-in"])
    assert trace_rules.orphans(found) == [
        "ingress: pay-out is an orphan: its parent pay-in is not in the trace"
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": 979_000}, ["checkout-backend: late begins 21 ms before checkout-backend: own"]),
        ({"start": 1_021_000}, ["checkout-backend: late ends 21 ms after checkout-backend: own"]),
        ({"start": 981_000}, []),
        ({"start": 1_019_000}, []),
    ],
)
def test_a_span_lies_within_its_parent(change: dict[str, int], said: list[str]) -> None:
    """Within what two clocks may differ."""
    own = span("own", "", "checkout-backend", "server")
    late = span("late", "own", "checkout-backend", "client", **change)
    assert trace_rules.outside_parent(trace([own, late])) == said


@pytest.mark.parametrize(("late", "faults"), [(250_000, 0), (251_000, 1)])
def test_a_server_may_end_after_its_caller(late: int, faults: int) -> None:
    """It logs and counts a request whose answer has arrived, but not for long."""
    caller = span("caller", "", "ingress", "client")
    server = span("server", "caller", "checkout-backend", "server", duration=1_000_000 + late)
    assert len(trace_rules.outside_parent(trace([caller, server]))) == faults


def test_calls_take_no_longer_than_their_request() -> None:
    """They come one after another, so their durations add up to less than its own."""
    own = span("own", "", "checkout-backend", "server")
    calls = [span(f"{n}", "own", "checkout-backend", "client", duration=600_000) for n in (1, 2)]
    assert trace_rules.too_long_together(trace([own, *calls])) == [
        "checkout-backend: own takes 1000 ms, and its calls 1200 ms"
    ]
