"""Reads from GitHub's REST API who reviewed the pull requests of a commit.

Endpoints, from https://docs.github.com/en/rest: "List pull requests associated with a commit",
"List reviews for a pull request" and "Get a commit".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

API = "https://api.github.com"
_VERSION = "2022-11-28"
_MEMBERS = {"OWNER", "MEMBER", "COLLABORATOR"}
"""Source: GitHub REST API, schema of a pull request review, author_association."""
_ABSENT = {404, 422}
_PAGES = 20
"""At most, with a hundred entries each; a longer list is taken for an endless one."""


@dataclass(frozen=True)
class Review:
    """One review in its current state."""

    login: str
    state: str
    """APPROVED, CHANGES_REQUESTED, DISMISSED, COMMENTED or PENDING."""
    commit: str
    """The head of the pull request when it was reviewed."""
    member: bool
    """Whether the reviewer is a member: anybody may review a public repository."""


@dataclass(frozen=True)
class PullRequest:
    """A merged pull request, with its reviews from the oldest to the newest."""

    number: int
    author: str
    head: str
    """The last commit of its branch."""
    reviews: tuple[Review, ...]


@dataclass(frozen=True)
class CommitReviews:
    """What GitHub knows of one commit; `error` says why nothing is known."""

    authors: tuple[str, ...] = ()
    """The logins of its authors, as far as GitHub knows them."""
    pulls: tuple[PullRequest, ...] = ()
    error: str = ""
    not_pushed: bool = False
    """Whether the error is that GitHub does not have the commit."""


@dataclass
class GitHub:
    """A client for the reviews of `repository` (owner/name)."""

    repository: str
    token: str = field(repr=False)
    timeout: float
    """For each request, in seconds."""
    api: str = API
    _pulls: dict[int, PullRequest] = field(default_factory=dict)

    def reviews_of(self, commits: Sequence[str]) -> dict[str, CommitReviews]:
        """Return what GitHub knows of each commit, by its hash.

        A commit that was not pushed has an `error`. After any other error no more requests are
        sent, and the remaining commits have the same `error`.
        """
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "X-GitHub-Api-Version": _VERSION,
        }
        answers: dict[str, CommitReviews] = {}
        error = ""
        with httpx.Client(headers=headers, timeout=self.timeout) as client:
            for commit in commits:
                answer = CommitReviews(error=error) if error else self._answer(client, commit)
                error = "" if answer.not_pushed else answer.error
                answers[commit] = answer
        return answers

    def _answer(self, client: httpx.Client, commit: str) -> CommitReviews:
        try:
            return self._ask(client, f"{self.api.rstrip('/')}/repos/{self.repository}", commit)
        except httpx.HTTPStatusError as error:
            status = f"{error.response.status_code} {error.response.reason_phrase}"
            said = f"GitHub answered {status} to GET {error.request.url.path}"
            return CommitReviews(error=said, not_pushed=error.response.status_code in _ABSENT)
        except httpx.HTTPError as error:
            return CommitReviews(error=f"GitHub did not answer ({type(error).__name__}: {error})")
        except (KeyError, TypeError, ValueError) as error:
            return CommitReviews(
                error=f"GitHub's answer cannot be read ({type(error).__name__}: {error})"
            )

    def _ask(self, client: httpx.Client, base: str, commit: str) -> CommitReviews:
        found = client.get(f"{base}/commits/{commit}").raise_for_status().json()
        authors = (_login(found["author"]),)
        pulls = []
        for each in _all(client, f"{base}/commits/{commit}/pulls"):
            if each["merged_at"] is None:
                continue
            number = int(each["number"])
            if number not in self._pulls:
                reviews = tuple(_review(r) for r in _all(client, f"{base}/pulls/{number}/reviews"))
                author, head = _login(each["user"]), str(each["head"]["sha"])
                self._pulls[number] = PullRequest(number, author, head, reviews)
            pulls.append(self._pulls[number])
        return CommitReviews(tuple(filter(None, authors)), tuple(pulls))


def github_from(environment: Mapping[str, str], *, timeout: float) -> GitHub | None:
    """Return a client by GITHUB_REPOSITORY, GITHUB_TOKEN and, if set, GITHUB_API_URL.

    None without a repository or a token.
    """
    repository, token = environment.get("GITHUB_REPOSITORY"), environment.get("GITHUB_TOKEN")
    if not repository or not token:
        return None
    return GitHub(repository, token, timeout, environment.get("GITHUB_API_URL") or API)


def _all(client: httpx.Client, url: str) -> list[Any]:
    """Return every entry of a list that GitHub sends in pages."""
    found: list[Any] = []
    following: str | None = f"{url}?per_page=100"
    for _ in range(_PAGES):
        if following is None:
            return found
        answer = client.get(following).raise_for_status()
        page = answer.json()
        if not isinstance(page, list):
            raise TypeError(f"{url} is not a list")
        found += page
        following = answer.links.get("next", {}).get("url")
        if following is not None and not following.startswith(url.partition("/repos/")[0]):
            raise ValueError(
                f"the next page of {url} is on another server"
            )  # which must not get the token
    raise ValueError(f"{url} has more than {_PAGES} pages")


def _review(found: Any) -> Review:  # noqa: ANN401 (decoded JSON)
    return Review(
        login=_login(found["user"]),
        state=str(found["state"]).upper(),
        commit=str(found["commit_id"] or ""),
        member=str(found["author_association"]).upper() in _MEMBERS,
    )


def _login(user: Any) -> str:  # noqa: ANN401 (decoded JSON; null for a deleted account)
    return str(user["login"]).lower() if user else ""
