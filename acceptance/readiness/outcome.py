"""Defines the outcomes of scenarios and signed statements, from which verdicts are made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

Status: TypeAlias = Literal[
    "passed", "failed", "skipped", "environment", "error", "missing", "unselected"
]
"""`failed`: the system did something wrong. `skipped`: it cannot be checked here. `environment`:
the environment lacks or lost something. `error`: an error in the suite itself. `missing`: collected
and never reported. `unselected`: in the features, but not selected for this run."""


@dataclass(frozen=True)
class Evidence:
    """A file that was written during the run; `path` is relative to the reports' folder."""

    path: str
    sha256: str
    kind: str
    """json, text, png or zip; signed evidence may also be pdf or file."""
    title: str


@dataclass(frozen=True)
class StatementResult:
    """An attestation or a waiver of an item, and whether it counts now."""

    item: str
    kind: Literal["attestation", "waiver"]
    valid: bool
    reason: str
    """One sentence: why it counts, or why it does not."""
    person: str
    role: str
    statement: str
    """The person's text; for a waiver the reason why the release may go out without the item."""
    date: str
    """ISO 8601 date."""
    expires: str
    """ISO 8601 date."""
    link: str = ""
    """The issue of a waiver, or the evidence of an attestation that is not a file."""
    evidence: tuple[Evidence, ...] = ()
    """The copies of the envelope and of the signed evidence below the reports."""


@dataclass(frozen=True)
class AttestationRequirement:
    """The attestation that an item needs, instead of scenarios or in addition to them."""

    item: str
    role: str
    mode: Literal["instead", "also"]
    """`instead`: the attestation may replace scenarios that do not exist or are skipped.
    `also`: it is needed in addition to passed scenarios."""
    covers: tuple[str, ...] = ()
    """Paths that must not change after the signing, besides those that the statement covers."""


@dataclass(frozen=True)
class RestsOn:
    """What a scenario takes for proved: its item is met only if the same run proves this."""

    claim: str
    """What rests on it, such as the id of a threat."""
    item: str
    scenario: str = ""
    """The scenario of the item; empty for all that the item is judged by."""

    def __str__(self) -> str:
        """Say what rests on what."""
        name = f': "{self.scenario}"' if self.scenario else ""
        return f"{self.claim} rests on {self.item}{name}"


@dataclass(frozen=True)
class StepOutcome:
    """One Gherkin step."""

    keyword: str
    text: str
    seconds: float
    status: str
    """passed; how it ended the scenario: failed, skipped, environment or error."""


@dataclass(frozen=True)
class ScenarioOutcome:
    """The outcome of one scenario, which counts for the items that its tags name."""

    item_ids: tuple[str, ...]
    name: str
    feature: str
    status: Status
    reason: str
    """One sentence; empty if the scenario passed."""
    steps: tuple[StepOutcome, ...]
    evidence: tuple[Evidence, ...]
    seconds: float
    started: float
    """Seconds since the epoch (POSIX time)."""
    rests_on: tuple[RestsOn, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON values, for another process of the run."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> ScenarioOutcome:
        """Make an outcome from the values of `to_dict`."""
        return cls(
            **{
                **found,
                "item_ids": tuple(found["item_ids"]),
                "steps": tuple(StepOutcome(**step) for step in found["steps"]),
                "evidence": tuple(Evidence(**each) for each in found["evidence"]),
                "rests_on": tuple(RestsOn(**each) for each in found.get("rests_on", ())),
            }
        )
