"""A small GitHub over real HTTP: what its REST API documents of commits, pulls and reviews."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.http_server import served

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = "team/checkout"
TOKEN = "made-up"


@dataclass
class FakeGitHub:
    """The pull requests of one repository; every commit came by all of them."""

    pulls: list[dict[str, Any]] = field(default_factory=list)
    reviews: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    author: str = "alice"
    """Who wrote every commit."""
    requests: list[str] = field(default_factory=list)
    page: int = 100
    """Entries in a page at most."""
    broken: int = 0
    """The status of every answer, unless it is 0."""
    raw: bytes = b""
    """The body of every answer, unless it is empty."""

    def pull(self, number: int, *reviews: tuple[str, str, str], merged: bool = True) -> None:
        """Add a pull request with the head "end"; a review is login, state and commit."""
        self.pulls.append(
            {
                "number": number,
                "state": "closed" if merged else "open",
                "merged_at": "2026-11-25T08:00:00Z" if merged else None,
                "user": {"login": self.author},
                "head": {"sha": "end"},
            }
        )
        self.reviews[number] = [
            {
                "id": index,
                "user": {"login": login},
                "state": state,
                "commit_id": commit,
                "author_association": "NONE" if login == "stranger" else "MEMBER",
            }
            for index, (login, state, commit) in enumerate(reviews)
        ]

    def answer(self, path: str) -> tuple[HTTPStatus, Any]:
        """Return what GitHub has at `path`, which is below the repository."""
        match path.strip("/").split("/"):
            case ["commits", sha]:
                author = {"login": self.author.upper()}  # logins have no case
                return HTTPStatus.OK, {"sha": sha, "author": author, "committer": None}
            case ["commits", _, "pulls"]:
                return HTTPStatus.OK, self.pulls
            case ["pulls", number, "reviews"]:
                return HTTPStatus.OK, self.reviews[int(number)]
        return HTTPStatus.NOT_FOUND, {"message": "Not Found"}


class GitHubHandler(BaseHTTPRequestHandler):
    """Answers as GitHub's REST API does."""

    state: FakeGitHub

    def do_GET(self) -> None:
        """Answer, a page of a list at a time."""
        parts = urlsplit(self.path)
        self.state.requests.append(parts.path)
        status: HTTPStatus = HTTPStatus.UNAUTHORIZED
        found: Any = {"message": "Bad credentials"}
        if self.headers["Authorization"] == f"Bearer {TOKEN}":
            status, found = self.state.answer(parts.path.removeprefix(f"/repos/{REPOSITORY}"))
        self.send_response(self.state.broken or status)
        if isinstance(found, list):
            asked = parse_qs(parts.query)
            size = min(int(asked["per_page"][0]), self.state.page)
            page = int(asked.get("page", ["1"])[0])
            if len(found) > page * size:
                host = self.headers["Host"]
                query = f"per_page={size}&page={page + 1}"
                self.send_header("Link", f'<http://{host}{parts.path}?{query}>; rel="next"')
            found = found[(page - 1) * size : page * size]
        content = self.state.raw or json.dumps(found).encode()
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(github: FakeGitHub) -> Iterator[str]:
    """Serve on a free port of this machine; give the address of the API."""
    with served(GitHubHandler, github) as port:
        yield f"http://127.0.0.1:{port}"
