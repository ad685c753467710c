from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from acceptance.domains.delivery import part_pipeline
from acceptance.domains.delivery.drivers.act import WorkflowRun
from acceptance.domains.delivery.drivers.image_registry import ImageRegistry, PushedImage
from acceptance.domains.delivery.drivers.statements import SigningKey
from acceptance.domains.delivery.part_commits import (
    BROKEN_COMMITS,
    PARTS,
    PartCommit,
    new_picture,
    release,
)
from acceptance.domains.delivery.part_pipeline import PartPipelineTester
from acceptance.domains.delivery.team_repository import PushedCommit
from acceptance.project import ROOT
from tests.fakes.evidence import RecordedEvidence
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

COMMIT, DIGEST = "c" * 40, f"sha256:{'d' * 64}"
IMAGE = PushedImage("checkout/backend", DIGEST, (COMMIT,))
JOBS = tuple((f"backend/{name}", "success") for name in ("changes", "check", "test", "image"))
PASSED = WorkflowRun("push", JOBS, (), (), "backend: built\n", (), 1.0, (("digest", DIGEST),))
SKIPPED = replace(PASSED, jobs=JOBS[:1], output="changed=false\n")
FAILED = replace(
    PASSED,
    jobs=(*JOBS[:1], ("backend/check", "failure")),
    output="check failed: lint: checkout/backend/checkout_backend/cursors.py:1 F401\n",
)
REGISTRY = ImageRegistry("127.0.0.1:1")
KEY = SigningKey()
PUSHED = PushedCommit(
    PartCommit("backend", lambda _: None, mark="a-mark", shown_at="/"),
    COMMIT,
    (("backend", PASSED), ("frontend", SKIPPED)),
    (IMAGE,),
    REGISTRY,
    ROOT,
    KEY,
)
STOPPED = PushedCommit(
    PartCommit("backend", lambda _: None, r"lint.*cursors\.py"),
    COMMIT,
    (("backend", FAILED),),
    (),
    REGISTRY,
    ROOT,
    KEY,
)


@pytest.fixture
def tester() -> Iterator[PartPipelineTester]:
    """Who pushes commits to this repository."""
    system = replace(SYSTEM, repository=str(ROOT))
    with PartPipelineTester(context_of(system, keep=RecordedEvidence())) as actor:
        yield actor


def with_run(pushed: PushedCommit, part: str, run: WorkflowRun) -> PushedCommit:
    """The same, but for one run."""
    return replace(pushed, runs=tuple({**dict(pushed.runs), part: run}.items()))


def test_a_commit_that_is_built_and_pushed_passes(tester: PartPipelineTester) -> None:
    """And so does a second run that finds everything in the cache."""
    tester.assert_built(PUSHED, "backend")
    tester.assert_others_untouched(PUSHED)
    cached = with_run(
        PUSHED, "backend", replace(PASSED, output=f"backend: cached\nbackend: digest {DIGEST}\n")
    )
    tester.assert_nothing_built_anew(PUSHED, cached)


@pytest.mark.parametrize(
    ("pushed", "reason"),
    [
        (with_run(PUSHED, "backend", FAILED), "fails for a sound commit: check failed: lint"),
        (replace(PUSHED, images=()), "the registry has no image; all it has: nothing"),
        (
            replace(PUSHED, images=(replace(IMAGE, tags=("latest",)),)),
            "has no image; all it has: checkout/backend:latest",
        ),
        (replace(PUSHED, images=(replace(IMAGE, name="checkout/frontend"),)), "checkout/frontend"),
        (
            replace(PUSHED, images=(IMAGE, replace(IMAGE, name="checkout/other-backend"))),
            "checkout/backend; checkout/other-backend",
        ),
        (with_run(PUSHED, "backend", replace(PASSED, outputs=())), "gives the digest of nothing"),
        (
            with_run(PUSHED, "backend", replace(PASSED, outputs=(("digest", "sha256:config"),))),
            "gives the digest sha256:config to whoever",
        ),
        (replace(PUSHED, made=new_picture()), "Nothing was pushed to the backend"),
    ],
)
def test_an_image_that_is_not_of_the_commit_is_told(
    tester: PartPipelineTester, pushed: PushedCommit, reason: str
) -> None:
    """It failed, has another tag or name, or there is none."""
    with pytest.raises(AssertionError, match=reason):
        tester.assert_built(pushed, "backend")


@pytest.mark.parametrize(
    ("pushed", "reason"),
    [
        (with_run(PUSHED, "frontend", PASSED), "starts 4 jobs of the frontend"),
        (with_run(PUSHED, "frontend", replace(SKIPPED, jobs=())), "fails for a commit to the back"),
        (
            replace(PUSHED, images=(IMAGE, replace(IMAGE, name="checkout/frontend"))),
            "which pushed checkout/frontend",
        ),
    ],
)
def test_another_part_that_is_built_as_well_is_told(
    tester: PartPipelineTester, pushed: PushedCommit, reason: str
) -> None:
    """A workflow that is not started at all is no better: a required check would wait for it."""
    with pytest.raises(AssertionError, match=reason):
        tester.assert_others_untouched(pushed)


def test_a_second_run_that_builds_is_told(tester: PartPipelineTester) -> None:
    """Or that ends with another image."""
    with pytest.raises(AssertionError, match="builds the image of the backend anew"):
        tester.assert_nothing_built_anew(PUSHED, PUSHED)
    cached = with_run(PUSHED, "backend", replace(PASSED, output="backend: cached\n"))
    other = replace(cached, images=(replace(IMAGE, digest="sha256:other"),))
    with pytest.raises(AssertionError, match="After the second run the registry has"):
        tester.assert_nothing_built_anew(PUSHED, other)


@pytest.mark.parametrize(
    ("pushed", "reason"),
    [
        (with_run(STOPPED, "backend", PASSED), "The workflow of the backend passes"),
        (
            with_run(STOPPED, "backend", replace(FAILED, jobs=())),
            "The workflow of the backend pass",
        ),
        (
            with_run(STOPPED, "backend", replace(FAILED, output="no space left on device")),
            "fails and does not say .*: no space left",
        ),
        (replace(STOPPED, images=(IMAGE,)), "fails and has pushed checkout/backend"),
    ],
)
def test_a_broken_commit_that_is_not_stopped_for_its_reason_is_told(
    tester: PartPipelineTester, pushed: PushedCommit, reason: str
) -> None:
    """A workflow that fails for another reason would let the commit pass tomorrow."""
    tester.assert_stopped(STOPPED)
    with pytest.raises(AssertionError, match=reason):
        tester.assert_stopped(pushed)


def test_a_commit_is_pushed_to_main_in_a_copy(
    tester: PartPipelineTester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what GitHub tells of it: the branch, and the commit before."""
    payloads: list[dict[str, object]] = []

    def answer(_: Path, _facts: object, proposal: object, **options: object) -> WorkflowRun:
        payloads.append({**proposal.payload(), **options})  # type: ignore[attr-defined]
        return FAILED

    monkeypatch.setattr(part_pipeline, "run_workflow", answer)
    monkeypatch.setattr(PartPipelineTester, "_images", lambda _: EmptyRegistry("127.0.0.1:5"))
    pushed = tester.push_broken("backend code that the linter refuses")
    (payload,) = payloads
    assert payload["ref"] == "refs/heads/main"
    assert len(str(payload["before"])) == len(pushed.commit) == 40
    assert payload["before"] != pushed.commit
    assert payload["variables"] == {"IMAGE_REGISTRY": "127.0.0.1:5/checkout"}
    tester.assert_stopped(pushed)


class EmptyRegistry(ImageRegistry):
    """A registry to which nothing was pushed."""

    def images(self) -> tuple[PushedImage, ...]:
        """Nothing."""
        return ()


def test_every_broken_commit_breaks_these_sources(tmp_path: Path) -> None:
    """What a commit edits is there; the marks of two releases differ."""
    without = shutil.ignore_patterns("node_modules", "dist", "__pycache__", ".*_cache")
    sound = [release("backend"), release("frontend"), new_picture()]
    for number, commit in enumerate([*BROKEN_COMMITS.values(), *sound]):
        shutil.copytree(ROOT / "checkout", tmp_path / str(number) / "checkout", ignore=without)
        commit.make(tmp_path / str(number))
        assert commit.part in PARTS
        assert bool(commit.named) != bool(commit.mark and commit.shown_at)
    assert release("backend").mark != release("backend").mark
