from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from benchmarks import alternation
from tests.fakes.http_server import served


@dataclass
class _Seen:
    status: int = 200
    requests: list[str] = field(default_factory=list)


class _Checkouts(BaseHTTPRequestHandler):
    """Answers every request as if it had worked, over a connection that is kept."""

    protocol_version = "HTTP/1.1"
    state: _Seen

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.state.requests.append(f"{self.command} {self.path}")
        body = json.dumps({"id": "1"}).encode()
        self.send_response(self.state.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815 (as the server calls them)


def _plan(route: str, **ports: int) -> dict[str, Any]:
    backends = {name: ("127.0.0.1", port) for name, port in ports.items()}
    return {"backends": backends, "route": route, "blocks": 3, "seconds": 30, "seed": 1}


@pytest.mark.parametrize("route", alternation.ROUTES)
def test_every_backend_gets_the_same_requests(route: str) -> None:
    """Twice in each block; and the blocks of the warm-up are sent and not measured."""
    first, second = _Seen(), _Seen()
    with served(_Checkouts, first) as one, served(_Checkouts, second) as two:
        found = alternation.alternate(_plan(route, one=one, two=two))
    assert first.requests == second.requests
    assert {name: len(values) for name, values in found["seconds"].items()} == {"one": 6, "two": 6}
    assert found["units"] == {"one": 16, "two": 16}


def test_a_block_is_its_own_mirror_image() -> None:
    """So that what grows steadily during a block affects all backends alike."""
    draw = random.Random(1)  # noqa: S311
    orders = {tuple(alternation.block(["a", "b"], draw)) for _ in range(20)}
    assert orders == {("a", "b", "b", "a"), ("b", "a", "a", "b")}


def test_an_error_is_never_measured() -> None:
    """A refusal is quick, and would look like a fast backend."""
    with (
        served(_Checkouts, _Seen(status=503)) as port,
        pytest.raises(RuntimeError, match="HTTP 503"),
    ):
        alternation.alternate(_plan("page", one=port))


def test_it_runs_as_a_program_without_the_suite() -> None:
    """On the node it is started alone, and isolated from what is installed."""
    with served(_Checkouts, _Seen()) as port:
        done = subprocess.run(
            [sys.executable, "-I", Path(alternation.__file__)],
            input=json.dumps(_plan("read", one=port)),
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    assert len(json.loads(done.stdout)["seconds"]["one"]) == 6
