from __future__ import annotations

from contextlib import AbstractContextManager
from itertools import count

import pytest

from acceptance.drivers.http import Reply
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.waiting import SystemClock
from operations.cli import main
from operations.deployment import BlueGreen, command
from tests.fakes.rollout_cluster import HASH, HOST, FakeHttp, Killed, RolloutCluster

HERE = ["--context", "here", "--namespace", "checkout", "--watch", "0", "--keep", "0"]
DIGEST = f"r.invalid/checkout/backend@sha256:{'a' * 64}"


class Lock(AbstractContextManager[None]):
    """A lock that nobody holds, or somebody else does."""

    taken = False

    def __init__(self, *_: object) -> None:
        """Ask for nothing."""

    def __enter__(self) -> None:
        """Take it, unless it is taken."""
        if self.taken:
            raise EnvironmentFailure("A deployment is under way already, by somebody.")

    def __exit__(self, *_: object) -> None:
        """Give it back."""

    def check(self) -> None:
        """Have it still."""


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> RolloutCluster:
    """A cluster in memory that the command reaches; whoever holds the lock is not asked."""
    found = RolloutCluster()

    class Closed(FakeHttp):
        def close(self) -> None:
            """Close nothing."""

    monkeypatch.setattr(command, "Kubernetes", lambda *_, **__: found)
    monkeypatch.setattr(command, "OperationLock", Lock)
    monkeypatch.setattr(command, "Http", lambda *_, **__: Closed(found))
    monkeypatch.setattr(command, "own_name", lambda _: "me")
    monkeypatch.setattr(RolloutCluster, "close", lambda _: None, raising=False)
    return found


def test_an_image_is_deployed_and_taken_back(
    cluster: RolloutCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each step is a line."""
    assert main(["deploy", "backend", *HERE, "--image", DIGEST]) == 0
    assert cluster.images == [DIGEST]
    assert f"deployed: {DIGEST}, p (" in capsys.readouterr().out.splitlines()[-1]
    assert main(["roll-back", "backend", *HERE]) == 0
    assert cluster.images == ["old"]
    assert main(["roll-back", "backend", *HERE, "--to", "2"]) == 0
    assert cluster.images == [DIGEST]


def test_an_image_at_fault_is_exit_code_one(
    cluster: RolloutCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says why."""
    cluster.server_errors.add(DIGEST)
    assert main(["deploy", "backend", *HERE, "--image", DIGEST]) == 1
    assert capsys.readouterr().err.startswith("not deployed: its smoke test failed: POST")


@pytest.mark.parametrize("taken", [True, False])
def test_the_way_back_needs_no_lock_while_somebody_deploys(
    cluster: RolloutCluster,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    taken: bool,
) -> None:
    """The visitors are back at once; what is left is cleaned up if whoever deployed is gone."""

    def kill(*_: object) -> None:
        cluster.kills_after = 0
        raise Killed

    monkeypatch.setattr(BlueGreen, "_confirm", kill)
    with pytest.raises(Killed):
        main(["deploy", "backend", *HERE, "--image", DIGEST])
    cluster.kills_after = 10**6
    assert cluster.selector[HASH] == cluster.sets[1]["hash"]
    monkeypatch.setattr(Lock, "taken", taken)
    assert main(["roll-back", "backend", *HERE]) == 0
    assert cluster.seen[-1] == "old"
    assert cluster.quiet is not taken
    assert "back at old, p" in capsys.readouterr().out
    monkeypatch.setattr(Lock, "taken", True)
    if not taken:
        code = main(["deploy", "backend", *HERE, "--image", DIGEST])
        assert code == EnvironmentFailure.exit_code


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([*HERE, "--image", "ghcr.io/team/backend:latest"], "and has no digest. Try: NAME@sha256:"),
        (["--image", DIGEST], "Which cluster? A context is never guessed"),
        ([*HERE, "--image", DIGEST, "--keep", "-1"], "--keep is -1: a number of seconds from 0"),
        ([*HERE, "--image", DIGEST, "--address", "here"], "has to be HOST:PORT"),
        ([*HERE, "--image", DIGEST, "--authority", "/none"], "There is no certificate /none"),
    ],
)
def test_a_wrong_input_is_named(
    cluster: RolloutCluster, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    """Before anything is changed."""
    assert main(["deploy", "backend", *options]) == BrokenInput.exit_code
    assert said in capsys.readouterr().err
    assert cluster.changes == []


def test_a_part_that_no_ingress_leads_to_cannot_be_tested(
    cluster: RolloutCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    """So it is not deployed."""
    del cluster.objects["ingresses/checkout"]
    assert main(["deploy", "backend", *HERE, "--image", DIGEST]) == BrokenInput.exit_code
    assert "No Ingress in checkout leads to backend" in capsys.readouterr().err


def test_a_preview_that_the_ingress_does_not_take_is_an_error(
    cluster: RolloutCluster, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no fault of the image: the exit code tells them apart, and the old version serves."""
    asked = cluster.answer

    def answer(method: str, path: str, body: object = None, host: str = HOST) -> Reply:
        return asked(method, path, body, host if host == HOST else "nowhere")

    monkeypatch.setattr(cluster, "answer", answer)
    monkeypatch.setattr(SystemClock, "pause", lambda *_: None)
    monkeypatch.setattr(SystemClock, "now", lambda _: next(TIME))
    code = main(["deploy", "backend", *HERE, "--image", DIGEST])
    assert code == EnvironmentFailure.exit_code
    assert "The ingress does not lead to the new version" in capsys.readouterr().err
    assert cluster.quiet
    assert set(cluster.seen) == {"old"}


TIME = count(0.0, 0.5)
