from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from acceptance.domains.delivery import pipeline
from acceptance.domains.delivery.drivers.act import WorkflowRun
from acceptance.domains.delivery.drivers.workflows import read_workflow
from acceptance.domains.delivery.malicious_changes import MALICIOUS_CHANGES
from acceptance.domains.delivery.pipeline import WORKFLOW, PipelineEngineer, ProposedChange
from acceptance.errors import SystemFailure
from acceptance.judgement import Unverifiable
from acceptance.project import ROOT
from tests.fakes.evidence import RecordedEvidence
from tests.fakes.system import SYSTEM
from tests.fakes.workflow import write_workflow
from tests.support.actors import context_of
from tests.support.repositories import Workshop, workshop

__all__ = ["workshop"]

CHANGE = "a push with a hard-coded secret"
SECRET = MALICIOUS_CHANGES[CHANGE]


@pytest.fixture(autouse=True)
def no_earlier_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test see a run that another test has kept."""
    monkeypatch.setattr(pipeline, "_PASSED", {})


@pytest.fixture
def engineer(tmp_path: Path) -> Iterator[PipelineEngineer]:
    """The pipeline engineer of a repository."""
    system = replace(SYSTEM, repository=str(tmp_path))
    with PipelineEngineer(context_of(system, keep=RecordedEvidence())) as actor:
        yield actor


def sarif(*texts: str, parts: tuple[str, ...] = ("code", "deployment", "secrets")) -> str:
    """The SARIF file of a scan, with findings in its first run."""
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
    "push", (("security/sources", "success"),), (("Scan", "success"),), (), "", (sarif(),), 1.0
)
FOUND = f"detect-secrets: a secret {SECRET.finding}"
BLOCKED = replace(
    PASSED,
    jobs=(("security/sources", "failure"),),
    output=f"CRITICAL {FOUND} [fingerprint abc]\n",
    sarif=(sarif(FOUND),),
)


def test_a_workflow_that_blocks_a_malicious_change_passes(engineer: PipelineEngineer) -> None:
    """It passes unchanged sources, blocks the change, and reports and uploads the finding."""
    engineer.assert_passes_unchanged(PASSED)
    offer = ProposedChange(SECRET, "abc", BLOCKED)
    engineer.assert_blocked(offer)
    engineer.assert_finding_reported(offer)
    engineer.assert_finding_uploaded(offer)


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (replace(PASSED, jobs=()), r"No job of .*security\.yml runs on push"),
        (
            replace(BLOCKED, output="note: expired\nCRITICAL a\n"),
            r"unchanged sources: CRITICAL a\. note",
        ),
        (replace(PASSED, sarif=(sarif(parts=("code",)),)), "without scanning deployment; secrets"),
        (replace(PASSED, sarif=()), "without scanning code; deployment; secrets"),
    ],
)
def test_a_workflow_that_proves_nothing_is_unmet(
    engineer: PipelineEngineer, run: WorkflowRun, reason: str
) -> None:
    """Before any change is proposed."""
    with pytest.raises(AssertionError, match=reason):
        engineer.assert_passes_unchanged(run)


def test_a_workflow_that_cannot_run_here_is_unverified(engineer: PipelineEngineer) -> None:
    """It would fail on every change, because of this machine."""
    with pytest.raises(Unverifiable, match="to its end here: NOT SCANNED: the code"):
        engineer.assert_passes_unchanged(
            replace(BLOCKED, output="NOT SCANNED: the code (no bandit)\n")
        )


def test_a_failure_for_another_reason_is_not_accepted(engineer: PipelineEngineer) -> None:
    """Nor is a workflow that passes, or one that uploads nothing."""
    with pytest.raises(AssertionError, match=r"let .*deploy\.env:1 pass"):
        engineer.assert_blocked(ProposedChange(SECRET, "abc", PASSED))
    with pytest.raises(AssertionError, match=r"did not report .*last lines: no space left"):
        engineer.assert_finding_reported(
            ProposedChange(SECRET, "abc", replace(BLOCKED, output="no space left"))
        )
    with pytest.raises(AssertionError, match=r"does not have .*deploy\.env:1, but nothing"):
        engineer.assert_finding_uploaded(
            ProposedChange(SECRET, "abc", replace(BLOCKED, sarif=(sarif(),)))
        )


def test_the_workflow_of_this_project_cannot_be_bypassed(engineer: PipelineEngineer) -> None:
    """Its actions are pinned by commit."""
    facts = read_workflow(ROOT, WORKFLOW)
    assert facts is not None
    engineer.assert_runs_on_every_change(facts)
    engineer.assert_no_step_optional(facts)
    assert all(len(each.partition("@")[2]) == 40 for each in facts.uses)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("on: push\njobs: {a: {}}", "it does not run on pull_request"),
        ("on: [push, pull_request]\njobs: {a: {if: x}}", r"a has a condition \(if\)"),
        (
            "on: {push: {branches: [main]}, pull_request: }\njobs: {a: {}}",
            "on push it has the filter branches",
        ),
        (
            "on: [push, pull_request]\njobs: {a: {steps: [{run: Scan, continue-on-error: true}]}}",
            "a: Scan may fail",
        ),
    ],
)
def test_a_bypass_is_named(
    engineer: PipelineEngineer, tmp_path: Path, text: str, reason: str
) -> None:
    """Whatever form the workflow has."""
    facts = write_workflow(tmp_path, text)

    def judge() -> None:
        engineer.assert_runs_on_every_change(facts)
        engineer.assert_no_step_optional(facts)

    with pytest.raises(AssertionError, match=reason):
        judge()


def test_a_missing_or_broken_workflow_is_an_error(
    engineer: PipelineEngineer, tmp_path: Path
) -> None:
    """Both are the system's failure: the workflow is part of what is delivered."""
    with pytest.raises(AssertionError, match=r"there is no \.github/workflows/security\.yml"):
        engineer.read_workflow()
    with pytest.raises(SystemFailure, match=r"security\.yml is not a workflow"):
        write_workflow(tmp_path, "jobs: 1")


def test_scenarios_share_the_run_on_unchanged_sources(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workflow runs once on a commit, in a copy that is removed at the end."""
    workshop.write(WORKFLOW, "on: push\njobs: {a: {}}")
    workshop.commit("One")
    copies: list[Path] = []

    def run(copy: Path, *_: object, **__: object) -> WorkflowRun:
        assert (copy / WORKFLOW).is_file()
        copies.append(copy)
        return PASSED

    monkeypatch.setattr(pipeline, "run_workflow", run)
    monkeypatch.setattr(pipeline, "act_program", Path)
    for _ in range(2):
        keep = RecordedEvidence()
        system = replace(SYSTEM, repository=str(workshop.root))
        with PipelineEngineer(context_of(system, keep=keep)) as actor:
            assert actor.run_unchanged(CHANGE) == PASSED
        (summary,) = keep.kept.values()
        assert json.loads(summary)["scanned"] == ["code", "deployment", "secrets"]
    (copy,) = copies
    assert not copy.parent.exists()


def test_a_proposed_change_is_committed_in_a_copy(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sources themselves stay as they are."""
    workshop.write(WORKFLOW, "on: push\njobs: {a: {}}")
    before = workshop.commit("One")

    def run(copy: Path, *_: object, **__: object) -> WorkflowRun:
        assert "AKIA" in (copy / "deploy.env").read_text()
        return BLOCKED

    monkeypatch.setattr(pipeline, "run_workflow", run)
    monkeypatch.setattr(pipeline, "act_program", Path)
    system = replace(SYSTEM, repository=str(workshop.root))
    with PipelineEngineer(context_of(system, keep=RecordedEvidence())) as actor:
        proposed = actor.propose(CHANGE)
    assert (proposed.change, proposed.run) == (SECRET, BLOCKED)
    assert proposed.commit != before == workshop.git("rev-parse", "HEAD")
    assert workshop.git("status", "--porcelain") == ""
