from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acceptance.domains.delivery import part_files
from acceptance.domains.delivery.part_files import Decision, PartFileTester
from acceptance.drivers.git import Repository
from acceptance.process import Completed
from tests.fakes.evidence import RecordedEvidence
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of
from tests.support.repositories import Workshop, workshop

__all__ = ["workshop"]

FILES = (
    "README.md",
    "checkout/backend/Dockerfile",
    "checkout/backend/requirements.txt",
    "checkout/backend/checkout_backend/a.py",
    "checkout/backend/checkout_backend/b.py",
    "checkout/frontend/src/c.ts",
)
OWN = Decision("backend", "checkout/backend/Dockerfile", "true")
OTHER = Decision("backend", "README.md", "false")


@pytest.fixture
def tester(workshop: Workshop) -> Iterator[PartFileTester]:
    """Who changes files of a small repository."""
    for name in FILES:
        place = workshop.root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("x\n")
    workshop.commit("All")
    system = replace(SYSTEM, repository=str(workshop.root))
    with PartFileTester(context_of(system, keep=RecordedEvidence())) as actor:
        yield actor


def test_one_file_of_each_folder_is_changed_and_each_at_the_top(
    tester: PartFileTester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the first of two commits of a push, so that its last one alone says nothing of it."""
    asked: list[str] = []

    def decide(_: Sequence[str], *, cwd: Path, env: Mapping[str, str], **__: object) -> Completed:
        before = json.loads(Path(env["GITHUB_EVENT_PATH"]).read_text())["before"]
        changed = Repository(cwd, timeout=10).git("diff", "--name-only", before)
        first = next(
            each for each in changed.split() if each != "README.md" or changed.split()[1:] == []
        )
        asked.append(first)
        Path(env["GITHUB_OUTPUT"]).write_text("changed=true\n")
        return Completed("", "", 0.0, 0)

    monkeypatch.setattr(part_files, "run", decide)
    found = tester.change_each_file("backend")
    assert asked == [
        "checkout/backend/Dockerfile",
        "checkout/backend/checkout_backend/a.py",
        "checkout/backend/requirements.txt",
        "checkout/frontend/src/c.ts",
        "README.md",
    ]
    assert [each.file for each in found] == asked
    with pytest.raises(AssertionError, match=r"although only checkout/frontend/src/c\.ts; README"):
        tester.assert_no_other_counts("backend", found)


def test_a_file_that_is_overlooked_is_told(tester: PartFileTester) -> None:
    """And so is a pipeline that fails instead of deciding."""
    tester.assert_none_overlooked("backend", (OWN, OTHER))
    tester.assert_no_other_counts("backend", (OWN, OTHER))
    for changed in ("false", "No module named operations"):
        with pytest.raises(AssertionError, match=f"does not start the build .*: {changed}"):
            tester.assert_none_overlooked("backend", (replace(OWN, changed=changed),))
    with pytest.raises(AssertionError, match="The backend has no file"):
        tester.assert_none_overlooked("backend", (OTHER,))
    with pytest.raises(AssertionError, match="no file but those of the backend"):
        tester.assert_no_other_counts("backend", (OWN,))


def test_a_commit_is_offered_in_each_way(
    tester: PartFileTester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a branch that is new, by force, and as a pull request; each time a page changes last."""
    events: list[dict[str, Any]] = []

    def decide(_: Sequence[str], *, cwd: Path, env: Mapping[str, str], **__: object) -> Completed:
        events.append(json.loads(Path(env["GITHUB_EVENT_PATH"]).read_text()))
        last = Repository(cwd, timeout=10).git("diff", "--name-only", "HEAD~1")
        assert last.split() == ["README.md"]
        return Completed("", "not decided", 0.0, 0)

    monkeypatch.setattr(part_files, "run", decide)
    found = tester.change_each_way("backend")
    assert [each.file for each in found] == ["checkout/backend/Dockerfile"] * 3
    branch, forced, pull = events
    assert (branch["ref"], branch["before"]) == ("refs/heads/feature/search", "0" * 40)
    assert (forced["ref"], forced["before"]) == ("refs/heads/main", "1" * 40)
    assert pull["pull_request"]["base"]["ref"] == "main"
    assert len(pull["pull_request"]["base"]["sha"]) == 40
    with pytest.raises(AssertionError, match=r"A commit on a new branch that changes .* not start"):
        tester.assert_none_overlooked("backend", found)


def test_a_filter_leaves_commits_out(tester: PartFileTester, workshop: Workshop) -> None:
    """Whatever it lets through today."""
    with pytest.raises(AssertionError, match="The backend has no workflow"):
        tester.read_triggers("backend")
    workflow = workshop.root / ".github/workflows/backend.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text("on: [push, pull_request]\njobs: {}\n")
    tester.assert_always_started(tester.read_triggers("backend"))
    workflow.write_text("on:\n  push:\n    branches: ['*']\njobs: {}\n")
    with pytest.raises(AssertionError, match=r"not run on pull_request; on push .* branches"):
        tester.assert_always_started(tester.read_triggers("backend"))
