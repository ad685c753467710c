"""Checks that Jaeger tells strangers nothing and records nothing of theirs, by trying it."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers import jaeger
from acceptance.domains.observability.drivers.trace_store_access import (
    BROWSER_SPANS,
    SPANS,
    Identity,
    TraceStoreAccess,
)
from acceptance.domains.observability.traces import trace_rules
from acceptance.domains.observability.traces.reader import TraceReader
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.self_signed import self_signed
from acceptance.judgement import require, require_each, unproven

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.jaeger import Jaeger

_QUERY = "/api/services"
_READ, _SEND, _SEND_AS_BROWSER = "ask for traces", "send a span", "send a span of a browser"
_SENT_TO = {_SEND: SPANS, _SEND_AS_BROWSER: BROWSER_SPANS}
_SERVICES = {_SEND: trace_rules.BACKEND, _SEND_AS_BROWSER: trace_rules.BROWSER}
_UNKNOWN = (401, 403)
_CLEAR_TEXT = 400
"""What a server for HTTPS may say to plain HTTP."""
_NOT_ASKED = ("is not forwarded", "timed out")
"""Errors by which it is unknown what Jaeger would have said."""


@dataclass(frozen=True)
class StrangerAttempt:
    """What Jaeger said to one stranger, and what it has recorded of theirs."""

    who: str
    what: str
    status: int | None
    """The status of the answer; None if there was none."""
    said: str
    trace: str = ""
    """The id of the trace that was sent; empty if none was."""
    recorded: int = 0
    """How many spans Jaeger has of it."""
    encrypted: bool = True


class TraceStoreTester(TraceReader):
    """Asks Jaeger and sends it spans, as those whom it knows and as those whom it does not."""

    def require_known(self) -> None:
        """Jaeger records a span of everybody who may send one, and its reader finds each.

        Raises `Unverifiable` if there is no Jaeger; one that does not answer is a failed check.
        """
        access = self._trace_store()
        try:
            known = [(_SEND, each) for each in access.senders]
            known.append((_SEND_AS_BROWSER, access.browsers))
            sent = [self._send(access, what, who) for what, who in known]
        except Refused as error:
            raise unproven(f"Those whom Jaeger knows are unknown: {error}.", error) from error
        self._keep("Spans of those whom Jaeger knows", pretty([asdict(each) for each in sent]))
        found = self._jaeger()
        for each in sent:
            trace = self._until(partial(found.trace, each.trace), lambda trace: bool(trace.spans))
            require(
                trace.spans,
                f"Jaeger has not recorded a span of {each.who}: {each.said}. {trace.refused}",
            )

    def try_as_stranger(self) -> tuple[StrangerAttempt, ...]:
        """Ask and send without a certificate, with a stranger's, and with one for something else.

        Afterwards a span is sent that Jaeger records: by then it would have those before.
        """
        access = self._trace_store()
        nobody = Identity("nobody")
        strangers = (nobody, Identity("somebody of another authority", self_signed("backend")))
        tried = [self._read(access, each) for each in (*strangers, *access.senders)]
        others = {_SEND: [access.reader], _SEND_AS_BROWSER: access.senders}
        tried += [
            self._send(access, what, each)
            for what, known in others.items()
            for each in (*strangers, *known)
        ]
        tried.append(self._read(access, nobody, encrypted=False))
        tried += [self._send(access, what, nobody, encrypted=False) for what in _SENT_TO]
        self.require_known()
        store = self._jaeger()
        found = tuple(_with_recorded(each, store) for each in tried)
        self._keep("What strangers tried", pretty([asdict(each) for each in found]))
        return found

    def assert_not_answered(self, tried: tuple[StrangerAttempt, ...]) -> None:
        """Jaeger has ended the handshake with each stranger, or said that it does not know them."""

        def fault(each: StrangerAttempt) -> str | None:
            if each.status is None and any(text in each.said for text in _NOT_ASKED):
                return f"{each.who} could not {each.what}: {each.said}"
            if each.status is None or each.status in _UNKNOWN:
                return None
            return f"{each.who} may {each.what}: {each.said}"

        encrypted = [each for each in tried if each.encrypted]
        require_each(encrypted, fault, nothing="No stranger has asked.")

    def assert_not_recorded(self, tried: tuple[StrangerAttempt, ...]) -> None:
        """Jaeger has no span that a stranger has sent, encrypted or not."""
        require_each(
            [each for each in tried if each.trace],
            lambda each: (
                f"{each.who} has recorded {each.recorded} spans" if each.recorded else None
            ),
            nothing="No stranger has sent a span.",
        )

    def assert_silent_in_clear_text(self, tried: tuple[StrangerAttempt, ...]) -> None:
        """No port of Jaeger serves a request that is not encrypted."""
        require_each(
            [each for each in tried if not each.encrypted],
            lambda each: (
                None
                if each.status in (None, _CLEAR_TEXT)
                else f"{each.who} may {each.what} in clear text: {each.said}"
            ),
            nothing="Nobody has asked in clear text.",
        )

    def _trace_store(self) -> TraceStoreAccess:
        """Return the only Jaeger.

        Raises `Unverifiable` if there is none. One without TLS is a fault.
        """
        endpoint = self._one_endpoint(jaeger.PROGRAMS, "trace store", "Jaeger")
        require(
            endpoint.secure,
            f"{endpoint.name} serves plain HTTP: it knows nobody, and everybody can listen.",
        )
        return TraceStoreAccess(self._cluster, endpoint)

    def _read(
        self, access: TraceStoreAccess, who: Identity, *, encrypted: bool = True
    ) -> StrangerAttempt:
        reply = access.ask(_QUERY, by=who, encrypted=encrypted)
        return StrangerAttempt(who.name, _READ, reply.status, str(reply), encrypted=encrypted)

    def _send(
        self, access: TraceStoreAccess, what: str, who: Identity, *, encrypted: bool = True
    ) -> StrangerAttempt:
        trace = uuid.uuid4().hex
        service = _SERVICES[what]
        reply = access.send_span(_SENT_TO[what], trace, service, by=who, encrypted=encrypted)
        return StrangerAttempt(who.name, what, reply.status, str(reply), trace, encrypted=encrypted)


def _with_recorded(tried: StrangerAttempt, store: Jaeger) -> StrangerAttempt:
    """Return the attempt with what Jaeger has of it; Jaeger has to tell."""
    if not tried.trace:
        return tried
    trace = store.trace(tried.trace)
    if trace.refused:
        raise AssertionError(f"It is unknown what Jaeger has recorded: {trace.refused}")
    return replace(tried, recorded=len(trace.spans))
