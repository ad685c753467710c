from __future__ import annotations

import subprocess
import sys

import pytest

from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.project import ROOT
from operations.cli import main
from operations.rotation import command


def test_a_context_is_never_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever rotates has to say where; the error is one sentence."""
    assert main(["rotate"]) == BrokenInput.exit_code
    assert capsys.readouterr().err == "Which cluster? A context is never guessed. Try: --context\n"


def test_an_overlap_is_not_negative(capsys: pytest.CaptureFixture[str]) -> None:
    """Before the cluster is asked for anything."""
    code = main(["rotate", "--context", "here", "--overlap", "-1"])
    assert code == BrokenInput.exit_code
    assert "--overlap is -1" in capsys.readouterr().err


def test_options_reach_the_rotation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lines of the audit are printed as they come."""
    given: list[object] = []

    def rotate(*where: object, overlap: float, write: object) -> None:
        given.extend((*map(str, where[1:]), overlap))
        assert callable(write)
        write("a line")

    monkeypatch.setattr(command, "rotate", rotate)
    arguments = ["--kubeconfig", "/k", "--context", "here", "--namespace", "shop"]
    assert main(["rotate", *arguments, "--overlap", "0"]) == 0
    assert given == ["/k", "here", "shop", 0.0]
    assert capsys.readouterr().out == "a line\n"


def test_an_error_is_a_sentence_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --debug it is a traceback."""

    def rotate(*_: object, **__: object) -> None:
        raise EnvironmentFailure("The Lease was lost.")

    monkeypatch.setattr(command, "rotate", rotate)
    assert main(["rotate", "--context", "here"]) == EnvironmentFailure.exit_code
    assert capsys.readouterr().err == "The Lease was lost.\n"
    with pytest.raises(EnvironmentFailure):
        main(["--debug", "rotate", "--context", "here"])


def test_it_runs_as_a_module() -> None:
    """As the runbook runs it."""
    done = subprocess.run(
        [sys.executable, "-m", "operations", "rotate"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == BrokenInput.exit_code, done.stderr
