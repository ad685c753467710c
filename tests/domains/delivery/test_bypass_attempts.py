from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from acceptance.domains.delivery import bypass_attempts
from acceptance.domains.delivery.bypass_attempts import BypassTester
from acceptance.domains.delivery.drivers.act import WorkflowRun
from acceptance.domains.delivery.drivers.proposals import Proposal
from acceptance.domains.delivery.drivers.scan_recorder import ScanRecorder
from acceptance.domains.delivery.offered_changes import (
    PLAIN,
    Attempt,
    gap,
    offered_changes,
    single_looks,
)
from acceptance.domains.delivery.pipeline import WORKFLOW
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable
from tests.fakes.evidence import RecordedEvidence
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of
from tests.support.repositories import Workshop, workshop

__all__ = ["workshop"]

FAILED = WorkflowRun("push", (("a/b", "failure"),), (), (), "", (), 1.0)
PASSED = replace(FAILED, jobs=(("a/b", "success"),))
NO_JOB = replace(FAILED, jobs=())
SCAN = ("make scan",)


def attempt(
    run: WorkflowRun = FAILED, scans: tuple[str, ...] = SCAN, offered: Proposal = PLAIN
) -> Attempt:
    """An offered change."""
    return Attempt(offered, scans, run)


@pytest.mark.parametrize(
    ("tried", "sentence"),
    [
        (attempt(), None),
        (attempt(NO_JOB, ()), "starts no job"),
        (attempt(FAILED, ()), "scans nothing"),
        (attempt(PASSED, ()), "scans nothing"),
        (attempt(PASSED), "passes although the scan fails"),
        (attempt(FAILED, ("make scan --part=code",)), "--part=code instead of make scan"),
        (attempt(FAILED, (*SCAN, *SCAN)), "scans by make scan; make scan instead"),
    ],
)
def test_what_differs_from_a_plain_change_is_a_gap(tried: Attempt, sentence: str | None) -> None:
    """A workflow that fails without a scan has not blocked anything."""
    found = gap(tried, attempt())
    assert found is None if sentence is None else sentence in (found or "")


def test_each_look_is_offered() -> None:
    """With a push and with a pull request, but for the files, which are many."""
    found = offered_changes(["docs", "manifests"], ["push", "pull_request", "workflow_dispatch"])
    for event in ("push", "pull_request"):
        of_event = [each for each in found if each.event == event]
        assert {"refs/heads/hotfix/payment", "refs/tags/v1.4.0"} <= {each.ref for each in of_event}
        assert {"[hotfix] Pay again", "WIP"} <= {each.subject for each in of_event}
        assert {"dependabot[bot]", "admin"} <= {each.actor for each in of_event}
    assert {"docs/offered.txt", "manifests/offered.txt"} <= {each.path for each in found}
    assert {"draft", "fork", "labelled"} <= {each.kind for each in found}
    assert [each for each in found if each.event == "workflow_dispatch"]
    assert not [each for each in found if each.event == "merge_group"]


def test_a_gap_is_narrowed_to_one_look_at_a_time() -> None:
    """A draft is a pull request, whatever the event was."""
    found = single_looks(replace(PLAIN, event="pull_request", actor="admin", kind="draft"))
    assert found == {
        "offered by pull_request": replace(PLAIN, event="pull_request"),
        "by admin": replace(PLAIN, actor="admin"),
        "in a pull request that is draft": replace(PLAIN, event="pull_request", kind="draft"),
    }


def test_the_recorder_stands_for_a_scan_that_finds_something(tmp_path: Path) -> None:
    """It writes the file of findings that is asked for, and fails."""
    recorder = ScanRecorder(tmp_path)
    assert recorder.scans() == ()
    done = subprocess.run(
        ["make", "scan", "ARGS=--part=code --sarif=out/a.sarif"],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("CRITICAL ")
    assert '"runs": []' in (tmp_path / "out/a.sarif").read_text()
    assert recorder.scans() == ("make scan --part=code",)


OFFERED = (
    Proposal("push", "refs/heads/main", "[hotfix] Pay again"),
    Proposal("push", "refs/heads/main", actor="admin", path="docs/offered.md"),
    Proposal("pull_request", "refs/heads/develop", actor="admin"),
)


@pytest.fixture
def tester(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Iterator[BypassTester]:
    """The tester of a repository, with few changes to offer."""
    monkeypatch.setattr(bypass_attempts, "offered_changes", lambda *_: OFFERED)
    workshop.write(WORKFLOW, "on: [push, pull_request]\njobs: {a: {}}")
    workshop.write("docs/a.md", "")
    workshop.commit("One")
    system = replace(SYSTEM, repository=str(workshop.root))
    with BypassTester(context_of(system, keep=RecordedEvidence())) as actor:
        yield actor


@pytest.fixture
def scan_unless(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Proposal], bool]], None]:
    """Let the workflow scan a change unless something is true of it."""

    def use(skips: Callable[[Proposal], bool]) -> None:
        def run(_copy: Path, _facts: object, offered: Proposal, **more: object) -> WorkflowRun:
            if not skips(offered):
                (Path(str(more["programs"])) / "calls").write_text("make scan ARGS=--sarif=a\n")
            return FAILED

        monkeypatch.setattr(bypass_attempts, "run_workflow", run)

    return use


def test_a_workflow_that_scans_every_change_passes(
    tester: BypassTester, scan_unless: Callable[[Callable[[Proposal], bool]], None]
) -> None:
    """Whatever it looks like."""
    scan_unless(lambda _: False)
    plain = tester.offer_plain_change()
    tester.assert_plain_change_blocked(plain)
    tester.assert_same_scan(tester.offer_changes(), plain)


@pytest.mark.parametrize(
    ("skips", "reason"),
    [
        (
            lambda each: "[hotfix]" in each.subject,
            r'the subject "\[hotfix\] Pay again" it scans no',
        ),
        (
            lambda each: each.path.startswith("docs/"),
            r"change of docs/offered\.md it scans nothing",
        ),
        (lambda each: each.name == "main", "change on refs/heads/main it scans nothing"),
        (
            lambda each: each.event == "push" and each.actor == "admin",
            "by admin it scans nothing",
        ),
        (
            lambda each: each.event == "pull_request" and each.actor == "admin",
            "offered by pull_request, on refs/heads/develop, by admin it scans nothing",
        ),
    ],
)
def test_the_look_that_opens_a_gap_is_named(
    tester: BypassTester,
    scan_unless: Callable[[Callable[[Proposal], bool]], None],
    skips: Callable[[Proposal], bool],
    reason: str,
) -> None:
    """Alone if it does so alone, otherwise with those that it came with."""
    scan_unless(skips)
    plain = tester.offer_plain_change()
    attempts = tester.offer_changes()
    with pytest.raises(AssertionError, match=reason):
        tester.assert_same_scan(attempts, plain)


def test_a_scan_that_cannot_be_recorded_proves_nothing(
    tester: BypassTester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does a workflow that cannot run; but one that passes or starts no job is at fault."""
    with pytest.raises(Unverifiable, match="by another program than make or acceptance"):
        tester.assert_plain_change_blocked(attempt(scans=()))
    with pytest.raises(AssertionError, match=r"plain change .* passes although the scan fails"):
        tester.assert_plain_change_blocked(attempt(PASSED))
    with pytest.raises(AssertionError, match="starts no job"):
        tester.assert_plain_change_blocked(attempt(NO_JOB, ()))
    with pytest.raises(AssertionError, match="No change was offered"):
        tester.assert_same_scan((), attempt())

    def fail(*_: object, **__: object) -> WorkflowRun:
        raise EnvironmentFailure("act is not installed. Try: make setup")

    monkeypatch.setattr(bypass_attempts, "run_workflow", fail)
    with pytest.raises(Unverifiable, match=r"No workflow can run here\. act is not installed"):
        tester.offer_plain_change()
