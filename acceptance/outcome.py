"""What became of one scenario: the only thing that verdicts are made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

Status: TypeAlias = Literal["passed", "failed", "skipped", "environment", "missing"]
"""`environment`: the cluster could not be had. `missing`: collected and never reported."""


@dataclass(frozen=True)
class Evidence:
    """A file that was written during the run; `path` is relative to the reports' folder."""

    path: str
    sha256: str
    kind: str
    """json, text, png or zip."""
    title: str


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
