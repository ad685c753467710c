from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from acceptance.errors import BrokenInput
from acceptance.project import ROOT
from acceptance.readiness.tracker import Tracker, compare, parse, parse_bytes, tick

PATH = Path("tracker.md")

OTHER = """# Shop

## Backlog

### [ABC-12] Pay by card

Customers pay by card.

* **Status:** In progress
* **Owner:** Team Pay
* **Reviewer:** somebody
* **Estimate:** 5
* **Priority:** P1

#### Acceptance Criteria

##### Functional

* [ ] A card is charged
  * [x] once
  + [X] and never twice
1. [ ] A receipt is
   sent

#### Tasks
* [x] Choose a provider
* [ ] Sign

**Depends on**:
- ABC-13
- [ ] the bank

**Definition of Done**
"""


def read(text: str) -> Tracker:
    """The tracker that a text is."""
    return parse_bytes(text.encode(), PATH)


@pytest.fixture(scope="module")
def tracker() -> Tracker:
    """The team's tracker."""
    return parse(ROOT / "tracker.md")


def test_each_field_of_a_task_is_read(tracker: Tracker) -> None:
    """Everything that the team wrote of a task is there, with the emoji that it meant."""
    first, *_, last = tracker.tasks
    assert (first.id, first.title) == ("TASK-001", "Complete k3s Production Deployment")
    assert first.status == "🟡 In Progress"
    assert (first.assignee, first.epic, first.points) == (
        "Development Team",
        "Infrastructure Setup",
        "8",
    )
    assert first.priority == "High Priority Tasks"
    assert first.description.startswith("Deploy the checkout management application to k3s")
    assert first.blockers == "None currently"
    assert first.notes[0] == "k3s manifests created in /k8s directory"
    assert len(first.notes) == 3
    assert [box.ticked for box in first.technical] == [True] * 3 + [False] * 4
    assert (last.assignee, last.blockers, last.technical, last.in_sprint) == ("", "", (), False)


def test_fields_say_where_they_stand(tracker: Tracker) -> None:
    """A reader is sent to the line: each field's line holds its value."""
    lines = tracker.source.decode().split("\n")
    for task in tracker.tasks:
        assert task.id in lines[task.line]
        for name in ("assignee", "epic", "points", "priority", "description", "blockers"):
            value, line = getattr(task, name), task.line_of(name)
            assert bool(value) == (line is not None)
            assert line is None or value in lines[line]
    for item in (*tracker.items, *tracker.ready):
        assert item.text in lines[item.line]


def test_what_stands_outside_of_the_tasks_is_read(tracker: Tracker) -> None:
    """Sprint, metrics, legend, decisions and the Definition of Ready."""
    assert tracker.title == "Checkout Management - Task Tracker"
    assert tracker.sprint == "Current Sprint: k3s Deployment & Production Setup"
    assert dict(tracker.metrics)["Total Story Points"] == "34"
    assert dict(tracker.metrics)["Sprint Goal"].startswith("Complete k3s deployment")
    assert dict(tracker.legend)["Blocked"] == "Cannot proceed due to dependencies"
    assert len(tracker.legend) == 6
    assert tracker.decisions[2] == "2024-01-XX: nginx ingress controller selected for routing"
    assert [item.id for item in tracker.ready] == [f"DOR-{number}" for number in range(1, 7)]
    assert tracker.ready[0].text == "Requirements are clearly defined"
    assert not {item.id for item in tracker.ready} & {item.id for item in tracker.items}


def test_a_tracker_of_another_team_is_read() -> None:
    """Other prefixes and bullets, headings instead of labels, nested boxes, missing sections."""
    (task,) = read(OTHER).tasks
    assert (task.id, task.title, task.status) == ("ABC-12", "Pay by card", "In progress")
    assert (task.assignee, task.points, task.priority) == ("Team Pay", "5", "P1")
    assert task.description == "Customers pay by card."
    assert task.blockers == "ABC-13 the bank"
    assert [box.text for box in task.technical] == ["Choose a provider", "Sign", "the bank"]
    assert [(item.id, item.text, item.ticked) for item in task.items] == [
        ("ABC-12-AC-1", "A card is charged", False),
        ("ABC-12-AC-2", "once", True),
        ("ABC-12-AC-3", "and never twice", True),
        ("ABC-12-AC-4", "A receipt is sent", False),
    ]


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_other_line_ends_say_the_same(ending: str) -> None:
    """A file from another system has the same tasks, and the byte-order mark is no part of it."""
    found = parse_bytes(b"\xef\xbb\xbf" + OTHER.replace("\n", ending).encode(), PATH)
    assert found.tasks == read(OTHER).tasks


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("# ABC-1: Title", ("ABC-1", "Title")),
        ("# ABC-1 - Title", ("ABC-1", "Title")),
        ("# ðŸ”¥ **ABC_D2-10**: Title", ("ABC_D2-10", "Title")),
        ("# ABC-1", ("ABC-1", "ABC-1")),
    ],
)
def test_tasks_are_named_in_several_ways(heading: str, name: tuple[str, str]) -> None:
    """An id that stands apart from its title names a task."""
    (task,) = read(f"{heading}\n**Acceptance Criteria**:\n- [ ] It works\n").tasks
    assert (task.id, task.title) == name


TASK = "# A-1: A\n**Acceptance Criteria**:\n- [ ] It works\n"


@pytest.mark.parametrize(
    ("text", "line", "cause", "remedy"),
    [
        (TASK + TASK, 4, "A-1 appears twice (first in line 1)", "another number"),
        ("# A\n\n## A-1: A\n- none\n", 3, "A-1 has no acceptance criterion", "under **Acceptance"),
        ("# DOR-1: A\n", 1, "the name of a Definition-of-Ready line", "another prefix"),
        ("# UTF-8 everywhere\n\nText\n", 1, "This is not a tracker", "#### TASK-001"),
        ("- [ ] alone\n" + TASK, 1, "belongs neither to a task", "below a task"),
        (TASK + "# Ideas\n\n- [ ] later\n", 6, "belongs neither to a task", "below a task"),
        ("# A-1: A\n- [ ] It works\n", 2, "is in no list", "**Acceptance Criteria**: above"),
        (
            "# A-1: A\n- **Epic**: E\n- [ ] It works\n",
            3,
            "is in no list",
            "**Acceptance Criteria**",
        ),
        (
            TASK + "\n**Definition of Don**:\n- [ ] a\n",
            6,
            "not a list of items",
            "**Definition of Done**",
        ),
        (
            "# A-1: A\n## DoD\n**Acceptance Criterias**\n\n- [ ] a\n",
            5,
            "not a list",
            "**Acceptance",
        ),
        (TASK + "\n**Definition of Ready**:\n- [ ] a\n", 5, "applies to every task", "outside"),
        (TASK + "- [ ] ✅\n", 4, "has no text", "delete it"),
        (TASK + "- [ ]\n", 4, "is not a box", "- [ ] "),
        (TASK + "- [] It fails\n", 4, "is not a box", "- [ ] "),
        (TASK + "[ ] It fails\n", 4, "is not a box", "- [ ] "),
        (TASK + "# Definition of Ready\n- [-] It fails\n", 5, "is not a box", "- [ ] "),
    ],
)
def test_what_cannot_be_trusted_is_refused(text: str, line: int, cause: str, remedy: str) -> None:
    """File, line, cause and remedy, for all that would be counted wrongly or not at all."""
    with pytest.raises(BrokenInput) as error:
        read(text)
    place, _, sentence = error.value.message.partition(": ")
    assert place == f"tracker.md:{line}"
    assert cause in sentence
    assert remedy in sentence.partition("Try:")[2]


def test_other_lists_of_a_task_are_its_own_work() -> None:
    """Boxes under any other label are no items, and nobody's evidence ticks them."""
    found = read(TASK + "\n**Test plan**:\n- [ ] Call\n- [x] Look\n")
    assert [(box.text, box.ticked) for box in found.tasks[0].technical] == [
        ("Call", False),
        ("Look", True),
    ]
    assert len(found.items) == 1


def test_a_large_tracker_loses_nothing() -> None:
    """10,000 items in nested lists: each has an id, a line and its words, in the file's order."""
    boxes = [f"{'  ' * (number % 3)}- [ ] Thing {number} holds" for number in range(10_000)]
    found = read("# A-1: A\n**Acceptance Criteria**:\n" + "\n".join(boxes))
    assert [item.text for item in found.items] == [f"Thing {n} holds" for n in range(10_000)]
    assert [item.id for item in found.items] == [f"A-1-AC-{n}" for n in range(1, 10_001)]
    assert [item.line for item in found.items] == list(range(2, 10_002))
    assert read(tick(found, {item.id for item in found.items}).decode()).items[9_999].ticked


def test_boxes_are_found_at_any_depth() -> None:
    """A list forty levels deep is still a list; what would be left out is refused."""
    head = "# A-1: A\n**Acceptance Criteria**:\n"
    boxes = [f"{'  ' * depth}- [ ] Thing {depth}" for depth in range(60)]
    assert len(read(head + "\n".join(boxes[:40])).items) == 40
    with pytest.raises(BrokenInput, match=r"tracker\.md:5\d: This is nested too deeply"):
        read(head + "\n".join(boxes))
    for depth in range(40, 60):
        with suppress(BrokenInput):
            assert len(read(head + "\n".join(boxes[:depth])).items) == depth


def test_code_and_links_are_no_boxes() -> None:
    """What Markdown shows as code, or as a link, promises nothing."""
    found = read(TASK + "- [ ] See [x](y)\n\n```\n- [ ] code\n```\n\n# More\n- [link](z)\n")
    assert [item.text for item in found.items] == ["It works", "See [x](y)"]


def test_boxes_are_ticked_and_unticked_by_evidence() -> None:
    """Only the character in the box changes, whatever the bullet, the depth and the line end."""
    source = OTHER.replace("\n", "\r\n")
    found = parse_bytes(source.encode(), PATH)
    told = tick(found, {"ABC-12-AC-1", "ABC-12-AC-3", "ABC-12-AC-4"}).decode()
    before, after = source.split("\r\n"), told.split("\r\n")
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == [
        ("* [ ] A card is charged", "* [x] A card is charged"),
        ("  * [x] once", "  * [ ] once"),
        ("1. [ ] A receipt is", "1. [x] A receipt is"),
    ]


def test_ticking_leaves_other_boxes_to_the_team(tracker: Tracker) -> None:
    """All items proved: 62 characters change, and no technical task or line of readiness."""
    told = tick(tracker, {item.id for item in (*tracker.items, *tracker.ready)})
    assert len(told) == len(tracker.source)
    assert sum(a != b for a, b in zip(told, tracker.source, strict=True)) == 62
    again = parse_bytes(told, PATH)
    assert all(item.ticked for item in again.items)
    assert again.ready == tracker.ready
    assert [task.technical for task in again.tasks] == [task.technical for task in tracker.tasks]


def test_changes_between_two_trackers_are_named(tracker: Tracker) -> None:
    """Inserted, reworded, removed and renumbered items, by their ids and hashes."""
    text = tracker.source.decode()
    text = text.replace(
        "- [ ] Database is deployed with", "- [ ] A new one\n- [ ] Database is deployed with"
    )
    text = text.replace("All health checks are passing", "All checks are passing")
    text = text.replace("- [ ] Recovery point objectives (RPO) defined\n", "")
    text = text.replace("- [ ] Technical approach is agreed upon", "- [x] The approach is agreed")
    found = {(each.kind, each.id): each for each in compare(tracker, read(text))}
    assert set(found) == {
        ("inserted", "TASK-001-AC-3"),
        *(("renumbered", f"TASK-001-AC-{number}") for number in (4, 5, 6, 7, 9)),
        ("reworded", "TASK-001-AC-8"),
        ("removed", "TASK-006-AC-5"),
        ("reworded", "DOR-4"),
    }
    reworded = found["reworded", "TASK-001-AC-8"]
    assert reworded.before is not None
    assert reworded.after is not None
    assert (reworded.before.id, reworded.before.text) == (
        "TASK-001-AC-7",
        "All health checks are passing",
    )
    assert reworded.after.text == "All checks are passing"
    assert reworded.before.sha256 != reworded.after.sha256


def test_a_tick_is_no_change_of_the_tracker(tracker: Tracker) -> None:
    """A box that was ticked promises what it promised before."""
    ticked = parse_bytes(tick(tracker, {item.id for item in tracker.items}), PATH)
    assert compare(tracker, ticked) == ()
