"""Asks GitHub's REST API who reviewed the pull request that brought a commit.

Of https://docs.github.com/en/rest: "List pull requests associated with a commit", "List reviews for
a pull request" and "Get a commit".
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
"""Of a hundred each; more of them would be an endless list."""


@dataclass(frozen=True)
class Review:
    """One review, as GitHub has it now: a dismissed one has become DISMISSED."""

    login: str
    state: str
    """APPROVED, CHANGES_REQUESTED, DISMISSED, COMMENTED or PENDING."""
    commit: str
    """What was the head of the pull request when it was reviewed."""
    member: bool
    """Whether the reviewer belongs to the repository: anybody may review a public one."""


@dataclass(frozen=True)
class PullRequest:
    """A merged pull request, its reviews in the order in which they were given."""

    number: int
    author: str
    head: str
    """The last commit of its branch."""
    reviews: tuple[Review, ...]


@dataclass(frozen=True)
class Answer:
    """What GitHub knows of one commit; `error` says why it is not known."""

    authors: tuple[str, ...] = ()
    """The logins of those who wrote it, as far as GitHub knows them."""
    pulls: tuple[PullRequest, ...] = ()
    error: str = ""
    absent: bool = False
    """Whether the error is that GitHub does not have the commit."""


@dataclass
class GitHub:
    """The reviews of `repository` (owner/name), read with a token that may read it."""

    repository: str
    token: str = field(repr=False)
    timeout: float
    """Of one request, in seconds."""
    api: str = API
    _pulls: dict[int, PullRequest] = field(default_factory=dict)

    def ask(self, commits: Sequence[str]) -> dict[str, Answer]:
        """Return what is known of each commit.

        One that GitHub does not have (it was not pushed) is unknown; after any other error nothing
        more is asked, and all that is left is unknown.
        """
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "X-GitHub-Api-Version": _VERSION,
        }
        answers: dict[str, Answer] = {}
        error = ""
        with httpx.Client(headers=headers, timeout=self.timeout) as client:
            for commit in commits:
                answer = Answer(error=error) if error else self._answer(client, commit)
                error = "" if answer.absent else answer.error
                answers[commit] = answer
        return answers

    def _answer(self, client: httpx.Client, commit: str) -> Answer:
        try:
            return self._ask(client, f"{self.api.rstrip('/')}/repos/{self.repository}", commit)
        except httpx.HTTPStatusError as error:
            status = f"{error.response.status_code} {error.response.reason_phrase}"
            said = f"GitHub answered {status} to GET {error.request.url.path}"
            return Answer(error=said, absent=error.response.status_code in _ABSENT)
        except httpx.HTTPError as error:
            return Answer(error=f"GitHub could not be asked ({type(error).__name__}: {error})")
        except (KeyError, TypeError, ValueError) as error:
            return Answer(error=f"GitHub's answer cannot be read ({type(error).__name__}: {error})")

    def _ask(self, client: httpx.Client, base: str, commit: str) -> Answer:
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
        return Answer(tuple(filter(None, authors)), tuple(pulls))


def github_of(environment: Mapping[str, str], *, timeout: float) -> GitHub | None:
    """Return GitHub as a workflow's environment names it; None without a token and a repository."""
    repository, token = environment.get("GITHUB_REPOSITORY"), environment.get("GITHUB_TOKEN")
    if not repository or not token:
        return None
    return GitHub(repository, token, timeout, environment.get("GITHUB_API_URL") or API)


def _all(client: httpx.Client, url: str) -> list[Any]:
    """Return every entry of a list that comes in pages."""
    found: list[Any] = []
    following: str | None = f"{url}?per_page=100"
    for _ in range(_PAGES):
        if following is None:
            return found
        answer = client.get(following).raise_for_status()
        page = answer.json()
        if not isinstance(page, list):
            raise TypeError(f"{url} is no list")
        found += page
        following = answer.links.get("next", {}).get("url")
        if following is not None and not following.startswith(url.partition("/repos/")[0]):
            raise ValueError(f"the next page of {url} is elsewhere")  # the token stays here
    raise ValueError(f"{url} has more than {_PAGES} pages")


def _review(found: Any) -> Review:  # noqa: ANN401 (decoded JSON)
    return Review(
        login=_login(found["user"]),
        state=str(found["state"]).upper(),
        commit=str(found["commit_id"] or ""),
        member=str(found["author_association"]).upper() in _MEMBERS,
    )


def _login(user: Any) -> str:  # noqa: ANN401 (decoded JSON; null for an account that is gone)
    return str(user["login"]).lower() if user else ""
