from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from acceptance.domains.delivery.change_review import ChangeAudit, ChangeAuditor
from acceptance.judgement import Unverifiable
from tests.fakes.evidence import RecordedEvidence
from tests.fakes.github import REPOSITORY, TOKEN, FakeGitHub, serving
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of
from tests.support.repositories import ALICE, BOB, Workshop, workshop

__all__ = ["workshop"]

REVIEWED = f"Reviewed-by: {BOB}"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the GitHub of the machine that runs the tests."""
    for name in ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def auditor(root: Path, keep: RecordedEvidence | None = None) -> ChangeAuditor:
    """The auditor of the repository at `root`."""
    system = replace(SYSTEM, repository=str(root))
    return ChangeAuditor(context_of(system, keep=keep or RecordedEvidence()))


def audited(workshop: Workshop) -> ChangeAudit:
    """What the auditor finds."""
    return auditor(workshop.root).audit()


def states(audit: ChangeAudit) -> list[str]:
    """The state of each commit, the newest first."""
    return [each.state for each in audit.approvals]


def verdict(audit: ChangeAudit) -> str:
    """What the scenario would say: its three judgements in their order."""
    judge = auditor(Path())
    try:
        judge.assert_no_self_approval(audit)
        judge.assert_no_changes_requested(audit)
        judge.assert_all_approved(audit)
    except AssertionError as error:
        return f"unmet: {error}"
    except Unverifiable as error:
        return f"unverified: {error}"
    return "met"


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
    """A review may have happened elsewhere, so it is not unmet; an attestation may stand in."""
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
    """Addresses are compared whatever their case, and whatever stands beside them."""
    workshop.commit("One", f"Reviewed-by: {reviewer}")
    assert verdict(audited(workshop)).startswith("unmet: Approved by its own author only")


def test_a_coauthor_approves_nothing(workshop: Workshop) -> None:
    """Who wrote a part of it is an author too."""
    workshop.commit("One", REVIEWED, f"Co-authored-by: {BOB}")
    assert states(audited(workshop)) == ["self-approved"]


def test_the_committer_is_no_reviewer_and_no_liar(workshop: Workshop) -> None:
    """Who applied it is not somebody else, but may well have reviewed it."""
    workshop.commit("One", REVIEWED, committer=BOB)
    found = audited(workshop)
    assert states(found) == ["missing"]
    assert "who committed it or has its author's name" in verdict(found)


def test_one_name_with_two_addresses_is_not_somebody_else(workshop: Workshop) -> None:
    """It may be one person or two, so it is neither an approval nor a false claim."""
    workshop.commit("One", "Reviewed-by: ALICE <alice@home.example>")
    assert states(audited(workshop)) == ["missing"]


def test_names_decide_where_there_is_no_address(workshop: Workshop) -> None:
    """A trailer with a name only is somebody else's, or the author's."""
    workshop.commit("One", "Reviewed-by: Bob")
    workshop.commit("Two", "Reviewed-by:  alice ")
    assert states(audited(workshop)) == ["self-approved", "approved"]


def test_the_mailmap_knows_who_is_who(workshop: Workshop) -> None:
    """Somebody's second address, as .mailmap has it, is still the author."""
    workshop.write(".mailmap", "Alice <alice@team.example> <wonder@home.example>\n")
    workshop.commit("One", "Reviewed-by: Wonder <wonder@home.example>", REVIEWED)
    workshop.commit("Two", "Reviewed-by: Wonder <wonder@home.example>")
    assert states(audited(workshop)) == ["self-approved", "approved"]


def test_only_what_came_after_the_last_release_counts(workshop: Workshop) -> None:
    """The highest version counts, not the newest tag, and no candidate."""
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


def test_a_release_that_head_does_not_contain_is_none(workshop: Workshop) -> None:
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
    """The working tree is judged too, and new files are part of it."""
    workshop.commit("One", REVIEWED)
    workshop.write("new file.txt", "x")
    assert "approved by nobody: new file.txt" in verdict(audited(workshop))


def test_a_shallow_clone_hides_changes(workshop: Workshop, tmp_path: Path) -> None:
    """What was cut off was not looked at."""
    workshop.commit("One", REVIEWED)
    workshop.commit("Two", REVIEWED)
    workshop.git("clone", "--quiet", "--depth=1", f"file://{workshop.root}", str(tmp_path / "c"))
    found = auditor(tmp_path / "c").audit()
    assert states(found) == ["approved"]
    assert verdict(found).startswith("unverified: The repository is a shallow clone")


@pytest.mark.parametrize("begun", [True, False])
def test_without_a_history_nothing_is_known(tmp_path: Path, *, begun: bool) -> None:
    """No repository, or none with a commit: unverified, with what git said."""
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
    """What git merges by itself was reviewed before."""
    merged(workshop, conflict=False)
    found = audited(workshop)
    assert states(found) == ["merge", "approved", "approved", "approved"]
    assert verdict(found) == "met"


def test_a_merge_that_decides_something_needs_a_review(workshop: Workshop) -> None:
    """Also one that takes a whole side, which shows in no combined diff."""
    merged(workshop, conflict=True)
    assert states(audited(workshop)) == ["missing", "approved", "approved", "approved"]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    """A GitHub without pull requests, which the environment names."""
    found = FakeGitHub()
    with serving(found) as address:
        monkeypatch.setenv("GITHUB_API_URL", address)
        monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        yield found


APPROVED = ("bob", "APPROVED", "end")


@pytest.mark.parametrize(
    ("reviews", "state"),
    [
        ([APPROVED], "approved"),
        ([APPROVED, ("bob", "COMMENTED", "end")], "approved"),
        ([("bob", "CHANGES_REQUESTED", "old"), APPROVED], "approved"),
        ([("carol", "DISMISSED", "end"), APPROVED], "approved"),
        ([("bob", "APPROVED", "old")], "missing"),
        ([APPROVED, ("bob", "DISMISSED", "end")], "missing"),
        ([("bob", "PENDING", "end")], "missing"),
        ([], "missing"),
        ([("alice", "APPROVED", "end")], "self-approved"),
        ([APPROVED, ("bob", "CHANGES_REQUESTED", "end")], "requested"),
        ([APPROVED, ("carol", "CHANGES_REQUESTED", "old")], "requested"),
        ([("stranger", "APPROVED", "end")], "missing"),
        ([APPROVED, ("stranger", "CHANGES_REQUESTED", "end")], "approved"),
    ],
)
def test_the_last_word_of_each_reviewer_counts(
    workshop: Workshop,
    fake: FakeGitHub,
    reviews: list[tuple[str, str, str]],
    state: str,
) -> None:
    """An approval is of the end of the pull request, by another, and not taken back."""
    workshop.commit("One")
    fake.pull(7, *reviews)
    assert states(audited(workshop)) == [state]


def test_a_request_for_changes_counts_more_than_a_trailer(
    workshop: Workshop, fake: FakeGitHub
) -> None:
    """A Reviewed-by does not hide what a reviewer said last."""
    workshop.commit("One", REVIEWED)
    fake.pull(7, ("carol", "CHANGES_REQUESTED", "end"))
    assert verdict(audited(workshop)).startswith("unmet: Changes were requested: ")


def test_an_open_pull_request_approves_nothing(workshop: Workshop, fake: FakeGitHub) -> None:
    """What was not merged is not what the commit came by."""
    workshop.commit("One")
    fake.pull(7, APPROVED, merged=False)
    assert states(audited(workshop)) == ["missing"]


def test_all_pages_are_read_and_each_pull_request_once(
    workshop: Workshop, fake: FakeGitHub
) -> None:
    """The last word may be on the last page."""
    workshop.commit("One")
    workshop.commit("Two")
    fake.page = 1
    fake.pull(7, APPROVED, ("bob", "COMMENTED", "end"), ("bob", "CHANGES_REQUESTED", "end"))
    assert states(audited(workshop)) == ["requested", "requested"]
    assert sum(path.endswith("/reviews") for path in fake.requests) == 3


@pytest.mark.parametrize(
    ("status", "raw", "said"),
    [
        (403, b"", "GitHub answered 403 Forbidden to GET /repos/team/checkout/commits/"),
        (500, b"", "GitHub answered 500"),
        (200, b"<html>", "GitHub's answer cannot be read"),
        (200, b"[]", "GitHub's answer cannot be read"),
    ],
)
def test_what_github_does_not_tell_is_not_known(
    workshop: Workshop, fake: FakeGitHub, *, status: int, raw: bytes, said: str
) -> None:
    """An error is never an approval, a trailer or not; nothing is asked twice."""
    workshop.commit("One", REVIEWED)
    workshop.commit("Two", REVIEWED)
    fake.broken, fake.raw = status, raw
    found = audited(workshop)
    assert states(found) == ["unknown", "unknown"]
    assert verdict(found).startswith("unverified: Reviews could not be read: ")
    assert said in verdict(found)
    assert len(fake.requests) == 1


@pytest.mark.usefixtures("fake")
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GITHUB_API_URL", "http://127.0.0.1:1", "GitHub did not answer (ConnectError"),
        ("GITHUB_TOKEN", "other", "GitHub answered 401 Unauthorized"),
    ],
)
def test_a_github_that_does_not_answer_is_not_known(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    """A refused connection, and a refused token."""
    workshop.commit("One", REVIEWED)
    monkeypatch.setenv(name, value)
    assert said in verdict(audited(workshop))


def test_another_author_than_the_pull_requests(workshop: Workshop, fake: FakeGitHub) -> None:
    """A commit that was brought by somebody else is not approved by its author."""
    workshop.commit("One", author=ALICE)
    fake.pull(7, ("dave", "APPROVED", "end"))
    fake.author = "dave"
    assert states(audited(workshop)) == ["self-approved"]


def test_an_author_whom_github_does_not_name_may_be_the_reviewer(
    workshop: Workshop, fake: FakeGitHub
) -> None:
    """GitHub has no account of a co-author: an approval may be that person's own."""
    workshop.commit("One\n\nCo-authored-by: Bob <bob@team.example>")
    fake.pull(7, APPROVED)
    found = audited(workshop)
    assert states(found) == ["missing"]
    assert "whom GitHub does not name" in found.approvals[0].why


@pytest.mark.parametrize(("status", "asked"), [(404, 2), (422, 2), (429, 1)])
def test_a_commit_that_was_not_pushed_is_not_known(
    workshop: Workshop, fake: FakeGitHub, *, status: int, asked: int
) -> None:
    """The others are asked about all the same, which a limit that is used up forbids."""
    workshop.commit("One", REVIEWED)
    workshop.commit("Two", REVIEWED)
    fake.broken = status
    assert states(audited(workshop)) == ["unknown", "unknown"]
    assert len(fake.requests) == asked
