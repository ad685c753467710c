"""Compares the spans that were recorded with the table that declares them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.domains.observability.drivers.jaeger import Span

_COLUMNS = ("service", "span", "attributes")


@dataclass(frozen=True)
class Signal:
    """A span that is declared."""

    service: str
    name: str
    always: frozenset[str]
    """The attributes that each such span has."""
    sometimes: frozenset[str]
    """The attributes that one has at least; in the table they are in brackets."""

    def __str__(self) -> str:
        """Return its service and name, as a span's."""
        return f"{self.service}: {self.name}"


def read_signals(table: Sequence[Sequence[str]]) -> tuple[Signal, ...]:
    """Return the signals of a table with the columns service, span and attributes.

    An empty service is that of the row above, and so is an empty list of attributes.
    Raises `ValueError` for a table of another form.
    """
    head, *rows = table
    if tuple(head) != _COLUMNS:
        raise ValueError(f"The table of spans has the columns {', '.join(head)}.")
    service, attributes, found = "", "", []
    for row in rows:
        service, attributes = row[0] or service, row[2] or attributes
        names = [each.strip() for each in attributes.split(",")]
        sometimes = {name.strip("()") for name in names if name.startswith("(")}
        found.append(
            Signal(service, row[1], frozenset(names) - _bracketed(sometimes), frozenset(sometimes))
        )
    return tuple(found)


def missing(signal: Signal, spans: Sequence[Span]) -> str | None:
    """Say what of a signal is in no span, or not in each; None if nothing."""
    own = [span for span in spans if str(span) == str(signal)]
    if not own:
        return f"{signal} is declared, and was not recorded"
    seen = [{name for name, _ in span.attributes} for span in own]
    lost = sorted({name for names in seen for name in signal.always - names})
    lost += sorted(signal.sometimes - set().union(*seen))
    return f"{signal} lacks {', '.join(lost)}" if lost else None


def undeclared(span: Span, declared: Sequence[Signal]) -> str | None:
    """Say what of a span is not declared; None if all is."""
    signal = next((each for each in declared if str(each) == str(span)), None)
    if signal is None:
        return f"{span} was recorded, and is not declared"
    known = signal.always | signal.sometimes
    extra = sorted(name for name, _ in span.attributes if name not in known)
    return f"{span} has {', '.join(extra)}, not declared" if extra else None


def _bracketed(names: set[str]) -> set[str]:
    return {f"({name})" for name in names}
