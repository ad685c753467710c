"""What became of one scenario: the only thing that verdicts are made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

Status: TypeAlias = Literal["passed", "failed", "skipped", "environment", "missing", "unselected"]
"""`environment`: the cluster could not be had. `missing`: collected and never reported.
`unselected`: the features have it, and this run was not asked for it."""


@dataclass(frozen=True)
class Evidence:
    """A file that was written during the run; `path` is relative to the reports' folder."""

    path: str
    sha256: str
    kind: str
    """json, text, png or zip; of what people signed also pdf and file."""
    title: str


@dataclass(frozen=True)
class StatementResult:
    """What a signed statement about an item is worth now: an attestation or a waiver."""

    item: str
    kind: Literal["attestation", "waiver"]
    valid: bool
    reason: str
    """One sentence: why it counts, or why it does not."""
    person: str
    role: str
    statement: str
    """What the person says; for a waiver why the release may go without the item."""
    date: str
    """ISO 8601 date."""
    expires: str
    """ISO 8601 date."""
    link: str = ""
    """The issue of a waiver, or the evidence of an attestation that is not a file."""
    evidence: tuple[Evidence, ...] = ()
    """The envelope and what it was said on, as kept below the reports."""


@dataclass(frozen=True)
class AttestationRequirement:
    """That somebody has to speak about an item: who, and whether machines are asked as well."""

    item: str
    role: str
    mode: Literal["instead", "also"]
    """`instead`: an attestation may stand in for scenarios that do not exist or cannot tell.
    `also`: it is needed beside scenarios that passed."""
    covers: tuple[str, ...] = ()
    """Paths that have to be as they were when it was signed, whatever it says itself."""


@dataclass(frozen=True)
class StepOutcome:
    """One Gherkin step."""

    keyword: str
    text: str
    seconds: float
    status: str
    """passed, failed, or skipped when an earlier one failed."""


@dataclass(frozen=True)
class ScenarioOutcome:
    """One scenario, for the items that its tags name."""

    item_ids: tuple[str, ...]
    name: str
    feature: str
    status: Status
    reason: str
    """Empty if it passed; else one sentence."""
    steps: tuple[StepOutcome, ...]
    evidence: tuple[Evidence, ...]
    seconds: float
    started: float
    """Seconds since the epoch (POSIX time)."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values, for another process of the run."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> ScenarioOutcome:
        """Return what `to_dict` gave."""
        return cls(
            **{
                **found,
                "item_ids": tuple(found["item_ids"]),
                "steps": tuple(StepOutcome(**step) for step in found["steps"]),
                "evidence": tuple(Evidence(**each) for each in found["evidence"]),
            }
        )
