"""Kills each program of the monitoring, and checks that it is back and scraped again."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from acceptance.domains.observability.drivers import prometheus
from acceptance.domains.observability.drivers.endpoints import LABEL
from acceptance.domains.observability.drivers.prometheus import PROBES
from acceptance.domains.observability.metrics.actor import MetricsOperator
from acceptance.domains.observability.stack.inventory import delivered_workloads
from acceptance.domains.observability.stack.killed_programs import (
    NO_DELAY,
    PROMISES,
    KilledPod,
    KilledProgram,
    KilledPrograms,
    KillRow,
    faults_of_scrapes,
    with_scrapes,
)
from acceptance.drivers.container_signals import (
    container_ids,
    kill_containers,
)
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, listed, require, unproven
from acceptance.waiting import DeadlineExceeded, eventually, last_seen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.drivers.http import SteadyTraffic
    from acceptance.drivers.kubernetes.facts import Object

_HISTORY_SECONDS = 300.0


class ProgramKiller(MetricsOperator):
    """Kills the programs of a table one after the other, and waits until all are back."""

    def kill_programs(
        self, table: Sequence[Sequence[str]], traffic: SteadyTraffic
    ) -> KilledPrograms:
        """Kill each program of `table`, which has a head and the columns of `KillRow`.

        The next one does not wait until the last one is back, but for two: one that is said to cost
        visitors no time, because then nothing else may, and Prometheus, because it would hold what
        goes away meanwhile for present. Raises `Unverifiable` if this cluster does not let one
        be killed, and a failed check if one does not come back.
        """
        rows = self._rows(table)
        watched = [each for each in self.prometheus().targets().targets if each.job != PROBES]
        if not watched:
            raise AssertionError("Prometheus scrapes nothing, or does not say what.")
        killed: list[_Killed] = []
        for row in rows:
            one = self._kill(row, traffic)
            one.jobs = tuple(sorted(each.job for each in watched if each.label("pod") in one.names))
            killed.append(one)
            watching = bool(set(row.programs) & set(prometheus.PROGRAMS))
            if row.keeps == NO_DELAY or watching:
                self._await_back(one, traffic)
            if watching:
                self._await_scrapes(len(watched))
        for one in killed:
            self._await_back(one, traffic)
        interval = max(each.interval for each in watched)
        found = KilledPrograms(self._scraped_first([one.facts() for one in killed]), interval)
        self._keep("Killed programs", pretty(asdict(found)))
        return found

    def assert_scraped_again(self, found: KilledPrograms) -> None:
        """Everything that was scraped before is scraped again within three intervals.

        They count from when its program is ready, and Prometheus itself.
        """
        require(found.programs, "No program was killed.")
        faults: list[str] = []
        checked = 0
        for each in found.programs:
            for pod in each.pods:
                checked += len(each.jobs)
                faults += faults_of_scrapes(each, pod, found)
        require(checked, "Prometheus scraped none of the programs that were killed.")
        require(not faults, listed(faults))

    def _rows(self, table: Sequence[Sequence[str]]) -> tuple[KillRow, ...]:
        """Return the rows of the programs that this cluster is to have; none may be left out."""
        rows = tuple(KillRow(*row) for row in table[1:])
        require(rows, "The table names no program.")
        unknown = {each.keeps for each in rows} - PROMISES
        require(not unknown, f"Nothing checks that this is kept: {', '.join(sorted(unknown))}.")
        unclear = [each.program for each in rows if not each.clear]
        require(not unclear, f"It is not clear what is killed of {', '.join(unclear)}.")
        delivered = [each for each in delivered_workloads(self._context) if each.runs]
        if not delivered:
            raise Unverifiable("The repository has no monitoring for this cluster's overlay.")
        named = {program for row in rows for program in row.programs}
        missing = [str(each) for each in delivered if each.program not in named]
        require(not missing, f"The table does not say what is kept by {', '.join(missing)}.")
        here = {each.program for each in delivered} | {self.system.workloads.database}
        return tuple(row for row in rows if here.intersection(row.programs))

    def _kill(self, row: KillRow, traffic: SteadyTraffic) -> _Killed:
        """Kill a program: its processes by a signal, and its pods unless it is a container only.

        Without a way into the node, a pod is only deleted without a grace period.
        """
        pods = self._pods_of_program(row)
        if not pods:
            raise Unverifiable(f"{row.program} does not run, so it cannot be killed.")
        ids = [each for pod in pods for each in container_ids(pod, row.container)]
        one = _Killed(row, pods, time.time(), traffic.count)
        limit = self._timeouts.execute
        if row.container:
            self._undo.callback(self._renew, row)
        try:
            if self.system.inside or row.container:
                one.processes = kill_containers(self.system, ids, timeout=limit)
            for pod in pods if not row.container else ():
                where, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
                self._cluster.delete(api_path("pods", where, name), grace=0)
        except Refused as error:
            raise unproven(f"{row.program} cannot be killed: {error}.", error) from error
        return one

    def _pods_of_program(self, row: KillRow) -> list[Object]:
        selector = f"{LABEL} in ({','.join(row.programs)})"
        spaces = {each.namespace for each in delivered_workloads(self._context)}
        if row.program == self.system.workloads.database:
            spaces = {self.system.namespace}
        return [
            pod
            for space in sorted(spaces)
            for pod in self._cluster.items(api_path("pods", space), labelSelector=selector)
        ]

    def _await_back(self, one: _Killed, traffic: SteadyTraffic) -> None:
        """Wait until a program runs again; a failed check if it does not."""
        if one.back:
            return

        def look() -> list[Object]:
            return [pod for pod in self._pods_of_program(one.row) if one.replaced(pod)]

        try:
            one.back = eventually(
                look,
                lambda found: len(found) >= len(one.pods),
                timeout=self._timeouts.recovery,
                what=f"{one.row.program} runs again after it was killed",
                describe=lambda found: f"{len(found)} of {len(one.pods)} pods are back",
            )
        except DeadlineExceeded as error:
            raise AssertionError(str(error)) from error
        one.visits_back = traffic.count
        one.away = time.time() - one.at

    def _await_scrapes(self, targets: int) -> None:
        """Wait until Prometheus has scraped so many targets; the scrapes are judged later."""
        last_seen(
            lambda: [e.up for e in self.prometheus().targets().targets if e.job != PROBES],
            lambda found: len(found) >= targets and all(found),
            timeout=self._timeouts.observation,
        )

    def _renew(self, row: KillRow) -> None:
        """Replace the pods of a container that was started again more than once.

        The kubelet waits before it does that again, longer each time, but not in a new pod.
        """
        old: set[str] = set()
        for pod in self._pods_of_program(row):
            facts = reading.pod(pod)
            if any(one.name == row.container and one.restarts > 1 for one in facts.containers):
                self._cluster.delete(api_path("pods", pod["metadata"]["namespace"], facts.name))
                old.add(facts.uid)
        last_seen(
            lambda: [reading.pod(each) for each in self._pods_of_program(row)],
            lambda pods: bool(pods) and all(e.serving and e.uid not in old for e in pods),
            timeout=self._timeouts.recovery,
        )

    def _scraped_first(self, killed: Sequence[KilledProgram]) -> tuple[KilledProgram, ...]:
        """Note when each pod was scraped first since it was ready, and Prometheus was too."""
        client = self.prometheus()
        own = [
            pod.ready
            for each in killed
            if set(each.row.programs) & set(prometheus.PROGRAMS)
            for pod in each.pods
        ]
        since = max(own, default=0.0)

        def look() -> tuple[KilledProgram, ...]:
            return with_scrapes(killed, client.history("up", _HISTORY_SECONDS), since)

        return last_seen(
            look,
            lambda found: all(
                at is not None for each in found for pod in each.pods for _, at in pod.scraped
            ),
            timeout=self._timeouts.observation,
        )


class _Killed:
    """A program that was killed and may be back."""

    def __init__(self, row: KillRow, pods: Sequence[Object], at: float, visits: int) -> None:
        self.row = row
        self.pods = pods
        self.at = at
        self.visits = visits
        self.visits_back = visits
        self.away = 0.0
        self.processes = 0
        """How many were killed; none where only the pod was deleted."""
        self.jobs: tuple[str, ...] = ()
        self.back: list[Object] = []

    @property
    def names(self) -> set[str]:
        """The names of the pods that were killed."""
        return {each["metadata"]["name"] for each in self.pods}

    def replaced(self, pod: Object) -> bool:
        """Whether a pod serves, and has nothing of what was killed."""
        ids = {each for own in self.pods for each in container_ids(own, self.row.container)}
        new = container_ids(pod, self.row.container)
        return reading.pod(pod).serving and bool(new) and not ids.intersection(new)

    def facts(self) -> KilledProgram:
        """Return what is known of it now."""
        pods = tuple(
            KilledPod(
                each["metadata"]["namespace"],
                each["metadata"]["name"],
                _ready_since(each, self.row.container),
            )
            for each in self.back
        )
        visits = (self.visits, self.visits_back)
        known = (self.row, self.at, self.processes, visits, self.away)
        return KilledProgram(*known, self.jobs, pods)


def _ready_since(pod: Mapping[str, Any], container: str) -> float:
    """Return when a pod became ready, or when a container was started again."""
    if not container:
        return _unix(reading.pod(pod).ready_since)
    states = [
        each["state"]["running"]["startedAt"]
        for each in pod["status"]["containerStatuses"]
        if each["name"] == container
    ]
    return _unix(states[0])


def _unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
