from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from acceptance.domains.incident import isolation
from acceptance.domains.incident.drivers import connection_program
from acceptance.domains.incident.drivers.connection_program import REACHED, KeptConnection, connect
from acceptance.domains.incident.drivers.connections import Round, Sender, rounds_of
from acceptance.domains.incident.isolation import (
    Connections,
    IsolationFacts,
    SuspectObserver,
    judge_isolation,
)
from acceptance.judgement import Unverifiable
from tests.domains.incident.test_response import SUSPECT
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

NOTHING = Connections(())
SOUND = IsolationFacts(
    before=Connections(("database:5432", "kube-dns:53/udp"), new=True, kept=True),
    after=NOTHING,
    ways=(),
    quarantine=None,
    statements_after=False,
    sessions_before=2,
    sessions_after=0,
)


def test_an_isolated_pod_passes() -> None:
    """No packet, no session, and policies that say so."""
    judge_isolation("backend-1", SOUND)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (replace(SOUND, quarantine="it allows egress"), "does not isolate backend-1: it allows"),
        (
            replace(SOUND, ways=("the policy dns allows egress",)),
            "backend-1 is not isolated: the policy dns allows egress",
        ),
        (
            replace(SOUND, after=Connections((), kept=True)),
            "still reaches backend-1 on a connection from before",
        ),
        (replace(SOUND, statements_after=True), "still used the database after its quarantine"),
        (replace(SOUND, sessions_after=3), "still has 3 sessions in the database"),
        (
            replace(SOUND, ways=("no policy denies its egress",), after=SOUND.before),
            "is not isolated: no policy denies its egress",
        ),
    ],
)
def test_a_way_that_is_left_is_named(facts: IsolationFacts, said: str) -> None:
    """A policy, an open connection, or a session."""
    with pytest.raises(AssertionError, match=said):
        judge_isolation("backend-1", facts)


@pytest.mark.parametrize("after", [Connections(("database:5432",)), Connections((), new=True)])
def test_policies_without_effect_leave_it_unverified(after: Connections) -> None:
    """By their text the pod is isolated, so the cluster does not enforce them."""
    with pytest.raises(Unverifiable, match=r"accepted and not enforced here: .*backend-1"):
        judge_isolation("backend-1", replace(SOUND, after=after))


class Web(BaseHTTPRequestHandler):
    """Answers every request, and keeps the connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with nothing."""
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a web server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_a_connection_is_kept_and_never_opened_again(port: int) -> None:
    """As an attacker keeps one, whom a policy for new connections does not disturb."""
    kept = KeptConnection("127.0.0.1", port, 2)
    assert [kept.use() for _ in range(3)] == [REACHED] * 3
    with closing(kept._line):
        pass
    assert kept.use() != REACHED
    assert KeptConnection("127.0.0.1", 1, 1).use().startswith("ConnectionRefusedError")


def test_the_program_prints_a_line_for_all_targets(port: int) -> None:
    """It runs with nothing but the standard library."""
    source = Path(connection_program.__file__).read_text(encoding="utf-8")
    wanted = {"targets": [["tcp", "127.0.0.1", port], ["tcp", "127.0.0.1", 1]], "seconds": 1}
    command = [sys.executable, "-I", "-S", "-c", source, json.dumps({**wanted, "watch": False})]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    new = json.loads(said)["new"]
    assert new[0] == REACHED
    assert new[1].startswith("ConnectionRefusedError")
    assert connect("udp", "127.0.0.1", 9, 0.2) != REACHED


class FakeLog:
    """A pod's log with a line that is not complete, and one of the interpreter."""

    def log(self, *_: object) -> str:
        """Two rounds, and the beginning of a third."""
        return (
            'warning\n{"new": ["reached"], "kept": "reached"}\n'
            '{"new": ["TimeoutError: timed out"], "kept": "TimeoutError: timed out"}\n{"new": '
        )


def test_rounds_are_read_from_the_log_of_a_pod() -> None:
    """What is no complete line of JSON is left out."""
    found = rounds_of(FakeLog(), Sender("ingress", "a"))  # type: ignore[arg-type]
    assert found == (Round(new=True, kept=True), Round(new=False, kept=False))


def test_a_pod_that_reached_nothing_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarantine of what was isolated before cannot be seen."""

    class Cluster:
        """It has a port for every workload."""

        def container_port(self, *_: str) -> int:
            """Some port."""
            return 8000

    observer = SuspectObserver(context_of(SYSTEM, Cluster()))
    monkeypatch.setattr(SuspectObserver, "_create_sender", lambda *_: None)
    monkeypatch.setattr(SuspectObserver, "_connect_from", lambda *_: ())
    monkeypatch.setattr(isolation, "known_targets", lambda *_: {})
    monkeypatch.setattr(isolation, "last_seen", lambda look, *_, **__: look())
    with pytest.raises(Unverifiable, match="No packet reaches backend-1 or leaves it before"):
        observer._connections_before(SUSPECT)
