"""Says what is wrong with a threat or an accepted risk. Pure."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from acceptance.readiness.placeholders import placeholder_reason, until_fault

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from acceptance.domains.documentation.threat_model import AcceptedRisk, Threat

_FEW = 3
"""So many threats may share a mitigation whatever their number is."""
_BETWEEN_OWNERS = re.compile(r",|;| and ")


def mitigation_faults(threats: Sequence[Threat]) -> list[str]:
    """Say which threats have a mitigation that mitigates nothing.

    It is only filled in, it repeats the threat, or most threats have the same one.
    """
    faults = []
    shared = Counter(_words(each.mitigation) for each in threats)
    for each in threats:
        reason = placeholder_reason(each.mitigation)
        words = _words(each.mitigation)
        if reason:
            faults.append(f"{each.id} has no mitigation: {reason}")
        elif words == _words(each.threat):
            faults.append(f"the mitigation of {each.id} repeats the threat")
        elif shared[words] > max(_FEW, len(threats) // 2):
            faults.append(f"{each.id} has the mitigation that {shared[words]} threats have")
    return faults


def threat_fault(threat: Threat) -> str | None:
    """Say what a threat does not say; None if it says what somebody could do."""
    reason = placeholder_reason(threat.threat)
    if reason:
        return f"{threat.id} is no threat: {reason}"
    empty = next((p for p in threat.proofs if placeholder_reason(p)), None)
    if not threat.proofs or empty is not None:
        return f"{threat.id} has no proof"
    return None


def duplicate_ids(threats: Sequence[Threat], risks: Sequence[AcceptedRisk]) -> list[str]:
    """Return the ids that several threats or risks have: nobody knows which one is meant."""
    counts = Counter([*(each.id for each in threats), *(each.id for each in risks)])
    return sorted(name for name, count in counts.items() if count > 1)


def risk_fault(risk: AcceptedRisk, today: date, roles: Collection[str]) -> str | None:
    """Say why nobody has accepted a risk; None if somebody has.

    `roles` are the names of people, teams and roles that are defined somewhere.
    """
    if reason := placeholder_reason(risk.risk):
        return f"{risk.id} is no risk: {reason}"
    if reason := placeholder_reason(risk.owner):
        return f"{risk.id} has no owner: {reason}"
    known = {each.casefold() for each in roles}
    strangers = [
        name
        for part in _BETWEEN_OWNERS.split(risk.owner)
        if (name := part.strip()) and name.casefold() not in known
    ]
    if strangers and risk.owner.strip().casefold() not in known:
        return f"{risk.id} is owned by {strangers[0]}, a role that nobody has defined"
    if fault := until_fault(risk.until, today):
        return f"{risk.id} is accepted until a day that cannot be: {fault}"
    return None


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.casefold()))
