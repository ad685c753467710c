from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.judgement import Unverifiable
from tests.domains.delivery.audits import audited, auditor, states, verdict
from tests.fakes.evidence import RecordedEvidence
from tests.support.repositories import BOB, Workshop, workshop

__all__ = ["workshop"]

REVIEWED = f"Reviewed-by: {BOB}"


def test_every_commit_reviewed_by_another_is_met(workshop: Workshop) -> None:
    """All commits count while there is no release, and the evidence names each of them."""
    workshop.commit("One", REVIEWED)
    workshop.commit("Two", "Fixes: nothing", REVIEWED)
    keep = RecordedEvidence()
    found = auditor(workshop.root, keep).audit()
    assert states(found) == ["approved", "approved"]
    assert verdict(found) == "met"
    (evidence,) = keep.kept.values()
    assert evidence.count(BOB) == 2


def test_what_nobody_reviewed_is_unverified_and_named(workshop: Workshop) -> None:
    """A review may have happened elsewhere, so it is not unmet and can be attested."""
    workshop.commit("One", REVIEWED)
    commit = workshop.commit("Two")
    assert verdict(audited(workshop)) == (
        "unverified: 1 of 2 changes in the whole history (no release tag) have no approval: "
        f'{commit[:12]} "Two".'
    )


@pytest.mark.parametrize(
    "reviewer",
    ["Alice <ALICE@Team.example>", "Al <alice@team.example>", "Alice <alice@team.example> (me)"],
)
def test_a_self_approval_is_a_false_claim(workshop: Workshop, reviewer: str) -> None:
    """Addresses are compared without regard to case, and to text after them."""
    workshop.commit("One", f"Reviewed-by: {reviewer}")
    assert verdict(audited(workshop)).startswith("unmet: Approved by its own author only")


def test_a_coauthor_approves_nothing(workshop: Workshop) -> None:
    """A co-author is an author too."""
    workshop.commit("One", REVIEWED, f"Co-authored-by: {BOB}")
    assert states(audited(workshop)) == ["self-approved"]


def test_the_committer_is_not_a_reviewer(workshop: Workshop) -> None:
    """That is no approval; but the committer may have reviewed it, so it is no false claim."""
    workshop.commit("One", REVIEWED, committer=BOB)
    found = audited(workshop)
    assert states(found) == ["missing"]
    assert "who committed it or has its author's name" in verdict(found)


def test_one_name_with_two_addresses_is_not_somebody_else(workshop: Workshop) -> None:
    """It may be one person or two, so it is neither an approval nor a self-approval."""
    workshop.commit("One", "Reviewed-by: ALICE <alice@home.example>")
    assert states(audited(workshop)) == ["missing"]


def test_names_decide_where_there_is_no_address(workshop: Workshop) -> None:
    """A trailer with a name only is somebody else's, or the author's."""
    workshop.commit("One", "Reviewed-by: Bob")
    workshop.commit("Two", "Reviewed-by:  alice ")
    assert states(audited(workshop)) == ["self-approved", "approved"]


def test_the_mailmap_joins_addresses_of_one_person(workshop: Workshop) -> None:
    """A second address of the author in .mailmap is the author's."""
    workshop.write(".mailmap", "Alice <alice@team.example> <wonder@home.example>\n")
    workshop.commit("One", "Reviewed-by: Wonder <wonder@home.example>", REVIEWED)
    workshop.commit("Two", "Reviewed-by: Wonder <wonder@home.example>")
    assert states(audited(workshop)) == ["self-approved", "approved"]


def test_only_what_came_after_the_last_release_counts(workshop: Workshop) -> None:
    """The highest version counts, not the newest tag; a candidate does not count."""
    workshop.commit("Old")
    workshop.git("tag", "v1.9.0")
    workshop.commit("Before")
    workshop.git("tag", "--annotate", "--message=x", "v1.10.0")
    workshop.commit("One", REVIEWED)
    workshop.git("tag", "v2.0.0-rc.1")
    workshop.git("tag", "version-3.0.0")
    found = audited(workshop)
    assert found.since == "v1.10.0"
    assert verdict(found) == "met"


def test_a_release_that_head_does_not_contain_does_not_count(workshop: Workshop) -> None:
    """A tag on another branch says nothing about this one."""
    workshop.commit("One", REVIEWED)
    workshop.git("checkout", "--quiet", "-b", "other")
    workshop.commit("Elsewhere")
    workshop.git("tag", "v9.0.0")
    workshop.git("checkout", "--quiet", "main")
    assert audited(workshop).since == ""


def test_nothing_to_approve_is_not_approved(workshop: Workshop) -> None:
    """A range without a commit proves nothing."""
    workshop.commit("One")
    workshop.git("tag", "v1.0.0")
    assert verdict(audited(workshop)) == (
        "unverified: There is no change since v1.0.0, so there is no approval to check."
    )


def test_what_is_not_committed_is_approved_by_nobody(workshop: Workshop) -> None:
    """The working tree counts too, with its new files."""
    workshop.commit("One", REVIEWED)
    workshop.write("new file.txt", "x")
    assert "approved by nobody: new file.txt" in verdict(audited(workshop))


def test_a_shallow_clone_hides_changes(workshop: Workshop, tmp_path: Path) -> None:
    """Commits that were not cloned cannot be checked."""
    workshop.commit("One", REVIEWED)
    workshop.commit("Two", REVIEWED)
    workshop.git("clone", "--quiet", "--depth=1", f"file://{workshop.root}", str(tmp_path / "c"))
    found = auditor(tmp_path / "c").audit()
    assert states(found) == ["approved"]
    assert verdict(found).startswith("unverified: The repository is a shallow clone")


@pytest.mark.parametrize("begun", [True, False])
def test_without_a_history_nothing_is_known(tmp_path: Path, *, begun: bool) -> None:
    """No repository, or no commit: unverified, with git's message."""
    if begun:
        Workshop(tmp_path / "x")
    (tmp_path / "x").mkdir(exist_ok=True)
    with pytest.raises(Unverifiable, match=r"There is no git history.*fatal"):
        auditor(tmp_path / "x").audit()


def test_without_git_nothing_is_known(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says that git is not installed."""
    workshop.commit("One", REVIEWED)
    monkeypatch.setenv("PATH", str(workshop.root))
    with pytest.raises(Unverifiable, match="git is not installed"):
        audited(workshop)


def merged(workshop: Workshop, *, conflict: bool) -> None:
    """Merge a reviewed branch without a review of the merge."""
    workshop.write("file", "a\n")
    workshop.commit("One", REVIEWED)
    workshop.git("checkout", "--quiet", "-b", "side")
    workshop.write("file" if conflict else "other", "b\n")
    workshop.commit("Side", REVIEWED)
    workshop.git("checkout", "--quiet", "main")
    workshop.write("file", "c\n")
    workshop.commit("Main", REVIEWED)
    workshop.git("merge", "--quiet", "--no-commit", "-s", "ours" if conflict else "ort", "side")
    workshop.commit("Merge")


def test_a_merge_without_a_change_of_its_own_needs_no_review(workshop: Workshop) -> None:
    """What git merges without help was reviewed before."""
    merged(workshop, conflict=False)
    found = audited(workshop)
    assert states(found) == ["merge", "approved", "approved", "approved"]
    assert verdict(found) == "met"


def test_a_merge_that_decides_something_needs_a_review(workshop: Workshop) -> None:
    """Also a merge that takes one side whole, which a combined diff does not show."""
    merged(workshop, conflict=True)
    assert states(audited(workshop)) == ["missing", "approved", "approved", "approved"]
