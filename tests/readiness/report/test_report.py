from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acceptance.errors import BrokenInput
from acceptance.readiness.definition_of_ready import ReadyLine, ReadyVerdict
from acceptance.readiness.evidence import EvidenceStore
from acceptance.readiness.gate.obstacles import find_obstacles, gating_items
from acceptance.readiness.outcome import Evidence, ScenarioOutcome, Status
from acceptance.readiness.outcome import (
    StatementResult as Said,  # not a test, whatever its name begins with
)
from acceptance.readiness.redaction import Redactor
from acceptance.readiness.report import write_reports
from acceptance.readiness.report.blocking import blocked_by, strange_blockers
from acceptance.readiness.report.headline import headline
from acceptance.readiness.report.schema import SCHEMA_FILE, load, validate
from acceptance.readiness.report.sprint import number_in, sprint_metrics
from acceptance.readiness.report.tally import counts, shown, told_by_scenarios
from acceptance.readiness.tracker import Tracker, parse_bytes
from acceptance.readiness.verdict import Verdict, decide
from tests.support.report_sample import (
    run_facts,
    write_sample,
)

ITEM = "TASK-001-AC-3"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The document of the made-up run."""
    return write_sample(tmp_path_factory.mktemp("reports"))


def outcome(status: Status = "passed", evidence: tuple[Evidence, ...] = ()) -> ScenarioOutcome:
    """One scenario about one item."""
    reason = "" if status == "passed" else f"it is {status}"
    return ScenarioOutcome((ITEM,), "A name", "f", status, reason, (), evidence, 1.0, 0.0)


def waiver(item: str) -> Said:
    """A valid waiver for an item."""
    return Said(
        item,
        "waiver",
        valid=True,
        reason="r",
        person="P",
        role="R",
        statement="s",
        date="2026-11-01",
        expires="2027-01-01",
    )


def all_met(tracker: Tracker, reports: Path) -> list[Verdict]:
    """Every item of the tracker, proved by one scenario each."""
    proof = EvidenceStore(reports, "s", Redactor([])).write("A", "fact", "text")
    return [
        Verdict(item, "met", "r", (replace(outcome(evidence=(proof,)), item_ids=(item.id,)),))
        for item in tracker.items
    ]


def reported(
    tmp_path: Path, tracker: Tracker, *outcomes: ScenarioOutcome
) -> dict[str, dict[str, str]]:
    """The items of the JSON report, by id."""
    write_reports(run_facts(), tracker, decide(tracker, outcomes), tmp_path)
    document = json.loads((tmp_path / "readiness.json").read_text())
    return {item["id"]: item for item in document["items"]}


def test_the_report_lists_every_item(tmp_path: Path, tracker: Tracker) -> None:
    """All 62 items are there; those without a scenario say so."""
    items = reported(tmp_path, tracker)
    assert list(items) == [item.id for item in tracker.items]
    assert {item["reason"] for item in items.values()} == {"no scenario"}


def test_a_report_that_forgets_an_item_is_an_error(tmp_path: Path, tracker: Tracker) -> None:
    """The report checks its own denominator."""
    with pytest.raises(BrokenInput, match="every item"):
        write_reports(run_facts(), tracker, decide(tracker, [])[1:], tmp_path)


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("changed")])
def test_changed_evidence_is_no_evidence(tmp_path: Path, tracker: Tracker, spoil: object) -> None:
    """Evidence that is gone or changed when the report is written makes its item unverified."""
    found = EvidenceStore(tmp_path, "s", Redactor([])).write("A", "fact", "text")
    assert reported(tmp_path, tracker, outcome(evidence=(found,)))[ITEM]["verdict"] == "met"
    assert callable(spoil)
    spoil(tmp_path / found.path)
    assert reported(tmp_path, tracker, outcome(evidence=(found,)))[ITEM]["verdict"] == "unverified"


def test_only_met_boxes_are_ticked(tmp_path: Path, tracker: Tracker) -> None:
    """The ticked tracker differs from the team's in one character of one line."""
    found = EvidenceStore(tmp_path, "s", Redactor([])).write("A", "fact", "text")
    reported(tmp_path, tracker, outcome(evidence=(found,)))
    before, after = tracker.source.splitlines(), (tmp_path / "tracker.md").read_bytes().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [
        (
            b"- [ ] Database is deployed with persistent storage",
            b"- [x] Database is deployed with persistent storage",
        )
    ]


def test_the_schema_is_published_and_holds(sample: dict[str, Any]) -> None:
    """The document is valid by docs/readiness.schema.json, which is a schema of Draft 2020-12."""
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA_FILE.parent.name == "docs"
    validate(sample)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found.pop("gate"),
        lambda found: found.update(schema="checkout-acceptance/readiness/1"),
        lambda found: found["items"][0].update(verdict="green"),
        lambda found: found["items"][0].pop("owner"),
        lambda found: found["items"][0]["scenarios"][0].update(steps=["Given it: passed"]),
        lambda found: found["trend"][0].update(met=-1),
        lambda found: found.update(surprise=1),
    ],
)
def test_the_schema_refuses_what_is_not_promised(sample: dict[str, Any], spoil: Any) -> None:  # noqa: ANN401 (a lambda)
    """A field that is missing, of another kind or unknown is named with its place."""
    spoilt = copy.deepcopy(sample)
    spoil(spoilt)
    with pytest.raises(BrokenInput, match=r"not valid at \$"):
        validate(spoilt)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "is not JSON"),
        ("[]", "no readiness report"),
        ('{"schema": "checkout-acceptance/readiness/1"}', "readiness/1, not"),
        ('{"schema": "checkout-acceptance/readiness/2"}', "not valid at"),
        (None, "cannot be read"),
    ],
)
def test_a_report_that_cannot_be_read_is_named(
    tmp_path: Path, content: str | None, complaint: str
) -> None:
    """One sentence names the file, what is wrong with it, and what to try."""
    path = tmp_path / "readiness.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BrokenInput, match=complaint) as error:
        load(path)
    assert str(path) in error.value.message
    assert "Try: make acceptance" in error.value.message


def test_each_item_has_somebody_who_owes_it(sample: dict[str, Any]) -> None:
    """The role that has to attest, else the task's assignee, else it says that nobody is named."""
    owners = {item["id"]: item["owner"] for item in sample["items"]}
    assert owners["TASK-001-DOD-1"] == "Reviewer"
    assert owners["TASK-001-AC-4"] == "Development Team"
    assert owners["TASK-005-AC-1"] == "nobody named"


def test_a_waived_item_is_shown_and_never_counts_as_met(sample: dict[str, Any]) -> None:
    """Its verdict stays, it stands in nobody's way, and its task is no nearer to completed."""
    (item,) = (each for each in sample["items"] if each["id"] == "TASK-002-DOD-2")
    assert (item["verdict"], shown(item)) == ("unverified", "waived")
    ways = [way["id"] for way in sample["gate"]["standing_in_the_way"]]
    assert "TASK-002-DOD-2" not in ways
    assert "TASK-002-DOD-1" in ways
    assert shown(item | {"verdict": "met"}) == "met"  # then nobody needs the waiver
    assert counts(sample["items"]) == {"met": 6, "unmet": 1, "unverified": 55, "waived": 1}


def test_the_gate_is_about_what_the_sprint_holds(sample: dict[str, Any]) -> None:
    """The icebox gates the release and not the sprint; a task gates itself; others are refused."""
    assert len(gating_items(sample, "sprint")) == 52
    assert len(gating_items(sample, "release")) == 62
    assert find_obstacles(sample, "TASK-002")
    assert all(way["id"].startswith("TASK-002-") for way in find_obstacles(sample, "TASK-002"))
    with pytest.raises(BrokenInput, match="There is no gate TASK-009"):
        gating_items(sample, "TASK-009")


def test_all_met_is_ready(tmp_path: Path, tracker: Tracker) -> None:
    """Otherwise no test below of what is not ready would prove anything."""
    document = write_reports(run_facts(), tracker, all_met(tracker, tmp_path), tmp_path)
    assert document["ready"] is True
    assert all(task["ready"] and not task["blocked_by"] for task in document["tasks"])
    assert headline(document).sentence == "Ready for the sprint: all 52 items are met."


def test_met_or_waived_is_ready(tmp_path: Path, tracker: Tracker) -> None:
    """A waiver lets a release pass, also one for an unmet item, and the sentence says so."""
    verdicts = all_met(tracker, tmp_path)
    verdicts[0] = replace(verdicts[0], verdict="unmet", waiver=waiver(verdicts[0].item.id))
    document = write_reports(run_facts(), tracker, verdicts, tmp_path)
    assert document["ready"] is True
    assert document["items"][0]["verdict"] == "unmet"
    assert "all 52 items are met or waived (1)" in headline(document).sentence
    assert document["sprint"]["computed"]["completed"] == 34 - 8


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"complete": False}, "a partial run"),
        ({"interrupted": True}, "interrupted"),
        ({"environment_failure": "No space. Try: more."}, "nothing was proved"),
    ],
)
def test_a_run_that_did_not_see_everything_is_never_ready(
    tmp_path: Path, tracker: Tracker, changed: dict[str, Any], words: str
) -> None:
    """Though nothing stands in the way, because nothing was looked at."""
    verdicts = all_met(tracker, tmp_path)
    document = write_reports(run_facts(**changed), tracker, verdicts, tmp_path)
    assert document["ready"] is False
    assert words in headline(document).sentence


def test_a_gate_about_nothing_is_not_ready(tmp_path: Path, tracker: Tracker) -> None:
    """A sprint that is empty, because all is in the icebox, has proved nothing."""
    frozen = replace(tracker, tasks=tuple(replace(t, status="Icebox") for t in tracker.tasks))
    document = write_reports(run_facts(), frozen, all_met(frozen, tmp_path), tmp_path)
    assert document["ready"] is False
    assert "no item" in headline(document).sentence


def test_the_sentence_names_three_things_and_who_owes_them(sample: dict[str, Any]) -> None:
    """What is known to be wrong comes first, then what is not known, then how many more."""
    assert headline(sample).sentence == (
        "Not ready for the sprint: 45 of 52 items stand in the way: Backend deployment is healthy "
        "with 2+ replicas (TASK-001-AC-4, unmet, owed by Development Team); k3s cluster is running "
        "and accessible (TASK-001-AC-1, unverified, owed by Development Team); and Code reviewed "
        "and approved (TASK-001-DOD-1, unverified, owed by Reviewer); and 42 more."
    )


def test_a_task_is_blocked_until_its_blocker_is_ready(
    tmp_path: Path, tracker: Tracker, sample: dict[str, Any]
) -> None:
    """TASK-002 requires TASK-001: blocked while that is not ready, and not any longer."""
    blocked = {task["id"]: task["blocked_by"] for task in sample["tasks"]}
    assert blocked.pop("TASK-002") == ["TASK-001"]
    assert not any(blocked.values())
    verdicts = [
        replace(each, verdict="unverified") if each.item.task == "TASK-002" else each
        for each in all_met(tracker, tmp_path)
    ]
    document = write_reports(run_facts(), tracker, verdicts, tmp_path)
    (task,) = (each for each in document["tasks"] if each["id"] == "TASK-002")
    assert not task["ready"]
    assert not task["blocked_by"]


@pytest.mark.parametrize(
    ("blockers", "found", "strange"),
    [
        ("None currently", [], 0),
        ("Requires T-1 and T-2, then T-1 again", ["T-1"], 0),
        ("T-3", [], 0),
        ("T-10", [], 1),
        ("UTF-8 and ISO-8601", [], 0),
    ],
)
def test_blockers_are_read_as_whole_ids(blockers: str, found: list[str], strange: int) -> None:
    """T-10 is not T-1, a task never blocks itself, and an unknown task is noted."""
    tasks = [
        {"id": "T-1", "ready": False, "blockers": ""},
        {"id": "T-2", "ready": True, "blockers": ""},
        {"id": "T-3", "ready": False, "blockers": blockers},
    ]
    assert blocked_by(tasks[2], tasks) == found
    assert len(strange_blockers(tasks)) == strange


def test_sprint_metrics_differ_with_a_reason(sample: dict[str, Any], tracker: Tracker) -> None:
    """The team's figures stand beside the computed ones; each difference says why."""
    assert sample["sprint"]["tracker"] == {"total": 34, "completed": 0, "in_progress": 8}
    assert sample["sprint"]["computed"] == {"total": 34, "completed": 0, "in_progress": 8}
    assert sample["sprint"]["differences"] == []
    wrong = replace(tracker, metrics=(("Total Story Points", "40"), ("Completed Points", "some")))
    found = sprint_metrics(wrong, sample["tasks"])
    assert found["tracker"] == {"total": 40, "completed": None, "in_progress": None}
    total, completed, in_progress = found["differences"]
    assert "the tracker says 40, the verdicts say 34" in total
    assert "TASK-004 (13)" in total
    assert "“some”, which is not a number" in completed
    assert "is not in the tracker; it is 8" in in_progress


def test_a_task_without_points_is_named(sample: dict[str, Any], tracker: Tracker) -> None:
    """It counts as nothing, and nobody has to guess why the sum is smaller."""
    tasks = [sample["tasks"][0] | {"points": "8-13"}, *sample["tasks"][1:]]
    found = sprint_metrics(tracker, tasks)
    assert found["computed"]["total"] == 26
    assert "TASK-001 has no story points and counts as 0." in found["differences"]


def test_points_may_be_fractions() -> None:
    """Half a point is a number, a range is none."""
    assert [number_in(text) for text in ("0.5", " 8 ", "3 points", "8 or 13", "", None)] == [
        *(0.5, 8, 3),
        *(None, None, None),
    ]


def test_the_definition_of_ready_is_told_for_each_task(sample: dict[str, Any]) -> None:
    """Six lines, each with a verdict and a reason for each of the six tasks."""
    lines = sample["definition_of_ready"]
    assert [line["id"] for line in lines] == [f"DOR-{number}" for number in range(1, 7)]
    assert {len(line["tasks"]) for line in lines} == {6}
    assert all(each["reason"] for line in lines for each in line["tasks"])


def test_a_line_of_the_definition_of_ready_needs_a_known_verdict(
    tmp_path: Path, tracker: Tracker, sample: dict[str, Any]
) -> None:
    """A word that is none of the three is refused before anything is written."""
    assert sample
    wrong = ReadyVerdict("TASK-001", "maybe", "r")  # type: ignore[arg-type]
    line = ReadyLine(tracker.items[0], (wrong,))
    with pytest.raises(BrokenInput, match="maybe"):
        write_reports(
            run_facts(), tracker, decide(tracker, []), tmp_path, definition_of_ready=(line,)
        )
    assert not (tmp_path / "readiness.json").exists()


def test_half_a_character_does_not_stop_the_report(tmp_path: Path, tracker: Tracker) -> None:
    """A message may hold half of a surrogate pair, which no encoding has."""
    broken = replace(outcome("failed"), reason="cut \ud83d here")
    assert reported(tmp_path, tracker, broken)[ITEM]["reason"] == "A name: cut ? here"


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        ((), ""),
        (("passed", "passed"), "met"),
        (("passed", "skipped"), "unverified"),
        (("missing",), "unverified"),
        (("skipped", "failed"), "unmet"),
    ],
)
def test_what_scenarios_alone_would_tell(statuses: tuple[str, ...], told: str) -> None:
    """The word that somebody reads who sees nothing but the scenarios."""
    assert told_by_scenarios({"scenarios": [{"status": each} for each in statuses]}) == told


def test_what_the_tracker_says_otherwise_now_is_shown(tmp_path: Path, tracker: Tracker) -> None:
    """A reworded and an inserted item are named, with old and new words, in every form."""
    first = write_reports(run_facts(), tracker, decide(tracker, []), tmp_path)
    assert first["changes"]["tracker"] == []
    source = tracker.source.decode()
    source = source.replace("- [ ] All health checks are passing", "- [ ] All checks pass")
    source = source.replace(
        "- [ ] Load testing performed", "- [ ] Load testing performed\n- [ ] New"
    )
    changed = parse_bytes(source.encode(), Path("tracker.md"))
    document = write_reports(run_facts(), changed, decide(changed, []), tmp_path)
    told = {(each["kind"], each["id"]): each for each in document["changes"]["tracker"]}
    assert told["reworded", "TASK-001-AC-7"]["before"] == "All health checks are passing"
    assert told["reworded", "TASK-001-AC-7"]["after"] == "All checks pass"
    assert told["inserted", "TASK-005-AC-5"]["after"] == "New"
    assert ("renumbered", "TASK-005-AC-6") in told
    for name in ("readiness.html", "readiness.md"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "TASK-001-AC-7 reworded" in text.replace("\\", "")
    again = write_reports(run_facts(), changed, decide(changed, []), tmp_path)
    assert again["changes"]["tracker"] == []


def test_a_part_is_compared_with_no_other_tracker(tmp_path: Path, tracker: Tracker) -> None:
    """Only a complete run is compared, and only its tracker is remembered."""
    write_reports(run_facts(complete=False), tracker, decide(tracker, []), tmp_path)
    changed = parse_bytes(tracker.source.replace(b"All health", b"The health"), Path("t.md"))
    document = write_reports(run_facts(), changed, decide(changed, []), tmp_path)
    assert document["changes"] == {"since": None, "items": [], "tracker": []}
    back = write_reports(run_facts(complete=False), tracker, decide(tracker, []), tmp_path)
    assert back["changes"]["tracker"] == []


def test_a_part_names_only_what_it_looked_at(tmp_path: Path, tracker: Tracker) -> None:
    """Who runs one scenario is not told of all the others, only that they are not known."""
    facts = run_facts(complete=False, selected=1)
    found = EvidenceStore(tmp_path, "s", Redactor([])).write("A", "fact", "text")
    told = headline(write_reports(facts, tracker, decide(tracker, [outcome("failed")]), tmp_path))
    assert [way["id"] for way in told.ways] == [ITEM]
    assert told.lead.startswith("a partial run (1 scenario); 52 of 52 items")
    good = decide(tracker, [outcome(evidence=(found,))])
    told = headline(write_reports(facts, tracker, good, tmp_path))
    assert (told.ready, told.ways) == (False, ())
    assert told.sentence.endswith("51 of 52 items stand in the way.")
