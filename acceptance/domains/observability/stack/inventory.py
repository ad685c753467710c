"""Compares the programs of the monitoring with those that the repository has for this cluster."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.build.manifests import name_of, render
from acceptance.deployment.stacks import STACKS
from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.observability.drivers.stack_workloads import (
    StackWorkload,
    running_workloads,
    workloads_of,
)
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.errors import BrokenInput
from acceptance.judgement import Unverifiable, listed, require, unproven
from acceptance.waiting import SYSTEM_CLOCK, last_seen

if TYPE_CHECKING:
    from acceptance.actor import ActorContext
    from acceptance.drivers.kubernetes.facts import PodFacts, WorkloadFacts

_STEADY_SECONDS = 6.0
"""For how long no container may be started again."""
_LOOK_SECONDS = 1.0
_HASH = re.compile(r"[0-9a-f]{16}")
"""The tag of an image that is built from a Dockerfile: the hash of what it is built from."""


@dataclass(frozen=True)
class StackInventory:
    """The workloads of the repository, those of the cluster, and the state of the latter."""

    wanted: tuple[StackWorkload, ...]
    found: tuple[StackWorkload, ...]
    facts: tuple[tuple[str, WorkloadFacts], ...]
    """How many pods are ready, with the namespace."""
    pods: tuple[tuple[str, PodFacts], ...]
    """All pods of workloads whose pods run all the time, with the namespace."""
    restarted: tuple[str, ...]
    """The containers that were started again while the operator looked on."""

    def full(self, wanted: StackWorkload) -> bool:
        """Whether all pods of a workload are ready; one without running pods always is."""
        place = wanted.place
        own = [w for where, w in self.facts if (w.kind, where, w.name) == place]
        return not wanted.runs or (bool(own) and own[0].full)


class StackInspector(ClusterActor):
    """Reads the workloads of the monitoring from the API server, and renders the repository's."""

    def read_inventory(self) -> StackInventory:
        """Return what is to run and what runs, once all of it is ready or at the deadline.

        Raises `Unverifiable` if the repository has no monitoring for this cluster, or the API
        server does not list what runs.
        """
        wanted = delivered_workloads(self._context)
        if not wanted:
            raise Unverifiable("The repository has no monitoring for this cluster's overlay.")
        try:
            # The scenario before may have disturbed a program.
            first = last_seen(
                lambda: self._look(wanted),
                lambda seen: all(seen.full(each) for each in wanted),
                timeout=self._timeouts.recovery,
                wake=_Pace(),
            )
            SYSTEM_CLOCK.pause(_STEADY_SECONDS)
            found = self._look(wanted, first)
        except Refused as error:
            message = f"It is unknown which programs of the monitoring run: {error}."
            raise unproven(message, error) from error
        self._keep("Programs of the monitoring", pretty(asdict(found)))
        return found

    def assert_as_in_repository(self, found: StackInventory) -> None:
        """Every workload of the repository is there, with its images and all of its pods."""
        require(found.wanted, "The repository has no program.")
        known = {each.place: each for each in found.found}
        faults: list[str] = []
        for each in found.wanted:
            own = known.get(each.place)
            if own is None:
                faults.append(f"{each} is not deployed")
                continue
            faults += faults_of_images(each, own, self._built_by_hash(each))
            if not found.full(each):
                said = [str(w) for where, w in found.facts if (w.kind, where, w.name) == each.place]
                faults.append(f"{each} has not all of its pods: {', '.join(said) or 'none'}")
        faults += faults_of_builds(found)
        declared = {pair for each in found.found for pair in each.containers}
        faults += [
            f"{pod.name} runs another image in {one.name} than its workload: {one.image}"
            for _, pod in found.pods
            for one in pod.containers
            if (one.name, one.image) not in declared
        ]
        require(not faults, listed(faults))

    def assert_nothing_else(self, found: StackInventory) -> None:
        """No workload is in the namespaces of the monitoring that the repository does not have."""
        require(found.found, "No program of the monitoring is deployed.")
        known = {each.place for each in found.wanted}
        faults = [
            f"{each} is not in the repository" for each in found.found if each.place not in known
        ]
        require(not faults, listed(faults))

    def assert_steady(self, found: StackInventory) -> None:
        """Every container runs, and none was started again while the operator looked on."""
        require(found.pods, "No pod of the monitoring runs.")
        faults = [
            f"{pod.name}: {one.name} is {one.state}"
            for _, pod in found.pods
            for one in pod.containers
            if not one.init and one.state != "running"
        ]
        faults += [f"{each} was started again a moment ago" for each in found.restarted]
        require(not faults, listed(faults))

    def _look(
        self, wanted: tuple[StackWorkload, ...], before: StackInventory | None = None
    ) -> StackInventory:
        spaces = sorted({each.namespace for each in wanted})
        found = tuple(each for space in spaces for each in running_workloads(self._cluster, space))
        facts = tuple((space, each) for space in spaces for each in self._cluster.workloads(space))
        pods = tuple(
            (where, pod)
            for where, each in facts
            for pod in self._cluster.pods(where, each.name)
            if not pod.deleting
        )
        known = _restarts(before.pods) if before else {}
        now = _restarts(pods)
        restarted = tuple(name for name in now if name in known and now[name] != known[name])
        return StackInventory(wanted, found, facts, pods, restarted)

    def _built_by_hash(self, wanted: StackWorkload) -> frozenset[str]:
        """Return the images of a workload that are built from a Dockerfile of the repository."""
        folder = self.system.sources / "node"
        names = {name_of(image) for _, image in wanted.containers}
        return frozenset(
            each for each in names if (folder / each.rpartition("/")[2] / "Dockerfile").is_file()
        )


class _Pace:
    """Waits between two looks, because each asks for all workloads and pods."""

    def wait(self, timeout: float) -> bool:
        """Wait for a moment, at most `timeout` seconds."""
        SYSTEM_CLOCK.pause(min(timeout, _LOOK_SECONDS))
        return False


def delivered_workloads(context: ActorContext) -> tuple[StackWorkload, ...]:
    """Return the workloads that the repository has for the monitoring of this cluster.

    The repository is that from which the system was deployed. There may be none.
    """
    overlay = context.path_in_sources(context.settings.overlay_for(context.system.driver))
    folders = [overlay / name for name in STACKS]
    try:
        return tuple(
            each
            for folder in folders
            if (folder / "kustomization.yaml").is_file()
            for each in workloads_of(render(folder, {}))
        )
    except BrokenInput as error:
        raise AssertionError(f"The monitoring cannot be deployed: {error.message}") from error


def faults_of_images(
    wanted: StackWorkload, found: StackWorkload, built_by_hash: frozenset[str]
) -> list[str]:
    """Say in what the containers and images of a workload differ from the repository's.

    What is delivered has its digest besides, and instead of a tag the hash of its sources if it is
    among the names `built_by_hash`.
    """
    here, there = dict(wanted.containers), dict(found.containers)
    faults = [f"{found} has no container {name}" for name in here if name not in there]
    faults += [f"{found} has a container {name} besides" for name in there if name not in here]
    for name in (each for each in here if each in there):
        own, running = here[name], there[name]
        tag = running.partition("@")[0].removeprefix(name_of(running)).removeprefix(":")
        hashed = name_of(own) in built_by_hash and _HASH.fullmatch(tag) is not None
        same = running.partition("@")[0] == own.partition("@")[0]
        if not same and not (hashed and name_of(running) == name_of(own)):
            faults.append(f"{found} runs {running} in {name}, and the repository has {own}")
    return faults


def faults_of_builds(found: StackInventory) -> list[str]:
    """Say which images run in several builds: a program of an older one was left behind."""
    builds: dict[str, set[str]] = {}
    places = {each.place for each in found.wanted}
    for each in found.found:
        for _, image in each.containers if each.place in places else ():
            builds.setdefault(name_of(image), set()).add(image)
    return [
        f"{name} runs in {len(each)} builds: {', '.join(sorted(each))}"
        for name, each in sorted(builds.items())
        if len(each) > 1
    ]


def _restarts(pods: tuple[tuple[str, PodFacts], ...]) -> dict[str, tuple[str, int]]:
    return {
        f"{pod.name}: {one.name}": (pod.uid, one.restarts)
        for _, pod in pods
        for one in pod.containers
    }
