from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.traffic import actor as module
from acceptance.domains.traffic.actor import IngressActor
from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes.facts import WorkloadFacts
from acceptance.settings import Timeouts
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

PATIENT = Timeouts(ingress=3.0)


def wait_for(
    statuses: list[int | None], monkeypatch: pytest.MonkeyPatch, *, full: bool
) -> tuple[Reply, float]:
    """Ask for what answers with each status once, and with the last one from then on."""
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(module, "_FINAL_SECONDS", 0.3)
    ready = 1 if full else 0
    backend = WorkloadFacts("Deployment", "backend", 1, ready, 1, observed=True)
    cluster: Any = SimpleNamespace(workloads=lambda _: (backend,))

    def ask() -> Reply:
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        return Reply(status, (), "", 0.0)

    started = time.monotonic()
    with IngressActor(context_of(SYSTEM, cluster, timeouts=PATIENT)) as actor:
        return actor._until_success(ask), time.monotonic() - started


def test_a_success_that_comes_late_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a refusal and a failure, however sound the workloads look."""
    reply, _ = wait_for([404, 503, None, 200], monkeypatch, full=True)
    assert reply.succeeded


@pytest.mark.parametrize(
    ("status", "full", "waits"),
    [(404, False, False), (500, True, False), (500, False, True), (None, True, True)],
)
def test_the_wait_ends_when_nothing_can_change_any_more(
    status: int | None, *, full: bool, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal that stays, or a failure of workloads that have all of their pods."""
    reply, seconds = wait_for([status], monkeypatch, full=full)
    assert reply.status == status
    assert (seconds > PATIENT.ingress) == waits
