from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.observability import StrangerAttempt, TraceStoreTester
from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
from acceptance.domains.observability.drivers.jaeger import Trace
from acceptance.domains.observability.drivers.trace_store_access import Identity
from acceptance.drivers.http import Reply
from tests.domains.observability.traces.samples import ENDPOINT, span
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Callable

READ = StrangerAttempt("nobody", "ask for traces", None, "GET / → SSLError: alert")
SENT = StrangerAttempt("nobody", "send a span", None, "POST / → SSLError: alert", "trace")
CLEAR = replace(SENT, status=400, said="POST / → HTTP 400", encrypted=False)
TRIED = (READ, SENT, CLEAR)
READER, SENDER, BROWSERS = Identity("the reader"), Identity("the sender"), Identity("browsers")


def stranger_tester() -> TraceStoreTester:
    """A tester that needs no cluster."""
    return TraceStoreTester(context_of(SYSTEM))


class Keeper(TraceStoreTester):
    """Asks a Jaeger that knows two senders and a reader, and takes what `lets_in` says."""

    def __init__(self, lets_in: Callable[[Identity, str, bool], bool]) -> None:
        """Know nobody else."""
        super().__init__(context_of(SYSTEM))
        self._lets_in = lets_in
        self.recorded: dict[str, str] = {}
        self.senders, self.browsers, self.reader = (SENDER,), BROWSERS, READER

    def _trace_store(self) -> Any:  # noqa: ANN401 (the fake is the way to itself)
        return self

    def _jaeger(self) -> Any:  # noqa: ANN401 (the fake is the store too)
        return self

    def ask(self, path: str, *, by: Identity, encrypted: bool = True) -> Reply:
        """Answer, or end the handshake."""
        return self._reply(path, by, "https", encrypted)

    def send_span(
        self, port: str, trace: str, service: str, *, by: Identity, encrypted: bool = True
    ) -> Reply:
        """Record a span, or end the handshake."""
        reply = self._reply(port, by, port, encrypted)
        if reply.succeeded:
            self.recorded[trace] = service
        return reply

    def trace(self, trace_id: str) -> Trace:
        """Return a trace of what was recorded."""
        service = self.recorded.get(trace_id)
        spans = (span("a", "", service, "internal"),) if service else ()
        return Trace(ENDPOINT, trace_id, spans, "")

    def _reply(self, what: str, by: Identity, port: str, encrypted: bool) -> Reply:
        if self._lets_in(by, port, encrypted):
            return Reply(200, (), "", 0.0, request=what)
        return Reply(None, (), "", 0.0, error="SSLError: alert", request=what)


def sound(by: Identity, port: str, encrypted: bool) -> bool:
    """Whether a sound Jaeger lets somebody in."""
    return encrypted and {"https": READER, "otlp": SENDER, "otlp-browser": BROWSERS}[port] == by


def judged(keeper: Keeper) -> None:
    """Pass all judgements."""
    keeper.require_known()
    tried = keeper.try_as_stranger()
    keeper.assert_not_answered(tried)
    keeper.assert_not_recorded(tried)
    keeper.assert_silent_in_clear_text(tried)


def test_a_jaeger_that_knows_its_own_only_passes() -> None:
    """Every port is tried by everybody who is known at another one."""
    keeper = Keeper(sound)
    judged(keeper)
    tried = {(each.who, each.what) for each in keeper.try_as_stranger()}
    assert ("the sender", "ask for traces") in tried
    assert ("the reader", "send a span") in tried
    assert ("the sender", "send a span of a browser") in tried


@pytest.mark.parametrize(
    ("port", "encrypted", "said"),
    [
        ("https", True, "nobody may ask for traces: .*the sender may ask for traces"),
        ("otlp", True, "nobody may send a span: .*the reader may send a span"),
        ("otlp-browser", True, "nobody may send a span of a browser"),
        ("https", False, "nobody may ask for traces in clear text"),
        ("otlp", False, "nobody has recorded 1 spans"),
    ],
)
def test_a_port_that_lets_everybody_in_is_named(port: str, encrypted: bool, said: str) -> None:
    """The other ports are closed."""
    keeper = Keeper(
        lambda by, at, secret: sound(by, at, secret) or (at == port and secret is encrypted)
    )
    with pytest.raises(AssertionError, match=said):
        judged(keeper)


def test_a_jaeger_that_refuses_its_own_is_named() -> None:
    """Then nobody could tell whether strangers are refused because they are strangers."""
    keeper = Keeper(lambda by, port, encrypted: by != SENDER and sound(by, port, encrypted))
    keeper._timeouts = replace(keeper._timeouts, observation=0.01)
    with pytest.raises(AssertionError, match="has not recorded a span of the sender: otlp → SSL"):
        keeper.require_known()


@pytest.mark.parametrize("status", [401, 403, None])
def test_a_stranger_may_be_told_so(status: int | None) -> None:
    """By the end of the handshake, or by an answer."""
    stranger_tester().assert_not_answered((replace(READ, status=status),))


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (replace(READ, status=200, said="HTTP 200"), "nobody may ask for traces: HTTP 200"),
        (replace(SENT, status=400, said="HTTP 400"), "nobody may send a span: HTTP 400"),
        (replace(READ, said="The port of p is not forwarded"), "nobody could not ask for traces"),
        (replace(READ, said="TimeoutError: timed out"), "nobody could not ask for traces"),
    ],
)
def test_any_other_answer_is_named(attempt: StrangerAttempt, said: str) -> None:
    """A request that was understood was let in, and one that never arrived proves nothing."""
    with pytest.raises(AssertionError, match=said):
        stranger_tester().assert_not_answered((attempt,))


def test_nothing_tried_proves_nothing() -> None:
    """Each judgement needs an attempt of its own kind."""
    with pytest.raises(AssertionError, match="No stranger has asked"):
        stranger_tester().assert_not_answered((CLEAR,))
    with pytest.raises(AssertionError, match="No stranger has sent a span"):
        stranger_tester().assert_not_recorded((READ,))
    with pytest.raises(AssertionError, match="Nobody has asked in clear text"):
        stranger_tester().assert_silent_in_clear_text((READ,))


def test_a_jaeger_in_clear_text_is_a_fault_and_a_missing_one_is_none() -> None:
    """The first is unmet, the second unverified."""

    class Found(TraceStoreTester):
        def _endpoints(self, *_: object) -> tuple[MonitoringEndpoint, ...]:
            return (ENDPOINT,)

    with pytest.raises(AssertionError, match="serves plain HTTP: it knows nobody"):
        Found(context_of(SYSTEM)).require_known()


def test_a_store_that_does_not_tell_is_at_fault() -> None:
    """Whether it has recorded anything is unknown, because it does not answer."""

    class Silent(Keeper):
        def require_known(self) -> None:
            """Be sound."""

        def trace(self, trace_id: str) -> Trace:
            """Refuse."""
            return Trace(ENDPOINT, trace_id, (), "HTTP 500")

    with pytest.raises(AssertionError, match="unknown what Jaeger has recorded: HTTP 500"):
        Silent(sound).try_as_stranger()
