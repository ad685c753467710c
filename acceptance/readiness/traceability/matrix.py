"""Makes the traceability matrix: item → scenarios → steps → evidence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from acceptance.readiness.traceability.check import check, covered, feature_files, python_files
from acceptance.readiness.traceability.features import read_features
from acceptance.readiness.traceability.step_definitions import read_definitions
from acceptance.readiness.traceability.step_matching import StepMatcher

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acceptance.readiness.traceability.features import ExampleRun, Scenario
    from acceptance.readiness.traceability.problem import TraceabilityProblem
    from acceptance.readiness.tracker import Item, Tracker

SCHEMA = "checkout-acceptance/trace/1"


@dataclass(frozen=True)
class TracedStep:
    """A step and its definition's place; `definition` is empty without exactly one definition."""

    keyword: str
    text: str
    definition: str


@dataclass(frozen=True)
class TracedScenario:
    """A scenario, or one row of its examples."""

    name: str
    feature: str
    line: int
    """The line, counted from 1."""
    status: str
    """The status in the last run; empty if the scenario was not in it."""
    steps: tuple[TracedStep, ...]


@dataclass(frozen=True)
class MatrixRow:
    """The scenarios, verdict and evidence of one item."""

    item: Item
    scenarios: tuple[TracedScenario, ...]
    verdict: str
    """The verdict of the last run; empty without one."""
    reason: str
    evidence: tuple[str, ...]
    """The paths of evidence, below the folder of the reports."""


@dataclass(frozen=True)
class TraceabilityMatrix:
    """All items of the tracker in its order, including those without scenarios."""

    rows: tuple[MatrixRow, ...]
    problems: tuple[TraceabilityProblem, ...]
    tracker: str
    """The SHA-256 of the tracker."""

    @property
    def sentence(self) -> str:
        """Return in words how many items are covered, and how many are met if there was a run."""
        count = sum(bool(row.scenarios) for row in self.rows)
        # One that proves two items is in both rows.
        scenarios = len({(each.feature, each.name) for row in self.rows for each in row.scenarios})
        text = f"{count} of {len(self.rows)} items are covered, by {scenarios} scenarios"
        if any(row.verdict for row in self.rows):
            text += f"; {sum(row.verdict == 'met' for row in self.rows)} met"
        return f"{text}."

    def to_dict(self) -> dict[str, Any]:
        """Return the matrix as JSON values."""
        return {
            "schema": SCHEMA,
            "tracker": {"sha256": self.tracker},
            "items": len(self.rows),
            "covered": sum(bool(row.scenarios) for row in self.rows),
            "sentence": self.sentence,
            "rows": [_row(row) for row in self.rows],
            "findings": [
                {
                    "path": each.path.as_posix(),
                    "line": each.line,
                    "kind": each.kind,
                    "sentence": each.sentence,
                }
                for each in self.problems
            ],
        }


def trace(
    tracker: Tracker,
    features: Path,
    steps: Path,
    readiness: Mapping[str, Any] | None = None,
) -> TraceabilityMatrix:
    """Return the matrix of a tracker, with the verdicts of a readiness report if there is one."""
    read, _ = read_features(feature_files(features))
    matcher = StepMatcher(read_definitions(python_files(features, steps))[0])
    told = {each["id"]: each for each in (readiness or {}).get("items", ())}
    scenarios: dict[str, list[TracedScenario]] = {item: [] for item in covered(tracker, ())}
    for feature in read:
        for rule in feature.rules:
            for each in rule.scenarios:
                for name in scenarios.keys() & rule.tag_names(each):
                    statuses = _statuses(told.get(name, {}))
                    scenarios[name] += [
                        _traced(feature.path, each, run, matcher, statuses.get(run.name, ""))
                        for run in each.runs
                    ]
    rows = (
        MatrixRow(
            item,
            tuple(scenarios[item.id]),
            str(told.get(item.id, {}).get("verdict", "")),
            str(told.get(item.id, {}).get("reason", "")),
            tuple(each["path"] for each in told.get(item.id, {}).get("evidence", ())),
        )
        for item in tracker.items
    )
    return TraceabilityMatrix(tuple(rows), check(tracker, features, steps), tracker.sha256)


def _statuses(item: Mapping[str, Any]) -> dict[str, str]:
    return {each["name"]: each.get("status", "") for each in item.get("scenarios", ())}


def _traced(
    path: Path, scenario: Scenario, run: ExampleRun, matcher: StepMatcher, status: str
) -> TracedScenario:
    steps = []
    for step in run.steps:
        fitting = matcher.of(step)
        place = f"{fitting[0].path.as_posix()}:{fitting[0].line}" if len(fitting) == 1 else ""
        steps.append(TracedStep(step.keyword, step.text, place))
    return TracedScenario(run.name, path.as_posix(), scenario.line, status, tuple(steps))


def _row(row: MatrixRow) -> dict[str, Any]:
    item = row.item
    return {
        "id": item.id,
        "task": item.task,
        "kind": item.kind,
        "text": item.text,
        "line": item.line + 1,
        "sha256": item.sha256,
        "verdict": row.verdict or None,
        "reason": row.reason or None,
        "scenarios": [asdict(each) for each in row.scenarios],
        "evidence": list(row.evidence),
    }
