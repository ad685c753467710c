"""Who still has to speak, and whose word ends soon: what `acceptance attest --list` shows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from acceptance.readiness.attestation.load import EXPIRING_DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.readiness.attestation.load import Testimonies
    from acceptance.readiness.outcome import Demand, Testimony

State: TypeAlias = Literal["due", "expired", "expiring", "valid"]
STATES: tuple[State, ...] = ("due", "expired", "expiring", "valid")
"""The most urgent first."""


@dataclass(frozen=True)
class Line:
    """One attestation that is asked for, or one waiver."""

    state: State
    item: str
    kind: Literal["attestation", "waiver"]
    role: str
    detail: str


def due(testimonies: Testimonies, today: dt.date) -> tuple[Line, ...]:
    """Return a line for each demand and each waiver, the most urgent first."""
    said = testimonies.testimonies
    lines = [
        *(_demanded(demand, said, today) for demand in testimonies.demands),
        *(_line(each, each.role, today) for each in said if each.kind == "waiver"),
    ]
    return tuple(sorted(lines, key=lambda line: STATES.index(line.state)))


def _demanded(demand: Demand, said: Sequence[Testimony], today: dt.date) -> Line:
    own = [each for each in said if each.kind == "attestation" and each.item == demand.item]
    if not own:
        return Line("due", demand.item, "attestation", demand.role, "nobody has said so yet")
    # The one that counts for longest; if none counts, the newest.
    best = max(own, key=lambda each: (each.valid, each.expires if each.valid else each.date))
    return _line(best, demand.role, today)


def _line(said: Testimony, role: str, today: dt.date) -> Line:
    left = (dt.date.fromisoformat(said.expires) - today).days
    if said.valid:
        state: State = "expiring" if left <= EXPIRING_DAYS else "valid"
        days = f"{left} day{'' if left == 1 else 's'} left"
        return Line(
            state, said.item, said.kind, role, f"{said.person}, until {said.expires} ({days})"
        )
    state = "expired" if left < 0 else "due"
    return Line(state, said.item, said.kind, role, f"{said.person}, {said.date}: {said.reason}")
