"""Decides by trailers and reviews whether somebody other than its author approved a change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from acceptance.domains.delivery.drivers.github import CommitReviews, PullRequest
    from acceptance.drivers.git import Commit, Person

ApprovalState: TypeAlias = Literal[
    "approved", "merge", "missing", "self-approved", "requested", "unknown"
]
"""`merge`: it has no changes of its own. `requested`: a reviewer requests changes. `unknown`: its
reviews could not be read."""

_DECISIVE = {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}
"""A comment after an approval does not revoke it."""

NOTHING = "no Reviewed-by"
"""How the reason begins where nobody reviewed the change."""


@dataclass(frozen=True)
class Approval:
    """Whether one commit is approved."""

    commit: str
    state: ApprovalState
    why: str
    """Who approved it, or what is missing."""


def approval(commit: Commit, *, clean_merge: bool, answer: CommitReviews | None) -> Approval:
    """Decide about one commit; `answer` is None where GitHub is not asked.

    A request for changes counts more than an approval. A review that could not be read may be such
    a request, so it leaves the commit unknown.
    """
    name = str(commit)
    if answer is not None and answer.error:
        return Approval(name, "unknown", answer.error)
    pulls = answer.pulls if answer else ()
    requests = [each for pull in pulls for each in _requests(pull)]
    if requests:
        return Approval(name, "requested", "; ".join(requests))
    if clean_merge:
        return Approval(name, "merge", "a merge without changes of its own")
    others = [
        f"Reviewed-by: {each}" for each in commit.reviewers if _is_somebody_else(commit, each)
    ]
    own = [f"Reviewed-by: {each}" for each in commit.reviewers if _wrote(commit, each)]
    doubtful = [
        f"Reviewed-by: {each}, who committed it or has its author's name"
        for each in commit.reviewers
    ]
    # GitHub gives no account for co-authors, nor for an author whose address it does not know.
    unnamed = answer is not None and (not answer.authors or bool(commit.coauthors))
    for pull in pulls:
        for login in _approving(pull):
            words = f"approved by {login} in pull request {pull.number}"
            writers = {pull.author, *(answer.authors if answer else ())}
            if login in writers:
                own.append(words)
            elif unnamed:
                doubtful.append(f"{words}, who may be an author whom GitHub does not name")
            else:
                others.append(words)
    state, why = _weighed(others, own, doubtful)
    if not why:
        why = f"{NOTHING}{', and no pull request whose last commit was approved' if answer else ''}"
    return Approval(name, state, why)


def _weighed(others: list[str], own: list[str], doubtful: list[str]) -> tuple[ApprovalState, str]:
    if others:
        return "approved", "; ".join(others)
    if own:
        return "self-approved", "; ".join(own)
    if doubtful:
        return "missing", "; ".join(doubtful)
    return "missing", ""


def _requests(pull: PullRequest) -> list[str]:
    return [
        f"{login} requested changes in pull request {pull.number}"
        for login, (state, _) in _last_decisions(pull).items()
        if state == "CHANGES_REQUESTED"
    ]


def _approving(pull: PullRequest) -> list[str]:
    """Return who approved the last commit; an approval of an earlier commit does not count."""
    last = _last_decisions(pull).items()
    return [login for login, said in last if login and said == ("APPROVED", pull.head)]


def _last_decisions(pull: PullRequest) -> dict[str, tuple[str, str]]:
    """Return each member's last decision, and the commit that it is about."""
    return {
        review.login: (review.state, review.commit)
        for review in pull.reviews
        if review.state in _DECISIVE and review.member
    }


def _wrote(commit: Commit, person: Person) -> bool:
    return any(_is_same(person, writer) for writer in (commit.author, *commit.coauthors))


def _is_somebody_else(commit: Commit, person: Person) -> bool:
    """Return whether a person certainly neither wrote nor committed the change.

    One name with two addresses may be one person: neither an approval nor a self-approval.
    """
    makers = (commit.author, commit.committer, *commit.coauthors)
    return not any(
        _is_same(person, maker) or _plain(person.name) == _plain(maker.name) for maker in makers
    )


def _is_same(one: Person, other: Person) -> bool:
    if one.email and other.email:
        return one.email.casefold() == other.email.casefold()
    return _plain(one.name) == _plain(other.name)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
