from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.runbooks import runner
from acceptance.runbooks.reader import load_runbook, read_runbook
from acceptance.runbooks.runner import RunbookShell, open_shell
from tests.fakes.evidence import RecordedEvidence

RUNBOOK = read_runbook(
    "docs/page.md",
    '```sh work\necho "$NAME in $(basename "$PWD")"\n```\n\n```sh fail\nfalse\necho never\n```\n'
    "```sh keep\ncp kubeconfig $(mktemp)\n```\n",
)


@pytest.fixture
def shell(tmp_path: Path) -> RunbookShell:
    """A shell in a folder of its own."""
    folder = tmp_path / "folder"
    folder.mkdir()
    return RunbookShell(tmp_path, folder, 60.0, {"NAME": "shop"})


@pytest.fixture(autouse=True)
def _no_kubectl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "kubectl_program", lambda: Path("/nowhere/kubectl"))


def test_commands_run_in_the_folder_with_the_variables(shell: RunbookShell) -> None:
    """The variables that the runbook asks for are set, and the output is returned."""
    done = shell.run(RUNBOOK, "work")
    assert (done.succeeded, done.output) == (True, "shop in folder\n")
    assert shell.environment["KUBECONFIG"] == str(shell.scratch / "kubeconfig")
    assert shell.environment["NAME"] == "shop"


def test_the_first_failure_ends_the_commands(shell: RunbookShell) -> None:
    """What comes after it is not run, and the failure has the exit code."""
    done = shell.run(RUNBOOK, "fail")
    assert not done.succeeded
    assert "never" not in done.output
    assert "code 1" in done.failure


def test_commands_that_are_followed_have_to_succeed(shell: RunbookShell) -> None:
    """The commands and their output are kept, also when they fail."""
    kept = RecordedEvidence()
    shell.follow(RUNBOOK, "work", kept)
    with pytest.raises(AssertionError, match="The runbook's commands to fail fail: "):
        shell.follow(RUNBOOK, "fail", kept)


def test_missing_commands_are_a_failure_of_the_runbook(shell: RunbookShell) -> None:
    """A mark without commands is named with the page."""
    with pytest.raises(AssertionError, match=r"docs/page\.md has no commands to restore\."):
        shell.run(RUNBOOK, "restore")


def test_a_missing_runbook_is_named(tmp_path: Path) -> None:
    """A team without the page does not meet the criterion."""
    with pytest.raises(AssertionError, match=r"There is no docs/page\.md\."):
        load_runbook(tmp_path, "docs/page.md")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunbookShell:
    """A shell on a cluster, which runs in its own scratch folder."""
    monkeypatch.setattr(runner, "kubectl", lambda *_, **__: "kind: Config\n")
    return open_shell(
        tmp_path / "all", "one", tmp_path, tmp_path, {}, timeout=60.0, kubectl_timeout=1.0
    )


def test_what_a_command_leaves_behind_goes_with_the_shell(opened: RunbookShell) -> None:
    """Temporary files of a command that is killed hold private keys, so they lie in scratch."""
    assert opened.run(RUNBOOK, "keep").succeeded
    left = list((opened.scratch / "tmp").iterdir())
    assert [file.read_text(encoding="utf-8") for file in left] == ["kind: Config\n"]


def test_the_kubeconfig_is_private(opened: RunbookShell) -> None:
    """It holds credentials, so only its owner can read it."""
    kubeconfig = Path(opened.environment["KUBECONFIG"])
    assert kubeconfig.read_text(encoding="utf-8") == "kind: Config\n"
    assert kubeconfig.stat().st_mode & 0o077 == 0
