"""Decides whether a change was approved by somebody else: by its trailers and by its reviews."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from acceptance.domains.delivery.drivers.github import Answer, PullRequest
    from acceptance.drivers.git import Commit, Person

State: TypeAlias = Literal["approved", "merge", "missing", "self-approved", "requested", "unknown"]
"""`merge`: brought nothing of its own. `unknown`: the reviews could not be looked at."""

_DECISIVE = {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}
"""A comment after an approval takes nothing back."""

NOTHING = "no Reviewed-by"
"""How the reason begins where nobody said anything."""


@dataclass(frozen=True)
class Approval:
    """What is known of one commit."""

    commit: str
    state: State
    why: str
    """Who approved it, or what is missing."""


def approval(commit: Commit, *, clean_merge: bool, answer: Answer | None) -> Approval:
    """Decide about one commit; `answer` is None where GitHub is not asked.

    What was asked for and not done counts more than an approval; a review that could not be looked
    at may have been such a thing, so it leaves the commit unknown.
    """
    name = str(commit)
    if answer is not None and answer.error:
        return Approval(name, "unknown", answer.error)
    pulls = answer.pulls if answer else ()
    requests = [each for pull in pulls for each in _requests(pull)]
    if requests:
        return Approval(name, "requested", "; ".join(requests))
    if clean_merge:
        return Approval(name, "merge", "it merges without a change of its own")
    others = [f"Reviewed-by: {each}" for each in commit.reviewers if _is_other(commit, each)]
    own = [f"Reviewed-by: {each}" for each in commit.reviewers if _wrote(commit, each)]
    doubtful = [
        f"Reviewed-by: {each}, who committed it or has its author's name"
        for each in commit.reviewers
    ]
    # GitHub names no accounts of co-authors, and none of an author whose address it does not know.
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
        why = f"{NOTHING}{', no pull request with an approval of its end' if answer else ''}"
    return Approval(name, state, why)


def _weighed(others: list[str], own: list[str], doubtful: list[str]) -> tuple[State, str]:
    if others:
        return "approved", "; ".join(others)
    if own:
        return "self-approved", "; ".join(own)
    if doubtful:
        return "missing", "; ".join(doubtful)
    return "missing", ""


def _requests(pull: PullRequest) -> list[str]:
    return [
        f"{login} asked for changes in pull request {pull.number}"
        for login, (state, _) in _last_words(pull).items()
        if state == "CHANGES_REQUESTED"
    ]


def _approving(pull: PullRequest) -> list[str]:
    """Return who approved what was merged: an approval of an earlier state is none of it."""
    last = _last_words(pull).items()
    return [login for login, said in last if login and said == ("APPROVED", pull.head)]


def _last_words(pull: PullRequest) -> dict[str, tuple[str, str]]:
    """Return the last decision of each member who reviewed it, and the commit it was about."""
    return {
        review.login: (review.state, review.commit)
        for review in pull.reviews
        if review.state in _DECISIVE and review.member
    }


def _wrote(commit: Commit, person: Person) -> bool:
    return any(_is_same(person, writer) for writer in (commit.author, *commit.coauthors))


def _is_other(commit: Commit, person: Person) -> bool:
    """Whether a person is certainly none of those who made the commit.

    One name with two addresses may be one person: it is no approval, and no false claim either.
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
