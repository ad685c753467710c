from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from acceptance.errors import EnvironmentFailure
from acceptance.settings import Workloads
from operations.rotation import state
from operations.rotation.audit import AuditTrail
from operations.rotation.phases import _Phases
from operations.rotation.target import find_target
from tests.fakes.kubernetes_objects import SETTINGS, FakeObjects, backend, config_map, secret

OLD = {"DATABASE_PASSWORD": "the old password", "SIGNING_KEY": "the old key"}


class Killed(Exception):
    """The program ended here."""


class Work:
    """The database, the pods and the Lease: notes what is done, and is killed at one step."""

    def __init__(self, killed_at: int = -1) -> None:
        """Be killed at the step with this number."""
        self.steps: list[str] = []
        self.given: list[Mapping[str, str]] = []
        self._killed_at = killed_at

    def _step(self, what: str) -> None:
        if len(self.steps) == self._killed_at:
            raise Killed
        self.steps.append(what)

    def unlock(self, role: str, password: str, owner: str) -> None:
        """Note the role."""
        assert password and owner == "owner"
        self._step(f"unlock {role}")

    def lock(self, role: str) -> None:
        """Note the role."""
        self._step(f"lock {role}")

    def restart(self, mark: str, given: Mapping[str, str]) -> None:
        """Note the phase and the values."""
        self._step(f"restart {mark.partition(' ')[2]}")
        self.given.append(given)

    def wait(self, seconds: float) -> None:
        """Note that the overlap is waited for."""
        assert 0 <= seconds <= 60
        self._step("wait")

    def check(self) -> None:
        """The Lease is never lost."""


def cluster_of() -> Any:  # noqa: ANN401 (stands for the client)
    """Return a system that was never rotated."""
    objects = {"backend": backend(), "config": config_map(**SETTINGS), "secrets": secret(**OLD)}
    return FakeObjects(objects)


def run(cluster: Any, work: Any) -> list[str]:  # noqa: ANN401
    """Run a rotation, to its end or until it is killed; return the lines of its audit."""
    lines: list[str] = []
    target = find_target(cluster, "shop", Workloads())
    audit = AuditTrail(cluster, target, "me", lines.append)
    try:
        _Phases(cluster, target, audit, work, work).run(work, overlap=60)
    except Killed:
        lines.append("killed")
    return lines


def events(lines: list[str]) -> list[str]:
    """Return the events of the lines of an audit."""
    return [json.loads(line)["event"] for line in lines if line != "killed"]


STEPS = [
    "unlock owner_b",
    "restart begun",
    "restart switched",
    "wait",
    "lock owner_a",
    "restart retired",
]


def test_a_rotation_does_the_work_of_each_phase_in_order() -> None:
    """The old values end last, when no pod needs them."""
    cluster, work = cluster_of(), Work()
    lines = run(cluster, work)
    assert events(lines) == [*state.PHASES, "finished"]
    assert work.steps == STEPS
    after = state.read_state(cluster.objects["secrets"], "owner_a")
    assert after.rotation is None and after.values["DATABASE_USER"] == "owner_b"
    assert not set(OLD.values()) & set(after.values.values())
    values = {*OLD.values(), after.values["DATABASE_PASSWORD"], after.values["SIGNING_KEY"]}
    assert not [line for line in lines if any(value in line for value in values)]


@pytest.mark.parametrize("killed_at", range(len(STEPS)))
def test_an_interrupted_rotation_resumes_with_the_same_values(killed_at: int) -> None:
    """Wherever it was killed, the next run makes no new values and ends it."""
    cluster, first, second = cluster_of(), Work(killed_at), Work()
    lines = run(cluster, first)
    made = state.read_state(cluster.objects["secrets"], "owner_a")
    assert lines[-1] == "killed" and made.rotation is not None
    told = run(cluster, second)
    assert events(told)[0] == "resumed" and events(told)[-1] == "finished"
    after = state.read_state(cluster.objects["secrets"], "owner_a")
    assert after.values["DATABASE_PASSWORD"] in made.values.values()
    assert after.values["SIGNING_KEY"] in made.values.values()
    ids = {json.loads(line)["rotation"] for line in (*lines[:-1], *told)}
    assert ids == {made.rotation.id}


def test_no_message_holds_a_value() -> None:
    """Also where the program that failed repeats one."""

    class Failing(Work):
        def unlock(self, role: str, password: str, owner: str) -> None:
            message = f"psql failed: {role} {owner} PASSWORD '{password}'"
            raise EnvironmentFailure(message)

    with pytest.raises(EnvironmentFailure, match=r"owner_b owner PASSWORD '\[redacted\]'"):
        run(cluster_of(), Failing())
