from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.project import ROOT
from acceptance.readiness.definition_of_ready import ReadyVerdict, check_definition_of_ready
from acceptance.readiness.traceability import covered, feature_files, read_features
from acceptance.readiness.tracker import parse, parse_bytes

TRACKER = """# Shop

## {priority}

### ABC-1: Pay
- **Status**: {status}
- **Story Points**: {points}
- **Assignee**: {assignee}

**Description**: {description}

**Acceptance Criteria**:
- [ ] A card is charged
- [ ] {criterion}

**Blockers**: {blockers}

### ABC-2: Return
- **Status**: {other}

**Acceptance Criteria**:
- [ ] Money comes back

## Definition of Ready
- [ ] {line}
"""
SOUND = {
    "priority": "High Priority",
    "status": "📋 Todo",
    "points": "5",
    "assignee": "Team Pay",
    "description": "Customers pay by card.",
    "criterion": "A receipt is sent",
    "blockers": "None",
    "other": "✅ Done",
}


def judged(line: str, **changes: str) -> ReadyVerdict:
    """What is known of a line for the first task of a small tracker."""
    text = TRACKER.format(**{**SOUND, "line": line, **changes})
    scenarios = {"ABC-1-AC-1": 2, "ABC-1-AC-2": 1, "ABC-2-AC-1": 0}
    (found,) = check_definition_of_ready(parse_bytes(text.encode(), Path("tracker.md")), scenarios)
    assert [each.task for each in found.verdicts] == ["ABC-1", "ABC-2"]
    return found.verdicts[0]


REQUIREMENTS = "Requirements are clearly defined"
CRITERIA = "Acceptance criteria are specific and testable"
DEPENDENCIES = "Dependencies are identified and resolved"
APPROACH = "Technical approach is agreed upon"
RESOURCES = "Required resources are available"
PLANNED = "Task is estimated and prioritized"


@pytest.mark.parametrize(
    ("line", "changes", "verdict", "reason"),
    [
        (REQUIREMENTS, {}, "met", 'line 10 says "Customers pay by card."'),
        (REQUIREMENTS, {}, "met", "2 acceptance criteria (lines 13 to 14)"),
        (REQUIREMENTS, {"description": ""}, "unmet", "the task (line 5) has no description"),
        (REQUIREMENTS, {"description": "TBD"}, "unmet", "the description in line 10 is left open"),
        (REQUIREMENTS, {"criterion": "It is ??"}, "unmet", "ABC-1-AC-2 in line 14 is left open"),
        (CRITERIA, {}, "met", "each with a scenario, 3 in all"),
        (CRITERIA, {"criterion": "TODO: more"}, "unmet", "ABC-1-AC-2 in line 14 is left open"),
        (CRITERIA, {"criterion": "A receipt\n- [ ] A bill"}, "unverified", "1 of 3 acceptance"),
        (CRITERIA, {"criterion": "A receipt\n- [ ] A bill"}, "unverified", "ABC-1-AC-3 in line 15"),
        (DEPENDENCIES, {}, "met", 'line 16 says "None"'),
        (DEPENDENCIES, {"blockers": "None currently"}, "met", "line 16"),
        (DEPENDENCIES, {"blockers": "N/A"}, "met", "line 16"),
        (
            DEPENDENCIES,
            {"blockers": "None, but the vendor"},
            "unmet",
            "nothing in the tracker says",
        ),
        (DEPENDENCIES, {"blockers": "The vendor"}, "unmet", "nothing in the tracker says"),
        (
            DEPENDENCIES,
            {"blockers": ""},
            "unverified",
            "the task (line 5) does not mention blockers",
        ),
        (DEPENDENCIES, {"blockers": "Requires ABC-2 completion"}, "met", 'ABC-2: line 19 says "✅'),
        (
            DEPENDENCIES,
            {"blockers": "Requires ABC-2 completion", "other": "In Progress"},
            "unmet",
            'ABC-2 is not done: line 19 says "In Progress"',
        ),
        (DEPENDENCIES, {"blockers": "ABC-2", "other": "Not done"}, "unmet", "ABC-2 is not done"),
        (DEPENDENCIES, {"blockers": "ABC-1"}, "unmet", "ABC-1 is not done"),
        (DEPENDENCIES, {"blockers": "ABC-2 and ABC-9"}, "unverified", "ABC-9 is not in this"),
        (DEPENDENCIES, {"blockers": "ABC-2, the vendor"}, "unverified", "the rest is free"),
        (APPROACH, {}, "unverified", "does not show who agreed"),
        (RESOURCES, {}, "unverified", 'line 8 says "Team Pay"'),
        (RESOURCES, {"assignee": ""}, "unverified", "no person is assigned"),
        (PLANNED, {}, "met", 'line 7 says "5" and line 3 says "High Priority"'),
        (PLANNED, {"points": "XL"}, "met", 'line 7 says "XL"'),
        (PLANNED, {"points": ""}, "unmet", "has no estimate"),
        (PLANNED, {"points": "to be discussed"}, "unmet", "which is not a valid estimate"),
        (
            PLANNED,
            {"priority": "Backlog"},
            "unmet",
            'line 3 says "Backlog", which is not a valid priority',
        ),
        (PLANNED, {"priority": "Current Sprint"}, "unmet", "has no priority"),
        ("The story is estimated", {"priority": "Backlog"}, "met", 'line 7 says "5"'),
        ("The team is happy", {}, "unverified", "no check is known"),
        ("Criteria and dependencies are clear", {}, "unverified", "several things"),
    ],
)
def test_a_line_is_judged_by_what_stands_in_the_tracker(
    line: str, changes: dict[str, str], verdict: str, reason: str
) -> None:
    """Met names the line that shows it; what a tracker cannot show is unverified."""
    found = judged(line, **changes)
    assert found.verdict == verdict
    assert reason in found.reason


def test_the_six_lines_of_this_tracker_are_all_known() -> None:
    """For six tasks each, and none of them is met without a line of the tracker."""
    tracker = parse(ROOT / "tracker.md")
    features, _ = read_features(feature_files(ROOT / "features"))
    lines = check_definition_of_ready(tracker, covered(tracker, features))
    assert [line.item.id for line in lines] == [f"DOR-{number}" for number in range(1, 7)]
    for line in lines:
        assert [each.task for each in line.verdicts] == [task.id for task in tracker.tasks]
        assert not [each for each in line.verdicts if "no check is known" in each.reason]
        assert all("line" in each.reason for each in line.verdicts if each.verdict == "met")
    words = {line.item.id: [each.verdict for each in line.verdicts] for line in lines}
    assert words["DOR-3"][:3] == ["met", "unmet", "unverified"]
    assert set(words["DOR-4"]) == set(words["DOR-5"]) == {"unverified"}
