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
def started(
    module: str, port: int, database: int, **changes: str
) -> Iterator[subprocess.Popen[str]]:
    """Start a program of the service as the container does, on free ports."""
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
        [sys.executable, "-m", module],
        cwd=Path(__file__).parents[1],
        env=env | changes,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=ignore_sigterm,  # noqa: PLW1509 - it only sets how a signal is handled
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def ignore_sigterm() -> None:
    """Have a signal ignored that a program does not handle, as if it were process 1."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def handles(pid: int, number: signal.Signals) -> bool:
    """Say whether a process has a handler for a signal."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


@contextmanager
def process(port: int, database: int, **changes: str) -> Iterator[subprocess.Popen[str]]:
    """Run the service, and wait until it listens."""
    with started("checkout_backend", port, database, **changes) as child:
        deadline = time.monotonic() + 20
        while status(port, "/healthz") is None:
            assert child.poll() is None, child.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield child


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


@pytest.mark.parametrize("module", ["checkout_backend", "checkout_backend.migrate"])
def test_it_ends_when_it_is_told_so_while_it_starts(module: str, unused_port: int) -> None:
    """As a container's first process, for which the kernel ignores what is not handled."""
    with started(module, unused_port, 1, DRAIN_SECONDS="60") as child:
        deadline = time.monotonic() + 20
        while not handles(child.pid, signal.SIGTERM):
            assert time.monotonic() < deadline, "It never handles SIGTERM."
            time.sleep(0.001)
        child.send_signal(signal.SIGTERM)
        output, _ = child.communicate(timeout=15)
    assert child.returncode == 0
    assert not output, "It could be told only when it had begun."


def test_it_ends_when_it_is_told_so_where_python_ignores_exceptions() -> None:
    """An import has such places; whoever is told there must not go on to serve."""
    program = """
import os, signal, weakref
from checkout_backend import signals
signals.end_when_told()
class Lock: pass
def be_told(_):
    os.kill(os.getpid(), signal.SIGTERM)
    sum(range(1000))
lock = Lock()
callback = weakref.ref(lock, be_told)
del lock
print("It goes on.")
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=15,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


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
