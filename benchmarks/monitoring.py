"""Measures the stack of the monitoring: its start, and its memory and processor time."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acceptance.deployment.stacks import STACKS
from acceptance.drivers.kubernetes.client import Kubernetes
from acceptance.errors import EnvironmentFailure
from acceptance.settings import Settings
from benchmarks.cgroups import ContainerUsage, usage_of
from benchmarks.figures import Figure
from benchmarks.overhead import overhead
from fixtures.environment import Environment

_NAMESPACES = ("monitoring", "monitoring-agents")
_SETTLE_SECONDS = 30.0
"""From the end of the start until the stack is at rest."""
_REST_SECONDS = 60.0
_ROUNDS_EACH_RUN = 4
_ROUND_SECONDS = 5.0
_READY_TARGET = 75.0
_MEMORY_TARGET = 4096.0
_MIB = 2**20


@dataclass(frozen=True)
class Program:
    """A container of the stack, and when it was created and ready, in seconds of the epoch."""

    name: str
    usage: ContainerUsage
    created: float
    ready: float


@dataclass(frozen=True)
class Account:
    """What the programs have used up to a moment."""

    at: float
    cpu: Mapping[str, float]
    memory: Mapping[str, float]


def monitoring(settings: Settings, runs: int) -> list[Figure]:
    """Measure what the monitoring costs the backend, and what its own programs cost."""
    environment = Environment(settings, "embedded", keep=False, needed=STACKS)
    try:
        environment.start()
        if environment.failure is not None or environment.facts is None:
            raise environment.failure or EnvironmentFailure("The system did not start.")
        deployed = environment.progress.phases[f"Deploy {', '.join(STACKS)}"]
        system = environment.directory.load_system()
        limits = settings.timeouts
        client = Kubernetes(Path(system.kubeconfig), system.context, timeout=limits.api)
        with closing(client):
            programs = _programs(client)
            time.sleep(_SETTLE_SECONDS)
            accounts = [_account(programs)]
            time.sleep(_REST_SECONDS)
            accounts.append(_account(programs))
            rounds = _ROUNDS_EACH_RUN * runs
            cost = overhead(client, system, limits, rounds=rounds, seconds=_ROUND_SECONDS)
            accounts.append(_account(programs))
    finally:
        environment.stop()
    ready = Figure("stack of the monitoring: from deploy to ready", "s", (deployed,), _READY_TARGET)
    return [*cost, ready, *stack_figures(programs, accounts)]


def _programs(client: Kubernetes) -> list[Program]:
    """Return the containers of the stack, the first that was ready first."""
    found = []
    for namespace in _NAMESPACES:
        for pod in client.pod_objects(namespace):
            for status in pod["status"].get("containerStatuses") or ():
                name = f"{pod['metadata']['labels']['app.kubernetes.io/name']}/{status['name']}"
                found.append(_program(name, pod, status))
    if not found:
        raise EnvironmentFailure("The stack of the monitoring has no pods. Try: run again.")
    return sorted(found, key=lambda each: each.ready)


def _program(name: str, pod: Mapping[str, Any], status: Mapping[str, Any]) -> Program:
    (ready,) = [each for each in pod["status"]["conditions"] if each["type"] == "Ready"]
    return Program(
        name,
        usage_of(status["containerID"].rpartition("/")[2]),
        _epoch(pod["metadata"]["creationTimestamp"]),
        _epoch(ready["lastTransitionTime"]),
    )


def _account(programs: list[Program]) -> Account:
    return Account(
        time.monotonic(),
        {each.name: each.usage.cpu_seconds() for each in programs},
        {each.name: each.usage.working_set() / _MIB for each in programs},
    )


def stack_figures(programs: list[Program], accounts: list[Account]) -> list[Figure]:
    """Return a row for each program and one for all, and the sum against its target."""
    first, rest, load = accounts
    began = min(each.created for each in programs)
    figures = []
    for each in programs:
        figures += _row(
            each.name,
            each.ready - began,
            (rest.memory[each.name], load.memory[each.name]),
            (_share(each.name, first, rest), _share(each.name, rest, load)),
        )
    names = [each.name for each in programs]
    sums = [sum(account.memory.values()) for account in (rest, load)]
    shares = [sum(_share(n, a, b) for n in names) for a, b in ((first, rest), (rest, load))]
    last = max(each.ready for each in programs) - began
    figures += _row("all", last, (sums[0], sums[1]), (shares[0], shares[1]))
    title = "stack of the monitoring: memory under load"
    return [Figure(title, "MiB", (sums[1],), _MEMORY_TARGET), *figures]


def _row(
    name: str, ready: float, memory: tuple[float, float], share: tuple[float, float]
) -> list[Figure]:
    columns = {
        "ready after": ("s", ready),
        "memory at rest": ("MiB", memory[0]),
        "memory under load": ("MiB", memory[1]),
        "processors at rest": ("", share[0]),
        "processors under load": ("", share[1]),
    }
    return [Figure(key, unit, (value,), row=name) for key, (unit, value) in columns.items()]


def _share(name: str, first: Account, last: Account) -> float:
    """Return how many processors a program used between two accounts."""
    return (last.cpu[name] - first.cpu[name]) / (last.at - first.at)


def _epoch(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()
