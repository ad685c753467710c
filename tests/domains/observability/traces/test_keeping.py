import pytest

from acceptance.domains.observability.traces.keeping import (
    BroughtTrace,
    TraceKeepingTester,
    trace_ids,
)
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

ONE = "f" * 32


def test_ids_cover_every_first_digit_and_both_ends() -> None:
    """Whoever keeps ids below a limit loses the highest one."""
    ids = trace_ids()
    assert {each[0] for each in ids} == set("0123456789abcdef")
    assert {len(each) for each in ids} == {32} and len(set(ids)) == 18
    assert ids[0] == "0" * 31 + "1" and ids[-1] == ONE


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ((), "No visitor brought a trace"),
        ((BroughtTrace(ONE, "HTTP 500", ""),), "was not served: HTTP 500"),
        ((BroughtTrace(ONE, "", ""),), "goes on as none"),
        ((BroughtTrace(ONE, "", "a" * 32, ("checkout-backend",)),), "goes on as aaa"),
        ((BroughtTrace(ONE, "", ONE, ()),), "no span of checkout-backend, only of nobody"),
        ((BroughtTrace(ONE, "", ONE, ("ingress",)),), "only of ingress"),
    ],
)
def test_each_trace_has_to_be_kept(found: tuple[BroughtTrace, ...], reason: str) -> None:
    """One that begins anew, one without the backend and one that nobody knows are seen."""
    actor = TraceKeepingTester(context_of(SYSTEM))
    with pytest.raises(AssertionError, match=reason):
        actor.assert_all_kept(found)
    actor.assert_all_kept((BroughtTrace(ONE, "", ONE, ("checkout-backend", "ingress")),))
