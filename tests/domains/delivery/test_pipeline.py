from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from acceptance.domains.delivery.drivers import act
from acceptance.domains.delivery.drivers.act import WorkflowRun
from acceptance.domains.delivery.drivers.workflows import WorkflowFacts, read_workflow
from acceptance.domains.delivery.malicious_changes import MALICIOUS_CHANGES
from acceptance.domains.delivery.pipeline import WORKFLOW, ProposedChange, PipelineEngineer
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.judgement import Unverifiable
from acceptance.process import Completed
from acceptance.project import ROOT
from acceptance.settings import Timeouts
from tests.domains.delivery.test_quality import Folder, system

SECRET = MALICIOUS_CHANGES["a push with a hard-coded secret"]


@pytest.fixture
def engineer(tmp_path: Path) -> Iterator[PipelineEngineer]:
    """The pipeline engineer."""
    actor = PipelineEngineer(system(tmp_path), {}, keep=Folder(), timeouts=Timeouts())
    yield actor
    actor.tidy()


def workflow(tmp_path: Path, text: str) -> WorkflowFacts:
    """A workflow as it is read."""
    path = tmp_path / WORKFLOW
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    facts = read_workflow(tmp_path, WORKFLOW)
    assert facts is not None
    return facts


def shown(*texts: str, parts: tuple[str, ...] = ("code", "deployment", "secrets")) -> str:
    """The file that a scan hands on, with findings in its first run."""
    results = [[{"message": {"text": text}} for text in texts], [], []]
    runs = [
        {
            "automationDetails": {"id": f"{part}/scanner/"},
            "invocations": [{"executionSuccessful": True}],
            "results": found,
        }
        for part, found in zip(parts, results, strict=False)
    ]
    return json.dumps({"runs": runs})


PASSED = WorkflowRun(
    "push", (("security/sources", "success"),), (("Scan", "success"),), (), "", (shown(),), 1.0
)
FOUND = f"detect-secrets: a secret {SECRET.finding}"
BLOCKED = replace(
    PASSED,
    jobs=(("security/sources", "failure"),),
    said=f"CRITICAL {FOUND} [fingerprint abc]\n",
    shown=(shown(FOUND),),
)


def test_a_gate_that_shuts_in_time_is_good(engineer: PipelineEngineer) -> None:
    """It passes what is good, blocks what is not, names it, and hands it on."""
    engineer.judge_passing(PASSED)
    offer = ProposedChange(SECRET, "abc", BLOCKED)
    engineer.judge_blocked(offer)
    engineer.judge_named(offer)
    engineer.judge_shown(offer)


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (replace(PASSED, jobs=()), r"security\.yml runs on push"),
        (replace(BLOCKED, said="note: expired\nCRITICAL a\n"), r"as they are: CRITICAL a\. note"),
        (replace(PASSED, shown=(shown(parts=("code",)),)), "looked at deployment; secrets"),
        (replace(PASSED, shown=()), "looked at code; deployment; secrets"),
    ],
)
def test_a_workflow_that_proves_nothing_is_seen(
    engineer: PipelineEngineer, run: WorkflowRun, reason: str
) -> None:
    """Before any change is offered."""
    with pytest.raises(AssertionError, match=reason):
        engineer.judge_passing(run)


def test_a_workflow_that_cannot_run_here_is_unverified(engineer: PipelineEngineer) -> None:
    """It fails on every change then, for a reason of this machine."""
    with pytest.raises(Unverifiable, match="to its end here: NOT LOOKED AT: the code"):
        engineer.judge_passing(replace(BLOCKED, said="NOT LOOKED AT: the code (no bandit)\n"))


def test_a_red_for_another_reason_is_no_gate(engineer: PipelineEngineer) -> None:
    """Nor is one that tells nobody, nor one that excuses."""
    with pytest.raises(AssertionError, match=r"let .*deploy\.env:1 pass"):
        engineer.judge_blocked(ProposedChange(SECRET, "abc", PASSED))
    with pytest.raises(AssertionError, match=r"did not name .*last words: no space left"):
        engineer.judge_named(ProposedChange(SECRET, "abc", replace(BLOCKED, said="no space left")))
    with pytest.raises(AssertionError, match=r"is not among .* to be shown: nothing"):
        engineer.judge_shown(ProposedChange(SECRET, "abc", replace(BLOCKED, shown=(shown(),))))


def test_the_workflow_of_this_project_has_no_way_around(engineer: PipelineEngineer) -> None:
    """Its actions are pinned by commit."""
    facts = read_workflow(ROOT, WORKFLOW)
    assert facts is not None
    engineer.judge_always(facts)
    engineer.judge_strict(facts)
    assert all(len(each.partition("@")[2]) == 40 for each in facts.uses)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("on: push\njobs: {a: {}}", "it does not run on pull_request"),
        ("on: [push, pull_request]\njobs: {a: {if: x}}", r"a has a condition \(if\)"),
        (
            "on: {push: {branches: [main]}, pull_request: }\njobs: {a: {}}",
            "runs on push with branches only",
        ),
        (
            "on: [push, pull_request]\njobs: {a: {steps: [{run: Scan, continue-on-error: true}]}}",
            "a: Scan may fail",
        ),
    ],
)
def test_a_way_around_is_named(
    engineer: PipelineEngineer, tmp_path: Path, text: str, reason: str
) -> None:
    """Whatever form the workflow has."""
    facts = workflow(tmp_path, text)

    def judge() -> None:
        engineer.judge_always(facts)
        engineer.judge_strict(facts)

    with pytest.raises(AssertionError, match=reason):
        judge()


LINES = (
    {"msg": "Run Main Scan", "step": "Scan", "stage": "Main", "stepID": ["1"]},
    {"msg": "1 critical.\r\n", "raw_output": True, "stage": "Main", "stepID": ["1"]},
    {"msg": "x", "step": "Scan", "stage": "Main", "stepID": ["1"], "stepResult": "failure"},
    {"msg": "y", "step": "Show", "stage": "Main", "stepID": ["2", "0"], "stepResult": "success"},
    {"msg": "Job failed", "job": "security/sources", "jobResult": "failure"},
)
"""As act writes them."""


class RecordedAct:
    """Answers in the place of act, and sees how it was called."""

    def __init__(self, lines: Sequence[object] = LINES, said: str = "") -> None:
        """CommitReviews `lines` on stdout and `said` on stderr."""
        self._answer = Completed("\n".join(map(json.dumps, lines)), said, 1.0, 1)
        self.command: list[str] = []
        self.stand_ins: dict[str, str] = {}
        self.env: dict[str, str | None] = {}

    def __call__(
        self, command: Sequence[str | Path], *, env: dict[str, str | None], **_: object
    ) -> Completed:
        """Note the call."""
        self.command, self.env = list(map(str, command)), env
        for each in self.command:
            option, _equals, value = each.partition("=")
            if option == "--local-repository":
                action, _equals, folder = value.partition("=")
                (found,) = Path(folder).rglob("action.yml")
                self.stand_ins[action] = f"{found.relative_to(folder)}\n{found.read_text()}"
        return self._answer


def test_a_workflow_runs_cut_off_and_what_is_absent_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a network, and without this user's variables; actions of others stand still."""
    recorded = RecordedAct()
    monkeypatch.setattr(act, "run", recorded)
    monkeypatch.setenv("GITHUB_TOKEN", "somebody's")
    facts = read_workflow(ROOT, WORKFLOW)
    assert facts is not None
    found = act.run_workflow(tmp_path, facts, "push", timeout=1)
    assert "--net" in recorded.command
    assert recorded.env["GITHUB_TOKEN"] is None
    upload = next(each for each in recorded.stand_ins if each.startswith("github/codeql-action@"))
    assert recorded.stand_ins[upload].startswith("upload-sarif/action.yml\n")
    assert {each.partition("@")[0] for each in found.absent} == {
        "actions/setup-python",
        "github/codeql-action/upload-sarif",
    }
    assert (found.jobs, found.passed) == ((("security/sources", "failure"),), False)
    assert (found.steps, found.said) == ((("Scan", "failure"),), "1 critical.\n")


def test_act_that_cannot_run_is_no_red_workflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But an event that starts nothing is a fact."""
    facts = workflow(tmp_path, "on: push\njobs: {a: {}}")
    monkeypatch.setattr(act, "run", RecordedAct((), "unshare: Operation not permitted"))
    with pytest.raises(EnvironmentFailure, match=r"run .* here: unshare: Operation not permitted"):
        act.run_workflow(tmp_path, facts, "push", timeout=1)
    monkeypatch.setattr(act, "run", RecordedAct((), "Error: Could not find any stages to run."))
    assert act.run_workflow(tmp_path, facts, "pull_request", timeout=1).jobs == ()


def test_what_is_no_workflow_is_said(engineer: PipelineEngineer, tmp_path: Path) -> None:
    """None at all is a criterion that is not met; a broken one is broken input."""
    with pytest.raises(AssertionError, match=r"there is no \.github/workflows/security\.yml"):
        engineer.read()
    with pytest.raises(BrokenInput, match=r"security\.yml is no workflow"):
        workflow(tmp_path, "jobs: 1")
