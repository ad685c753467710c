from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceptance.cli.__main__ import main
from acceptance.errors import BrokenInput
from acceptance.readiness.gate import (
    GateDecision,
    decide_gate,
    evidence_problems,
    expiry_problems,
    find_obstacles,
    gating_items,
    revision_problems,
)
from acceptance.readiness.gate.decision import SCHEMA
from acceptance.readiness.report import schema
from acceptance.readiness.tracker import parse
from tests.support.readiness_documents import COMMIT, document, turn
from tests.support.signing_office import Office, first_office, office

__all__ = ["first_office", "office"]
TRACKER = parse(Path(__file__).parents[3] / "tracker.md")
ONE, ICY = "TASK-001-AC-1", "TASK-005-AC-1"
WAIVER = {"person": "Bob", "expires": "2099-12-31"}


def judged(found: object, gate: str = "sprint", problems: tuple[str, ...] = ()) -> GateDecision:
    """What a gate says of a report of this project."""
    return decide_gate(found, gate=gate, tracker=TRACKER, commit=COMMIT, problems=problems)


def refused(found: object, reason: str, gate: str = "sprint") -> None:
    """See that a report cannot be used, for this reason."""
    result = judged(found, gate)
    assert result.code == 65, result
    assert any(reason in sentence for sentence in result.sentences), result


@pytest.mark.parametrize("gate", ["sprint", "release", "TASK-001"])
def test_a_gate_is_passed_if_everything_is_met(gate: str) -> None:
    """Otherwise the refusals below would prove nothing."""
    result = judged(document(TRACKER), gate)
    assert result.code == 0
    assert result.sentences[0].startswith(f"The gate {gate} is passed: ")


def test_it_reads_the_version_that_is_written() -> None:
    """And asks for nothing that the published schema does not promise."""
    assert SCHEMA == schema.SCHEMA
    published = json.loads(schema.SCHEMA_FILE.read_text(encoding="utf-8"))
    found = document(TRACKER)
    assert set(found) <= set(published["required"])
    item = published["properties"]["items"]["items"]
    assert set(found["items"][0]) <= set(item["required"])


@pytest.mark.parametrize(("verdict", "code"), [("unmet", 1), ("unverified", 10)])
def test_one_item_stands_in_the_way(verdict: str, code: int) -> None:
    """It is named with its reason and who owes it; unmet and unverified have codes of their own."""
    result = judged(turn(document(TRACKER), ONE, verdict))
    assert result.code == code
    assert result.sentences[1] == f"{verdict} {ONE} (Development Team): it is {verdict}"


def test_unmet_weighs_more_than_unverified() -> None:
    """One of each is 1."""
    found = turn(turn(document(TRACKER), ONE, "unverified"), "TASK-002-AC-1", "unmet")
    assert judged(found).code == 1


def test_the_sprint_leaves_the_icebox_out_and_a_release_does_not() -> None:
    """What the team works on later does not hold up the sprint."""
    found = turn(document(TRACKER), ICY, "unmet")
    assert [judged(found, gate).code for gate in ("sprint", "release", "TASK-005")] == [0, 1, 1]
    assert len(gating_items(found, "sprint")) == 52
    assert len(gating_items(found, "release")) == 62


@pytest.mark.parametrize("verdict", ["unmet", "unverified"])
def test_a_waiver_lets_an_item_pass_and_is_told(verdict: str) -> None:
    """It never counts as met: it has a count of its own, and its verdict is shown."""
    result = judged(turn(document(TRACKER), ONE, verdict, waiver=WAIVER))
    assert result.code == 0
    assert "51 of 52 items met, 1 waived" in result.sentences[0]
    assert f"waived {ONE} ({verdict}) by Bob until 2099-12-31" in result.sentences[1]


def test_what_stands_in_the_way_is_what_the_report_lists() -> None:
    """The report and the gate use one function."""
    found = turn(turn(document(TRACKER), ONE, "unmet"), ICY, "unverified")
    assert find_obstacles(found, "release") == [
        {"id": ONE, "verdict": "unmet", "reason": "it is unmet", "owner": "Development Team"},
        {"id": ICY, "verdict": "unverified", "reason": "it is unverified",
         "owner": "Development Team"},
    ]  # fmt: skip
    with pytest.raises(BrokenInput, match="There is no gate later"):
        find_obstacles(found, "later")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"selected": 0}, "was empty"),
        ({"complete": False}, "run was partial"),
        ({"interrupted": True}, "was interrupted"),
        ({"commit": f"{COMMIT}-dirty"}, f"is of commit {COMMIT}-dirty, not of {COMMIT}"),
        ({"commit": "b" * 40}, "is of commit"),
        ({"commit": COMMIT[:12]}, "is of commit"),
        ({"schema": "checkout-acceptance/readiness/1"}, "is required"),
        ({"schema": "checkout-acceptance/readiness/3"}, "is required"),
        ({"schema": None}, "no readiness report"),
        ({"items": []}, "has 0 items, which differ from the 62 of the tracker"),
        ({"tasks": []}, "tasks differ from the 6 of the tracker"),
        ({"complete": "yes"}, "not valid at $.complete"),
        ({"items": [{}]}, "not valid at $.items[0]"),
    ],
)
def test_what_cannot_be_used_never_passes(changed: dict[str, Any], reason: str) -> None:
    """Empty, partial, interrupted, stale, of another version, or with another denominator."""
    refused(document(TRACKER, **changed), reason)


@pytest.mark.parametrize("found", [None, [], "ready", 0, {}])
def test_what_is_no_report_never_passes(found: object) -> None:
    """Whatever JSON it is."""
    refused(found, "no readiness report")


@pytest.mark.parametrize("place", [0, 30, 61])
def test_a_report_that_forgets_an_item_never_passes(place: int) -> None:
    """Nor one that names an item twice, or in other words."""
    less, more, other = (document(TRACKER) for _ in range(3))
    del less["items"][place]
    more["items"].append(more["items"][place])
    other["items"][place]["sha256"] = "0" * 64
    for found in (less, more, other):
        refused(found, "which differ from the 62 of the tracker")


def test_a_task_cannot_be_put_into_the_icebox_by_the_report() -> None:
    """What is in the sprint is what the tracker says."""
    found = turn(document(TRACKER), ONE, "unmet")
    found["tasks"][0]["in_sprint"] = False
    refused(found, "tasks differ from the")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"evidence": []}, "met without evidence"),
        ({"scenarios": [{"status": "passed"}, {"status": "failed"}]}, "although a scenario failed"),
        ({"scenarios": [{"status": "skipped"}]}, "met, although no scenario"),
        ({"scenarios": []}, "met, although no scenario"),
        (
            {"scenarios": [], "attestations": [{"valid": False, "expires": "2099-01-01"}]},
            "met, although no scenario",
        ),
    ],
)
def test_a_report_that_contradicts_itself_never_passes(
    changed: dict[str, Any], reason: str
) -> None:
    """Met is believed only with what it rests on."""
    found = document(TRACKER)
    found["items"][3] |= changed
    refused(found, reason)


def test_an_attested_item_may_have_no_scenario() -> None:
    """A valid attestation is what it rests on."""
    found = document(TRACKER)
    said = [{"valid": True, "expires": "2099-01-01"}]
    found["items"][8] |= {"scenarios": [], "attestations": said}
    assert judged(found).code == 0


def test_no_environment_is_neither_unmet_nor_broken() -> None:
    """69, with the sentence that the run told; a report of something else is still stale."""
    found = document(TRACKER, environment_failure="There is no cluster. Try: more.")
    result = judged(found)
    assert (result.code, "There is no cluster." in result.sentences[0]) == (69, True)
    refused(found | {"commit": "other"}, "is of commit other")


def test_a_scenario_that_never_reported_never_passes() -> None:
    """Also where its item is none of the gate's: nobody knows what else was lost."""
    found = document(TRACKER)
    item = next(item for item in found["items"] if item["task"] == "TASK-002")
    item |= {"scenarios": [{"status": "missing"}], "verdict": "unverified"}
    refused(found, f"A scenario of {item['id']} never reported", "TASK-001")


def test_a_doubt_is_enough() -> None:
    """What the caller saw wrong with files, clock or tree."""
    result = judged(document(TRACKER), problems=("The evidence is gone.",))
    assert (result.code, result.sentences[-1]) == (65, "The evidence is gone.")


def test_a_report_of_another_tracker_never_passes() -> None:
    """Also when its items are the same: words around them may have changed what they mean."""
    refused(document(TRACKER) | {"tracker": {"sha256": "0" * 64}}, "a different tracker")


def test_a_gate_that_there_is_not_never_passes() -> None:
    """A task with a typing error in its id is not ready."""
    refused(document(TRACKER), "There is no gate TASK-009", "TASK-009")


def test_a_gate_without_items_never_passes(tmp_path: Path) -> None:
    """Where everything is in the icebox, the sprint is nothing, and nothing is not ready."""
    text = "# A\n\n#### TASK-1: A\n- **Status**: Icebox\n\n**Acceptance Criteria**:\n- [ ] It is\n"
    (tmp_path / "tracker.md").write_text(text.replace("TASK-1", "TASK-001"))
    frozen = parse(tmp_path / "tracker.md")
    found = document(frozen)
    result = decide_gate(found, gate="sprint", tracker=frozen, commit=COMMIT, problems=())
    assert (result.code, result.sentences[-1]) == (
        65,
        "The gate sprint has no items. Try: --gate release",
    )
    release = decide_gate(found, gate="release", tracker=frozen, commit=COMMIT, problems=())
    assert release.code == 0


@settings(deadline=None)  # a busy machine is no defect
@given(
    st.sampled_from(sorted(document(TRACKER))),
    st.none()
    | st.text()
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(), st.none()),
)
def test_no_report_crashes_the_gate(field: str, value: object) -> None:
    """Whatever a field holds, the answer is an exit code; only what the field may hold passes."""
    result = judged(document(TRACKER) | {field: value})
    assert result.code in {65, 69} or (field, value) == ("environment_failure", None)


@settings(deadline=None)  # a busy machine is no defect
@given(
    st.dictionaries(
        st.sampled_from([item.id for item in TRACKER.items]),
        st.tuples(st.sampled_from(["met", "unmet", "unverified"]), st.booleans()),
    ),
    st.sampled_from(["sprint", "release", *(task.id for task in TRACKER.tasks)]),
)
def test_a_gate_passes_only_what_is_met_or_waived(
    verdicts: dict[str, tuple[str, bool]], gate: str
) -> None:
    """For every mixture of verdicts and waivers, and every gate."""
    found = document(TRACKER)
    for item, (verdict, waived) in verdicts.items():
        turn(found, item, verdict, waiver=WAIVER if waived else None)
    sprint = {task.id for task in TRACKER.tasks if task.in_sprint}
    open_words = {
        verdict
        for item, (verdict, waived) in verdicts.items()
        if not waived
        and (
            gate == "release" or item.startswith(gate) or (gate == "sprint" and item[:8] in sprint)
        )
    }
    expected = 1 if "unmet" in open_words else 10 if "unverified" in open_words else 0
    assert judged(found, gate).code == expected


def test_evidence_is_read_again(tmp_path: Path) -> None:
    """What is gone, changed, or outside of the report's folder is no evidence."""
    reports = tmp_path / "reports"
    (reports / "evidence").mkdir(parents=True)
    for path in (reports / "evidence/a.txt", tmp_path / "b.txt"):
        path.write_bytes(b"fact")
    entry = {"path": "evidence/a.txt", "sha256": hashlib.sha256(b"fact").hexdigest()}
    found = {"items": [{"evidence": [entry]}]}
    assert evidence_problems(found, reports) == []
    (reports / "evidence/a.txt").write_bytes(b"other")
    assert "evidence/a.txt is missing or was changed" in evidence_problems(found, reports)[0]
    (reports / "evidence/a.txt").unlink()
    assert evidence_problems(found, reports)
    entry["path"] = "../b.txt"
    assert evidence_problems(found, reports)


def test_a_commit_that_does_not_say_what_is_there_is_doubted() -> None:
    """Two reports of a changed tree may be of two trees."""
    assert revision_problems(COMMIT) == []
    assert "uncommitted changes" in revision_problems(f"{COMMIT}-dirty")[0]
    assert "not a git repository" in revision_problems("unknown")[0]


def test_what_ended_since_the_report_is_doubted() -> None:
    """A waiver or an attestation counts until its last day, and not a day longer."""
    found = turn(document(TRACKER), ONE, "unmet", waiver=WAIVER | {"expires": "2026-07-15"})
    said = [{"valid": True, "expires": "2026-07-15"}]
    found["items"][8] |= {"scenarios": [], "attestations": said}
    assert expiry_problems(found, dt.date(2026, 7, 15)) == []
    problems = expiry_problems(found, dt.date(2026, 7, 16))
    assert len(problems) == 2
    assert problems[0].startswith(f"The waiver of {ONE} ended on 2026-07-15.")
    assert expiry_problems(turn(found, ONE, "unmet", waiver={"expires": "x"}), dt.date(2026, 7, 1))


@pytest.fixture
def reported(office: Office, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The report of a run of a small project, as a file; everything is met."""
    office.write(".gitignore", "/reports/\n")
    commit = office.commit("Reports are not a part")
    reports = office.root / "reports"
    (reports / "evidence").mkdir(parents=True)
    (reports / "evidence/a.txt").write_bytes(b"fact")
    digest = hashlib.sha256(b"fact").hexdigest()
    found = document(office.tracker, commit=commit)
    for item in found["items"]:
        item["evidence"][0]["sha256"] = digest
    monkeypatch.chdir(office.root)
    path = reports / "readiness.json"
    path.write_text(json.dumps(found))
    return path


def change(path: Path, item: str, verdict: str) -> None:
    """Give an item of a report another verdict."""
    path.write_text(json.dumps(turn(json.loads(path.read_text()), item, verdict)))


def test_the_command_judges_the_last_run(
    reported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without arguments it is the sprint, by the report in the reports' folder."""
    assert main(["gate"]) == 0
    assert capsys.readouterr().out == ("The gate sprint is passed: 3 of 3 items met, 0 waived.\n")
    assert main(["gate", str(reported), "--gate", "release"]) == 0


def test_the_command_ends_with_the_code_of_the_verdict(
    reported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 for unmet, 10 for unverified, and the icebox only for the release."""
    change(reported, "TASK-002-AC-1", "unmet")
    assert [main(["gate"]), main(["gate", "--gate", "release"])] == [0, 1]
    change(reported, "TASK-001-AC-1", "unverified")
    assert main(["gate"]) == 10
    assert "unverified TASK-001-AC-1 (Development Team): it is unverified" in (
        capsys.readouterr().out
    )


def test_the_command_refuses_a_stale_report(
    reported: Path, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """After another commit, a change beside it, or a change of the tracker."""
    assert reported.exists()
    office.commit("More")
    assert main(["gate"]) == 65
    assert "is of commit" in capsys.readouterr().out
    office.git("reset", "--quiet", "--hard", "HEAD~1")
    office.write("src/app.py", "x = 2\n")
    assert main(["gate"]) == 65
    assert "uncommitted changes" in capsys.readouterr().out
    office.git("checkout", "--quiet", ".")
    assert main(["gate"]) == 0


def test_the_command_refuses_spoilt_evidence(
    reported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report's folder belongs together."""
    (reported.parent / "evidence/a.txt").write_text("other")
    assert main(["gate"]) == 65
    assert "evidence/a.txt and 3 more is missing or was changed" in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, "", "{", "[]", "[" * 100_000])
def test_the_command_refuses_what_is_no_report(
    reported: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is gone or broken is one sentence and 65, never a traceback."""
    reported.unlink()
    if content is not None:
        reported.write_text(content)
    assert main(["gate"]) == 65
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    assert "Try: make acceptance" in out + err


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """Help has examples and every exit code."""
    with pytest.raises(SystemExit) as end:
        main(["gate", "--help"])
    assert end.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "acceptance gate reports/readiness.json --gate release" in text
    assert "0 ready, 1 unmet, 10 unverified, 69 the environment could not be started, 65" in text
