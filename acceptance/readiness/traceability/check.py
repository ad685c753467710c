"""Checks that tracker, features and steps fit together, without running them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.readiness.traceability.features import read_features
from acceptance.readiness.traceability.items import ItemChecks
from acceptance.readiness.traceability.problem import TraceabilityProblem
from acceptance.readiness.traceability.scenarios import check_scenarios
from acceptance.readiness.traceability.step_definitions import read_definitions
from acceptance.readiness.traceability.step_matching import check_steps

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from acceptance.readiness.traceability.features import Feature
    from acceptance.readiness.tracker import Tracker


def check(tracker: Tracker, features: Path, steps: Path) -> tuple[TraceabilityProblem, ...]:
    """Return all problems of the features and steps in two folders, sorted by place.

    Step definitions beside the features count too. A folder without features is a problem too,
    because nothing would be checked.
    """
    files = feature_files(features)
    read, unreadable = read_features(files)
    definitions, unclear = read_definitions(python_files(features, steps))
    problems = [
        *unreadable,
        *unclear,
        *ItemChecks(tracker, read).problems(),
        *check_scenarios(read),
        *check_steps(read, definitions),
    ]
    if not files:
        message = "There is no feature file here. Try: --features, or the folder of the project."
        problems.append(TraceabilityProblem(features, 1, "no-features", message))
    return tuple(sorted(problems, key=lambda each: (each.path, each.line, each.kind)))


def drift(
    tracker: Tracker, files: Iterable[Path], *, part: bool = False
) -> tuple[TraceabilityProblem, ...]:
    """Return where feature files name unknown items, or word an item differently from the tracker.

    With such problems, a run would not prove what the tracker says. Of a `part` of the files, it is
    unknown whether an item has a Rule.
    """
    read, unreadable = read_features(files)
    found = ItemChecks(tracker, read).problems()
    serious = {"wording", "unknown-id", "item-tag", *(() if part else ("no-rule",))}
    return (*unreadable, *(each for each in found if each.kind in serious))


def covered(tracker: Tracker, features: Iterable[Feature]) -> dict[str, int]:
    """Return the number of scenarios for every item; each row of examples counts as one.

    A scenario that proves two items counts for both.
    """
    counts = {item.id: 0 for item in tracker.items}
    for feature in features:
        for rule in feature.rules:
            for scenario in rule.scenarios:
                for name in counts.keys() & rule.tag_names(scenario):
                    counts[name] += len(scenario.runs)
    return counts


def feature_files(folder: Path) -> tuple[Path, ...]:
    """Return the feature files of a folder and those below it."""
    return tuple(sorted(folder.rglob("*.feature")))


def python_files(*folders: Path) -> tuple[Path, ...]:
    """Return the Python files of folders and those below them, each once."""
    return tuple(sorted({path for folder in folders for path in folder.rglob("*.py")}))
