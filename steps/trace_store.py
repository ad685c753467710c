"""Steps about whom Jaeger knows, and who knows Jaeger, of the domain observability."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, then, when

from acceptance.domains.observability import (
    DeceivedSenders,
    StrangerAttempt,
    TraceImpostorTester,
    TraceStoreTester,
)


@given("Jaeger records the spans of those whom it knows, and tells them to its reader")
def _(trace_store_tester: TraceStoreTester) -> None:
    trace_store_tester.require_known()


@when(
    "strangers ask Jaeger and send it spans, without a certificate and with a wrong one",
    target_fixture="stranger_attempts",
)
def _(trace_store_tester: TraceStoreTester) -> Sequence[StrangerAttempt]:
    return trace_store_tester.try_as_stranger()


@then("Jaeger answers none of them")
def _(trace_store_tester: TraceStoreTester, stranger_attempts: tuple[StrangerAttempt, ...]) -> None:
    trace_store_tester.assert_not_answered(stranger_attempts)


@then("it has recorded none of their spans")
def _(trace_store_tester: TraceStoreTester, stranger_attempts: tuple[StrangerAttempt, ...]) -> None:
    trace_store_tester.assert_not_recorded(stranger_attempts)


@then("it serves no request that is not encrypted")
def _(trace_store_tester: TraceStoreTester, stranger_attempts: tuple[StrangerAttempt, ...]) -> None:
    trace_store_tester.assert_silent_in_clear_text(stranger_attempts)


@given("an impostor of Jaeger that serves everybody who does not verify its certificate")
def _(trace_impostor_tester: TraceImpostorTester) -> None:
    trace_impostor_tester.start_impostor()


@when(
    "every backend pod and the ingress try the impostor in the place of Jaeger",
    target_fixture="deceived_senders",
)
def _(trace_impostor_tester: TraceImpostorTester) -> DeceivedSenders:
    return trace_impostor_tester.deceive()


@then("none of them has sent the impostor anything")
def _(trace_impostor_tester: TraceImpostorTester, deceived_senders: DeceivedSenders) -> None:
    trace_impostor_tester.assert_nothing_given(deceived_senders)
