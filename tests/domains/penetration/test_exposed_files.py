"""Leftovers: what a server shows, and what is its answer to every unknown path."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.contract import Contract
from acceptance.domains.penetration.drivers.leftovers import beside, leftovers
from acceptance.domains.penetration.exposed_files import (
    ExposedFiles,
    ExposedFilesTester,
    _ask,
    _files_of,
)
from acceptance.drivers.http import Reply
from tests.support.actors import context_of

SYSTEM: Any = SimpleNamespace(
    contract=Contract(),
    host="checkout.local",
    address="127.0.0.1",
    port=9,
    http_port=9,
    secure=False,
)


class Server:
    """Answers some paths, and all others in one way."""

    def __init__(self, served: dict[str, Reply], absent: Reply) -> None:
        """Serve these."""
        self._served, self._absent = served, absent

    def send(self, _: str, path: str) -> Reply:
        """Answer."""
        return self._served.get(path, self._absent)


def page(text: str, status: int | None = 200) -> Reply:
    """Return an answer."""
    return Reply(status, (), text, 0.0)


def exposed_files_tester() -> ExposedFilesTester:
    """Return a tester who never reaches a system."""
    return ExposedFilesTester(context_of(SYSTEM))


def test_a_vulnerable_server_shows_every_leftover() -> None:
    """Else that nothing is found would prove nothing."""
    exposed_files_tester().try_on_vulnerable_server()
    assert len(leftovers()) == len(set(leftovers())) > 100


@pytest.mark.parametrize("absent", [page("not found", 404), page("<main>the page</main>")])
def test_only_what_differs_from_an_unknown_path_is_shown(absent: Reply) -> None:
    """A server that answers every path with its page shows nothing by that."""
    served = {"/.env": page("PASSWORD=1"), "/.git/HEAD": page("", 403), "/old": page("", 503)}
    found = _ask(Server(served, absent), ["/.env", "/.git/HEAD", "/old", "/gone"])  # type: ignore[arg-type]
    assert found.asked == 4
    assert found.found == ("/.env",)
    assert [each.split()[0] for each in found.unanswered] == ["/old"]


def test_the_files_of_a_page_are_those_of_its_own_server() -> None:
    """Relative and absolute paths count, other servers and data do not."""
    text = """<script type=module src="/assets/index-1.js"></script><link href=style.css>
    <link rel="icon" href="data:,"><a href="//elsewhere.example/x.js">x</a><a href="/">y</a>"""
    assert _files_of(text) == ["/assets/index-1.js", "/style.css"]
    assert "/assets/index-1.js.map" in beside("/assets/index-1.js")


@pytest.mark.parametrize(
    ("done", "reason"),
    [
        (ExposedFiles(0, (), (), ()), "nothing was asked for"),
        (ExposedFiles(9, ("/a.js",), ("/.env",), ()), r"Visitors are shown /\.env"),
        (ExposedFiles(9, ("/a.js",), (), ("/b (502)",)), r"no proper answer to /b \(502\)"),
    ],
)
def test_what_is_shown_is_named(done: ExposedFiles, reason: str) -> None:
    """Nothing asked, something shown, and a server that fails are all seen."""
    with pytest.raises(AssertionError, match=reason):
        exposed_files_tester().assert_nothing_exposed(done)
    exposed_files_tester().assert_nothing_exposed(ExposedFiles(9, ("/a.js",), (), ()))
