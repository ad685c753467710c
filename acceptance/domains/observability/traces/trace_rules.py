"""Judges a trace by its spans: nothing is missing, and nothing lies outside its parent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acceptance.domains.observability.drivers.jaeger import Span, Trace
    from acceptance.drivers.browser import SentContext

BROWSER = "checkout-browser"
INGRESS = "ingress"
BACKEND = "checkout-backend"
TOLERANCE = 20_000
"""Microseconds by which two clocks of the system may differ."""
BOOKKEEPING = 250_000
"""Microseconds for which a server may still be busy with a request when its caller has the answer's
last byte: it logs and counts the request, on a busy machine with a delay."""
_STATEMENT = "db.query.text"
_MILLISECOND = 1000


def children(trace: Trace, parent: str) -> tuple[Span, ...]:
    """Return the spans whose parent has this id."""
    return tuple(span for span in trace.spans if span.parent == parent)


def roots(trace: Trace) -> tuple[Span, ...]:
    """Return the spans without a parent."""
    return children(trace, "")


def statements(trace: Trace) -> tuple[Span, ...]:
    """Return the spans of statements that the database was given."""
    return tuple(span for span in trace.spans if span.attribute(_STATEMENT))


def orphans(trace: Trace) -> list[str]:
    """Say which spans name a parent that is not in the trace."""
    known = {span.id for span in trace.spans}
    return [
        f"{span} is an orphan: its parent {span.parent} is not in the trace"
        for span in trace.spans
        if span.parent and span.parent not in known
    ]


def outside_parent(trace: Trace) -> list[str]:
    """Say which spans begin before their parent, or end after it."""
    known = {span.id: span for span in trace.spans}
    faults = []
    for span in trace.spans:
        parent = known.get(span.parent)
        if parent is None:
            continue
        early, late = parent.start - span.start, span.end - parent.end
        if early > TOLERANCE:
            faults.append(f"{span} begins {early / _MILLISECOND:g} ms before {parent}")
        answers = span.kind == "server" and span.service != parent.service
        if late > (BOOKKEEPING if answers else TOLERANCE):
            faults.append(f"{span} ends {late / _MILLISECOND:g} ms after {parent}")
    return faults


def too_long_together(trace: Trace) -> list[str]:
    """Say of which requests the calls to the database, one after another, take longer than it."""
    faults = []
    for span in trace.spans:
        calls = [each for each in children(trace, span.id) if each.service == BACKEND]
        together = sum(each.duration for each in calls)
        if span.service == BACKEND and together > span.duration + TOLERANCE:
            faults.append(
                f"{span} takes {span.duration / _MILLISECOND:g} ms, and its calls "
                f"{together / _MILLISECOND:g} ms"
            )
    return faults


def missing_link(trace: Trace, call: SentContext) -> str | None:
    """Say where the way of one call ends, from the browser to the database; None if it does not."""
    own = [span for span in trace.spans if span.id == call.span]
    if not own:
        return f"{call.request}: there is no span of the browser"
    if not own[0].parent:
        return f"{call.request}: its span is not below the visitor's checkout"
    for what, found in _links(trace, own[0]):
        if not found:
            return f"{call.request}: there is no span of {what}"
    return None


def _links(trace: Trace, call: Span) -> Iterator[tuple[str, Sequence[Span]]]:
    entered = _below(trace, [call], INGRESS, "server")
    yield "the ingress", entered
    left = _below(trace, entered, INGRESS, "client")
    yield "the ingress towards a pod", left
    served = _below(trace, left, BACKEND, "server")
    yield "the backend", served
    known = {span.id for span in served}
    yield "the database", [span for span in statements(trace) if span.parent in known]


def _below(trace: Trace, above: Sequence[Span], service: str, kind: str) -> list[Span]:
    return [
        span
        for parent in above
        for span in children(trace, parent.id)
        if (span.service, span.kind) == (service, kind)
    ]
