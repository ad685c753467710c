from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from acceptance.domains.delivery.drivers import act
from acceptance.domains.delivery.drivers.proposals import REPOSITORY, Proposal
from acceptance.domains.delivery.drivers.workflows import read_workflow
from acceptance.domains.delivery.pipeline import WORKFLOW
from acceptance.errors import EnvironmentFailure
from acceptance.process import Completed
from acceptance.project import ROOT
from tests.fakes.workflow import write_workflow

LINES = (
    {"msg": "Run Main Scan", "step": "Scan", "stage": "Main", "stepID": ["1"]},
    {"msg": "1 critical.\r\n", "raw_output": True, "stage": "Main", "stepID": ["1"]},
    {"msg": "x", "step": "Scan", "stage": "Main", "stepID": ["1"], "stepResult": "failure"},
    {"msg": "y", "step": "Show", "stage": "Main", "stepID": ["2", "0"], "stepResult": "success"},
    {"msg": "Job failed", "job": "security/sources", "jobResult": "failure"},
)
"""As act writes them."""


class RecordedAct:
    """Answers instead of act, and records how it was called."""

    def __init__(self, lines: Sequence[object] = LINES, said: str = "", *, code: int = 1) -> None:
        """CommitReviews `lines` on stdout and `said` on stderr."""
        self._answer = Completed("\n".join(map(json.dumps, lines)), said, 1.0, code)
        self.command: list[str] = []
        self.stand_ins: dict[str, str] = {}
        self.env: dict[str, str | None] = {}
        self.secrets = ""
        self.mode = 0

    def __call__(
        self, command: Sequence[str | Path], *, env: dict[str, str | None], **_: object
    ) -> Completed:
        """Record the call."""
        self.command, self.env = list(map(str, command)), env
        for each in self.command:
            option, _equals, value = each.partition("=")
            if option == "--secret-file":
                self.secrets = Path(value).read_text(encoding="utf-8")
                self.mode = Path(value).stat().st_mode
            if option == "--local-repository":
                action, _equals, folder = value.partition("=")
                (found,) = Path(folder).rglob("action.yml")
                self.stand_ins[action] = f"{found.relative_to(folder)}\n{found.read_text()}"
        return self._answer


def test_a_workflow_runs_isolated_and_names_the_actions_that_did_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a network, and without this user's variables; fetched actions are replaced."""
    recorded = RecordedAct()
    monkeypatch.setattr(act, "run", recorded)
    monkeypatch.setenv("GITHUB_TOKEN", "somebody's")
    facts = read_workflow(ROOT, WORKFLOW)
    assert facts is not None
    found = act.run_workflow(tmp_path, facts, Proposal(), timeout=1, programs=tmp_path)
    assert (recorded.env["PATH"] or "").startswith(f"{tmp_path}:")
    assert "--actor=developer" in recorded.command
    assert "--net" in recorded.command
    assert recorded.env["GITHUB_TOKEN"] is None
    upload = next(each for each in recorded.stand_ins if each.startswith("github/codeql-action@"))
    assert recorded.stand_ins[upload].startswith("upload-sarif/action.yml\n")
    assert {each.partition("@")[0] for each in found.not_run} == {
        "actions/setup-python",
        "github/codeql-action/upload-sarif",
    }
    assert (found.jobs, found.passed) == ((("security/sources", "failure"),), False)
    assert (found.steps, found.output) == ((("Scan", "failure"),), "1 critical.\n")


def test_secrets_are_in_a_file_that_nobody_else_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each on one line, as a key has several; none is an argument, which everybody can read."""
    recorded = RecordedAct()
    monkeypatch.setattr(act, "run", recorded)
    facts = read_workflow(ROOT, WORKFLOW)
    assert facts is not None
    secrets = {"KEY": "first\nsecond", "OTHER": "third"}
    act.run_workflow(tmp_path, facts, Proposal(), timeout=1, secrets=secrets)
    assert recorded.secrets == 'KEY="first\\nsecond"\nOTHER="third"\n'
    assert recorded.mode & 0o077 == 0
    assert "third" not in " ".join(recorded.command)
    assert f"--env=GITHUB_REPOSITORY={REPOSITORY}" in recorded.command


def test_an_act_that_cannot_run_is_an_environment_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that triggers no job is a fact, and so is a job that its condition leaves out."""
    facts = write_workflow(tmp_path, "on: push\njobs: {a: {}}")
    monkeypatch.setattr(act, "run", RecordedAct((), "unshare: Operation not permitted"))
    with pytest.raises(EnvironmentFailure, match=r"run .* here: unshare: Operation not permitted"):
        act.run_workflow(tmp_path, facts, Proposal(), timeout=1)
    monkeypatch.setattr(act, "run", RecordedAct((), "Error: Could not find any stages to run."))
    assert act.run_workflow(tmp_path, facts, Proposal("pull_request"), timeout=1).jobs == ()
    monkeypatch.setattr(act, "run", RecordedAct((), "no docker connection", code=0))
    assert act.run_workflow(tmp_path, facts, Proposal(), timeout=1).jobs == ()
