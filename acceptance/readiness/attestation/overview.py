"""Lists the attestations that are due, expired, expiring and valid, for `attest --list`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from acceptance.readiness.attestation.load import EXPIRING_DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.readiness.attestation.load import Statements
    from acceptance.readiness.outcome import AttestationRequirement, StatementResult

State: TypeAlias = Literal["due", "expired", "expiring", "valid"]
STATES: tuple[State, ...] = ("due", "expired", "expiring", "valid")
"""In the order of urgency."""


@dataclass(frozen=True)
class AttestationStatus:
    """The state of one required attestation, or of one waiver."""

    state: State
    item: str
    kind: Literal["attestation", "waiver"]
    role: str
    detail: str


def attestation_statuses(statements: Statements, today: dt.date) -> tuple[AttestationStatus, ...]:
    """Return a line for each requirement and each waiver, the most urgent first."""
    said = statements.statements
    lines = [
        *(_required(requirement, said, today) for requirement in statements.requirements),
        *(_status(each, each.role, today) for each in said if each.kind == "waiver"),
    ]
    return tuple(sorted(lines, key=lambda line: STATES.index(line.state)))


def _required(
    requirement: AttestationRequirement, said: Sequence[StatementResult], today: dt.date
) -> AttestationStatus:
    own = [each for each in said if each.kind == "attestation" and each.item == requirement.item]
    if not own:
        return AttestationStatus(
            "due", requirement.item, "attestation", requirement.role, "not signed yet"
        )
    # Of the valid ones the last to end; if none is valid, the newest.
    best = max(own, key=lambda each: (each.valid, each.expires if each.valid else each.date))
    return _status(best, requirement.role, today)


def _status(said: StatementResult, role: str, today: dt.date) -> AttestationStatus:
    left = (dt.date.fromisoformat(said.expires) - today).days
    if said.valid:
        state: State = "expiring" if left <= EXPIRING_DAYS else "valid"
        days = f"{left} day{'' if left == 1 else 's'} left"
        return AttestationStatus(
            state, said.item, said.kind, role, f"{said.person}, until {said.expires} ({days})"
        )
    state = "expired" if left < 0 else "due"
    return AttestationStatus(
        state, said.item, said.kind, role, f"{said.person}, {said.date}: {said.reason}"
    )
