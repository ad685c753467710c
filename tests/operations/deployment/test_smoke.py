from __future__ import annotations

import json
from typing import Any

import pytest

from acceptance.drivers.http import Reply
from acceptance.errors import BrokenInput
from operations.deployment.smoke import Visitor
from tests.test_waiting import FakeClock


class Site:
    """Answers by method and path; a test changes the answers."""

    def __init__(self) -> None:
        """Begin as a sound site."""
        self.seconds = 0.01
        self.answers: dict[tuple[str, str], tuple[int | None, Any]] = {
            ("POST", "/api/checkouts"): (201, {"id": "7"}),
            ("GET", "/api/checkouts/7"): (200, None),
            ("GET", "/api/checkouts?limit=1"): (200, {}),
            ("POST", "/api/checkouts/7/cancellation"): (200, {}),
            ("GET", "/"): (200, '<script src="/assets/a.js"></script><link href="/b.css">'),
            ("GET", "/assets/a.js"): (200, "run()"),
            ("GET", "/b.css"): (200, "p {}"),
        }
        self.customer = ""
        self.pods: list[str] = []
        """Who answers next."""

    def send(self, method: str, path: str, *, body: object, host: str) -> Reply:
        """Answer; a checkout is read as it was made."""
        assert host == "here"
        if isinstance(body, dict):
            self.customer = body["customer"]
        status, found = self.answers[method, path]
        found = {"id": "7", "customer": self.customer} if found is None else found
        text = found if isinstance(found, str) else json.dumps(found)
        named = (("x-served-by", self.pods.pop(0)),) if self.pods else ()
        return Reply(status, named, text, self.seconds, "lost" if status is None else None, path)


def visitor(site: Site, part: str) -> Visitor:
    """Return a visitor of this site."""
    http: Any = site
    return Visitor(http, part, "here")


@pytest.mark.parametrize("part", ["backend", "frontend"])
def test_a_sound_part_passes(part: str) -> None:
    """Whatever is asked is answered as it should be."""
    assert visitor(Site(), part).smoke_test() == ""


@pytest.mark.parametrize(
    ("part", "request_", "answer", "said"),
    [
        ("backend", ("POST", "/api/checkouts"), (500, ""), "HTTP 500"),
        ("backend", ("POST", "/api/checkouts"), (200, {"id": "7"}), "HTTP 200"),
        ("backend", ("GET", "/api/checkouts/7"), (404, ""), "HTTP 404"),
        ("backend", ("GET", "/api/checkouts/7"), (200, {"customer": "x"}), "another customer"),
        ("backend", ("GET", "/api/checkouts?limit=1"), (503, ""), "HTTP 503"),
        ("backend", ("POST", "/api/checkouts/7/cancellation"), (409, ""), "HTTP 409"),
        ("frontend", ("GET", "/"), (502, ""), "HTTP 502"),
        ("frontend", ("GET", "/"), (200, "<p>Welcome to nginx!</p>"), "refers to no script"),
        ("frontend", ("GET", "/assets/a.js"), (404, "x"), "HTTP 404"),
        ("frontend", ("GET", "/b.css"), (200, ""), "/b.css is empty"),
        ("frontend", ("GET", "/b.css"), (None, ""), "lost"),
    ],
)
def test_each_fault_is_named(
    part: str, request_: tuple[str, str], answer: tuple[int | None, Any], said: str
) -> None:
    """Whichever of the requests it concerns."""
    site = Site()
    site.answers[request_] = answer
    assert said in visitor(site, part).smoke_test()


def test_a_part_that_answers_late_fails() -> None:
    """A request that takes seconds is no better than one that fails."""
    site = Site()
    site.seconds = 2.5
    assert visitor(site, "backend").smoke_test() == "/api/checkouts took 2.5 s"


def test_one_lost_request_is_no_fault_and_three_of_ten_are() -> None:
    """What is long past does not count."""
    site = Site()
    found = visitor(site, "backend")
    sound: tuple[int, object] = (200, {})
    lost = (None, "")
    path = ("GET", "/api/checkouts?limit=1")
    for answer in [lost, lost, *[sound] * 9, lost, lost]:
        site.answers[path] = answer
        assert found.look() == ""
    site.answers[path] = lost
    assert found.look().startswith("3 of the last 10 requests failed: ")


def test_arrival_is_told_by_the_pod_that_answers() -> None:
    """Four times in a row, whatever it answers; another pod does not count."""
    site, clock = Site(), FakeClock()
    site.pods = ["blue", "green", "blue", "green", "green", "green", "green"]
    found = visitor(site, "backend")
    assert found.await_arrival({"green"}, 60.0, clock)
    assert not site.pods
    assert found.answered
    site.pods = ["blue"] * 1000
    assert not found.await_arrival({"green"}, 5.0, clock)


def test_a_part_without_a_smoke_test_is_named() -> None:
    """Nothing can be said of it."""
    with pytest.raises(BrokenInput, match="There is no smoke test of database"):
        visitor(Site(), "database")
