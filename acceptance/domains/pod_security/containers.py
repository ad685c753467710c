"""The inspector of containers: goes inside of each, and sees what its processes may and have."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers import container_inspection
from acceptance.drivers.kubernetes import facts, reading
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, require, require_each
from acceptance.process import workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acceptance.drivers.container_inspection import ContainerInspection, ProcessFacts
    from acceptance.drivers.kubernetes.facts import PodFacts

_AT_A_TIME = 3
_FILTERED = 2  # proc_pid_status(5): SECCOMP_MODE_FILTER
# What the kubelet adds for each Service (Kubernetes documentation, "Accessing the Service"), but
# for the API server's own, which it always adds.
_SERVICE_LINK = re.compile(
    r"(?!KUBERNETES_)\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)"
)
# A machine's first namespaces have the same numbers everywhere (Linux: include/linux/proc_ns.h).
_OF_THE_MACHINE = {"ipc:[4026531839]", "pid:[4026531836]", "uts:[4026531838]"}
_KINDS = {"ipc": "memory and semaphores", "net": "network", "pid": "processes", "uts": "name"}


@dataclass(frozen=True)
class Look:
    """One running container, seen from outside and from inside."""

    pod: PodFacts
    node_address: str
    inside: ContainerInspection

    def __str__(self) -> str:
        """Name the container."""
        return f"{self.inside.pod}/{self.inside.container}"


class ContainerInspector(ClusterActor):
    """Somebody who believes only what a container's own kernel says."""

    def look_inside(self) -> tuple[Look, ...]:
        """Look inside of each running container of the system."""
        found = [
            (reading.pod(each), each["status"].get("hostIP", ""))
            for each in self._cluster.pod_objects(self.system.namespace)
            # What nobody looks after is no part of the system, such as a pod of the suite's own.
            if each["metadata"].get("ownerReferences")
        ]
        running = [
            (pod, address, container.name)
            for pod, address in found
            if not pod.deleting
            for container in pod.containers
            if container.state == "running"
        ]
        with workers(_AT_A_TIME) as pool:
            looks = tuple(
                pool.map(lambda each: Look(each[0], each[1], self._look(each[0], each[2])), running)
            )
        self._keep("What is inside of each container", pretty([_shown(each) for each in looks]))
        return looks

    def judge_users(self, looks: Sequence[Look]) -> None:
        """No process is root, by no user and no group that it has."""

        def fault(process: ProcessFacts) -> str | None:
            if 0 in process.users:
                return "runs as root"
            return "is in the group root" if 0 in process.groups else None

        self._judge_processes(looks, fault)

    def judge_powers(self, looks: Sequence[Look]) -> None:
        """No process has a capability, and none can get one by starting a program."""

        def fault(process: ProcessFacts) -> str | None:
            held = [f"{name} {mask:#x}" for name, mask in process.capabilities if mask]
            if held:
                return f"has capabilities: {', '.join(held)}"
            return None if process.no_new_privileges else "may gain privileges by a program"

        self._judge_processes(looks, fault)

    def judge_filtered(self, looks: Sequence[Look]) -> None:
        """The kernel filters the system calls of every process."""
        self._judge_processes(
            looks,
            lambda process: (
                None
                if process.seccomp == _FILTERED
                else f"has no filter of system calls (seccomp {process.seccomp})"
            ),
        )

    def judge_unwritable(self, looks: Sequence[Look]) -> None:
        """Nobody can write to the image's files; where it is allowed, the same try succeeds."""

        def fault(look: Look) -> str | None:
            tries = dict(look.inside.writes)
            if tries.pop(container_inspection.WRITABLE, "not tried"):
                return f"nobody could try to write in {look}"
            bad = [
                folder for folder, why in tries.items() if container_inspection.READ_ONLY not in why
            ]
            if not bad:
                return None
            return f"the root of {look} can be written to: {bad[0]} ({tries[bad[0]] or 'written'})"

        self._judge_looks(looks, fault)

    def judge_apart(self, looks: Sequence[Look]) -> None:
        """No container is in a namespace of the node's or of another pod's."""
        pods = defaultdict(set)
        for look in looks:
            for kind in container_inspection.NAMESPACES:
                pods[look.inside.namespace(kind)].add(look.pod.name)

        def fault(look: Look) -> str | None:
            own = look.inside
            if own.hostname != look.pod.name:
                return f"{look} has the name {own.hostname}, which is not its pod's"
            if look.pod.address not in own.addresses or look.node_address in own.addresses:
                return f"{look} has the network of its node"
            for kind, what in _KINDS.items():
                identity = own.namespace(kind)
                if not identity:
                    return f"{look} sees processes that are not its own"
                if identity in _OF_THE_MACHINE:
                    return f"{look} has the {what} of its node"
                if len(pods[identity]) > 1:
                    return f"{look} shares {what} with {', '.join(sorted(pods[identity]))}"
            return None

        self._judge_looks(looks, fault)

    def judge_no_tokens(self, looks: Sequence[Look]) -> None:
        """No container holds a token of the cluster."""
        self._judge_looks(
            looks,
            lambda look: (
                f"{look} holds credentials of the cluster in {look.inside.tokens[0]}"
                if look.inside.tokens
                else None
            ),
        )

    def judge_no_links(self, looks: Sequence[Look]) -> None:
        """No container is told by variables where every Service is."""

        def fault(look: Look) -> str | None:
            links = [each for each in look.inside.variables if _SERVICE_LINK.fullmatch(each)]
            if links:
                return f"{look} is told of other Services by {len(links)} variables: {links[0]}"
            return None

        require(
            all("HOME" in look.inside.variables for look in looks),
            "The variables of a container could not be read.",
        )
        self._judge_looks(looks, fault)

    def judge_digests(self, pods: Sequence[PodFacts]) -> None:
        """Every container was asked for by a digest, and that very image is what runs."""
        released = {each.partition("@")[2] for each in self.system.images}

        def fault(found: tuple[PodFacts, facts.ContainerFacts]) -> str | None:
            pod, container = found
            where = f"{pod.name}/{container.name}"
            wanted = container.image.partition("@")[2]
            if not wanted:
                return f"{where} asks for {container.image}, which may be another image tomorrow"
            if container.image_id.rpartition("@")[2] != wanted:
                return f"{where} asks for {wanted} and runs {container.image_id or 'nothing'}"
            if released and wanted not in released:
                return f"{where} runs {wanted}, which is not to be released"
            return None

        require_each(
            [(pod, container) for pod in pods for container in pod.containers],
            fault,
            nothing="The system has no container.",
        )

    def look_at_images(self) -> tuple[PodFacts, ...]:
        """Return the pods of the system's workloads, with what runs in them."""
        pods = tuple(pod for name in self.system.names for pod in self._pods(name))
        shown = {
            f"{pod.name}/{each.name}": {"asked for": each.image, "runs": each.image_id}
            for pod in pods
            for each in pod.containers
        }
        self._keep("Which images run", pretty(shown))
        return pods

    def _look(self, pod: PodFacts, container: str) -> ContainerInspection:
        system, limit = self.system, self._timeouts.execute
        where = (Path(system.kubeconfig), system.context, system.namespace)
        try:
            return container_inspection.inspect_container(
                *where, pod.name, container, timeout=limit
            )
        except EnvironmentFailure as error:
            said = error.message.strip().splitlines()[-1]
            message = f"Nobody can look inside of {pod.name}/{container}: {said}"
            raise Unverifiable(f"{message} Try: an image with a shell.") from error

    def _judge_processes(
        self, looks: Sequence[Look], fault: Callable[[ProcessFacts], str | None]
    ) -> None:
        """Judge every process of each container, of which the first has to be among them."""

        def worst(look: Look) -> str | None:
            processes = look.inside.processes
            if not any(each.pid == 1 for each in processes):
                return f"{look} shows no first process"
            return next(
                (
                    f"{look}: {each.name} ({each.pid}) {said}"
                    for each in processes
                    if (said := fault(each))
                ),
                None,
            )

        self._judge_looks(looks, worst)

    def _judge_looks(self, looks: Sequence[Look], fault: Callable[[Look], str | None]) -> None:
        """Judge every look; each part of the system has to have been looked into."""
        missing = [
            name
            for name in self.system.names
            if not any(pod.uid == look.pod.uid for pod in self._pods(name) for look in looks)
        ]
        require(not missing, f"Nobody looked inside of {', '.join(missing)}: nothing of it runs.")
        require_each(looks, fault, nothing="No container of the system runs.")


def _shown(look: Look) -> dict[str, object]:
    return asdict(look.inside) | {"address": look.pod.address, "node": look.node_address}
