from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from postgres_server import PASSWORD, PostgresServer

SIGNING_KEY = "signing-key-that-must-never-show"
# Made once: that takes a busy machine longer than a request. A connection for each request, so
# that a listener that was closed is noticed.
VISITOR = httpx.Client(timeout=10, limits=httpx.Limits(max_keepalive_connections=0))


@contextmanager
def process(port: int, database: int, **changes: str) -> Iterator[subprocess.Popen[str]]:
    """Run the service as the container does, on free ports."""
    env = {
        "PATH": os.environ["PATH"],
        "DATABASE_HOST": "127.0.0.1",
        "DATABASE_PORT": str(database),
        "DATABASE_NAME": "checkout",
        "DATABASE_USER": "checkout",
        "DATABASE_PASSWORD": PASSWORD,
        "SIGNING_KEY": SIGNING_KEY,
        "LISTEN_PORT": str(port),
        "POD_NAME": "backend-0",
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "checkout_backend"],
        cwd=Path(__file__).parents[1],
        env=env | changes,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 20
        while status(port, "/healthz") is None:
            assert child.poll() is None, child.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield child
    finally:
        child.kill()
        child.communicate()


def status(port: int, path: str) -> int | None:
    """Return the status of an answer, or None if nobody listens."""
    try:
        return VISITOR.get(f"http://127.0.0.1:{port}{path}").status_code
    except httpx.ConnectError:
        return None


def listens(port: int) -> bool:
    """Say whether a new visitor is taken in.

    One who comes in the moment in which the listener closes is sent away: by the kernel with a
    reset, or by the server, which ends a connection on which no request has been read.
    """
    try:
        return status(port, "/healthz") is not None
    except (httpx.ReadError, httpx.RemoteProtocolError):
        return False


def test_it_starts_without_a_database_and_stops_cleanly(unused_port: int) -> None:
    """Alive, not ready; and no reason to restart it."""
    with process(unused_port, 1, DRAIN_SECONDS="0") as child:
        assert status(unused_port, "/readyz") == 503
        assert status(unused_port, "/healthz") == 200
        child.send_signal(signal.SIGTERM)
        output, _ = child.communicate(timeout=15)
    assert child.returncode == 0
    for line in output.splitlines():
        assert json.loads(line)["event"]
    assert PASSWORD not in output and SIGNING_KEY not in output


def test_a_second_signal_ends_draining(unused_port: int) -> None:
    """For whoever presses Ctrl-C twice."""
    with process(unused_port, 1, DRAIN_SECONDS="60") as child:
        child.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert status(unused_port, "/healthz") == 200
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=15)
    assert child.returncode == 0


@pytest.mark.postgres
def test_no_request_is_lost_on_the_way_down(migrated: PostgresServer, unused_port: int) -> None:
    """Unready at once, serving while the cluster looks away, and then finishing what was begun."""
    with process(unused_port, migrated.port, DRAIN_SECONDS="1") as child:
        base = f"http://127.0.0.1:{unused_port}"
        made = httpx.post(f"{base}/api/checkouts", json={"customer": "Ada"}).json()
        while status(unused_port, "/readyz") != 200:
            time.sleep(0.05)
        child.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        assert status(unused_port, "/readyz") == 503
        assert status(unused_port, "/api/checkouts") == 200
        # This one begins while draining, and cannot end before the listener is closed.
        cancellation = f"{base}/api/checkouts/{made['id']}/cancellation"
        with ThreadPoolExecutor(1) as visitor:
            with migrated.connect() as other:
                other.execute("SELECT FROM checkouts WHERE id = %s FOR UPDATE", (made["id"],))
                begun = visitor.submit(VISITOR.post, cancellation)
                while listens(unused_port):
                    time.sleep(0.02)
                assert not begun.done()
            assert begun.result().json()["status"] == "cancelled"
        child.communicate(timeout=15)
    assert child.returncode == 0
