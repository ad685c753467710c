from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from acceptance.domains.secrets.drivers import pod_relay, relay_program

PROGRAM = Path(relay_program.__file__).read_text(encoding="utf-8")


def start(port: int) -> subprocess.Popen[str]:
    """Run the program as in a pod."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", PROGRAM, "127.0.0.1", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said_by(child: subprocess.Popen[str]) -> dict[str, Any]:
    """Return its first line."""
    assert child.stdout is not None
    found: dict[str, Any] = json.loads(child.stdout.readline())
    return found


def test_what_is_sent_reaches_the_target_and_its_answer_comes_back() -> None:
    """And the program ends with its input, so that none is left in a pod."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def echo() -> None:
            for _ in range(2):  # the first one only tries
                client, _ = server.accept()
                with client:
                    client.sendall(client.recv(100).upper())

        threading.Thread(target=echo, daemon=True).start()
        with start(server.getsockname()[1]) as child:
            said = said_by(child)
            assert not said["unreachable"]
            with socket.create_connection(("127.0.0.1", said["port"]), 5) as client:
                client.sendall(b"hello")
                assert client.recv(100) == b"HELLO"
                assert client.recv(100) == b""
            assert child.stdin is not None
            child.stdin.close()
            assert child.wait(10) == 0


def test_a_target_that_is_not_there_is_unreachable() -> None:
    """A login that fails for that reason was refused by nobody."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with start(port) as child:
        assert "refused" in said_by(child)["unreachable"]


def test_the_relay_says_why_a_pod_cannot_run_it() -> None:
    """Its image may have no Python."""
    child = subprocess.Popen(
        ["sh", "-c", "echo no python3 >&2; exit 1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
    )
    with pytest.raises(Exception, match="does not relay connections: no python3"):
        pod_relay._first_line(child, monotonic() + 10)
    pod_relay._end(child, 5)
