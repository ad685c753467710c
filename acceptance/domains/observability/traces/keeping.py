"""Brings trace ids of every kind, and looks which of them Jaeger keeps."""

from __future__ import annotations

import secrets
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.logs.actor import Pace
from acceptance.domains.observability.traces.reader import TraceReader
from acceptance.domains.traffic.ingress_client import reach
from acceptance.drivers.checkout_api import CheckoutApi, named_trace
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import require, require_each
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from acceptance.contract import Contract
    from acceptance.drivers.http import Reply

_DIGITS = "0123456789abcdef"
_LENGTH = 32
"""Of a trace id, in hexadecimal digits (W3C Trace Context)."""
_BACKEND = "checkout-backend"


@dataclass(frozen=True)
class BroughtTrace:
    """The id that a visitor brought, and what became of it."""

    id: str
    answer: str
    """What the service said to the request; empty if it served the visitor."""
    named: str
    """The id that the answer names."""
    services: tuple[str, ...] = ()
    """Who has recorded spans of it, as Jaeger has them."""


class TraceKeepingTester(TraceReader):
    """Sends requests whose trace has begun elsewhere, under ids of its own."""

    def bring_traces(self) -> tuple[BroughtTrace, ...]:
        """Send a request for each id, and wait until all traces are there, or the deadline.

        Raises `Unverifiable` if there is no Jaeger.
        """
        store = self._jaeger()
        with closing(reach(self.system, timeout=self._timeouts.request)) as http:
            contract = self.system.contract
            api = CheckoutApi(http, contract)
            sent = tuple(
                _brought(each, api.checkouts(trace=each), contract) for each in trace_ids()
            )

        def look() -> tuple[BroughtTrace, ...]:
            return tuple(
                BroughtTrace(
                    each.id,
                    each.answer,
                    each.named,
                    tuple(sorted({span.service for span in store.trace(each.id).spans})),
                )
                for each in sent
            )

        found = last_seen(
            look,
            lambda found: all(_BACKEND in each.services for each in found),
            timeout=self._timeouts.observation,
            wake=Pace(),
        )
        self._keep("Traces that visitors brought", pretty([asdict(each) for each in found]))
        return found

    def assert_all_kept(self, found: tuple[BroughtTrace, ...]) -> None:
        """Each request was served and recorded under the id that the visitor brought."""
        refused = [each.answer for each in found if each.answer]
        require(not refused, f"A visitor with a trace was not served: {'; '.join(refused[:1])}.")
        require_each(found, _fault_of, nothing="No visitor brought a trace.")


def trace_ids() -> tuple[str, ...]:
    """Return an id with each first digit, and the lowest and the highest of all."""
    random = [first + secrets.token_hex(_LENGTH // 2)[1:] for first in _DIGITS]
    return ("0" * (_LENGTH - 1) + "1", *random, "f" * _LENGTH)


def _brought(trace_id: str, reply: Reply, contract: Contract) -> BroughtTrace:
    named, _ = named_trace(reply, contract)
    return BroughtTrace(trace_id, "" if reply.succeeded else str(reply), named)


def _fault_of(each: BroughtTrace) -> str | None:
    if each.named != each.id:
        return f"the trace {each.id} goes on as {each.named or 'none'}"
    if _BACKEND in each.services:
        return None
    known = ", ".join(each.services) or "nobody"
    return f"the trace {each.id} has no span of {_BACKEND}, only of {known}"
