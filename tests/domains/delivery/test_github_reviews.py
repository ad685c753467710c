from __future__ import annotations

from collections.abc import Iterator

import pytest

from acceptance.domains.delivery.drivers.github import API, github_from
from tests.domains.delivery.audits import audited, states, verdict
from tests.fakes.github import REPOSITORY, TOKEN, FakeGitHub, serving
from tests.support.repositories import ALICE, BOB, Workshop, workshop

__all__ = ["workshop"]

REVIEWED = f"Reviewed-by: {BOB}"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    """A GitHub without pull requests, to which the environment points."""
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
def test_the_last_decision_of_each_reviewer_counts(
    workshop: Workshop,
    fake: FakeGitHub,
    reviews: list[tuple[str, str, str]],
    state: str,
) -> None:
    """An approval counts if it is of the last commit, by a member, and not revoked."""
    workshop.commit("One")
    fake.pull(7, *reviews)
    assert states(audited(workshop)) == [state]


def test_a_request_for_changes_counts_more_than_a_trailer(
    workshop: Workshop, fake: FakeGitHub
) -> None:
    """A Reviewed-by does not hide a reviewer's last decision."""
    workshop.commit("One", REVIEWED)
    fake.pull(7, ("carol", "CHANGES_REQUESTED", "end"))
    assert verdict(audited(workshop)).startswith("unmet: Changes were requested: ")


def test_an_open_pull_request_approves_nothing(workshop: Workshop, fake: FakeGitHub) -> None:
    """The commit did not come by a pull request that was not merged."""
    workshop.commit("One")
    fake.pull(7, APPROVED, merged=False)
    assert states(audited(workshop)) == ["missing"]


def test_all_pages_are_read_and_each_pull_request_once(
    workshop: Workshop, fake: FakeGitHub
) -> None:
    """The last decision may be on the last page."""
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
    """An error is never an approval, even with a trailer; no request is repeated."""
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
    """The author of a commit cannot approve it in somebody else's pull request."""
    workshop.commit("One", author=ALICE)
    fake.pull(7, ("dave", "APPROVED", "end"))
    fake.author = "dave"
    assert states(audited(workshop)) == ["self-approved"]


def test_an_author_whom_github_does_not_name_may_be_the_reviewer(
    workshop: Workshop, fake: FakeGitHub
) -> None:
    """GitHub has no account of a co-author, so an approval may be the co-author's own."""
    workshop.commit("One\n\nCo-authored-by: Bob <bob@team.example>")
    fake.pull(7, APPROVED)
    found = audited(workshop)
    assert states(found) == ["missing"]
    assert "whom GitHub does not name" in found.approvals[0].why


@pytest.mark.parametrize(("status", "asked"), [(404, 2), (422, 2), (429, 1)])
def test_a_commit_that_was_not_pushed_is_not_known(
    workshop: Workshop, fake: FakeGitHub, *, status: int, asked: int
) -> None:
    """GitHub is still asked about the others, unless the rate limit is used up."""
    workshop.commit("One", REVIEWED)
    workshop.commit("Two", REVIEWED)
    fake.broken = status
    assert states(audited(workshop)) == ["unknown", "unknown"]
    assert len(fake.requests) == asked


def test_the_environment_says_which_github() -> None:
    """Only with a token and a repository; the address is GitHub's own unless it is given."""
    given = {"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": REPOSITORY}
    found = github_from(given, timeout=1)
    assert found is not None
    assert (found.repository, found.api) == (REPOSITORY, API)
    assert TOKEN not in repr(found)
    assert github_from({"GITHUB_TOKEN": TOKEN}, timeout=1) is None
    assert github_from({"GITHUB_REPOSITORY": REPOSITORY}, timeout=1) is None
    own = github_from({**given, "GITHUB_API_URL": "http://here"}, timeout=1)
    assert own is not None
    assert own.api == "http://here"
