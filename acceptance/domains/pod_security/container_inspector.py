"""Inspects each running container from inside: privileges, namespaces, credentials, variables."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.pod_security.credentials import opens, volume_mounts
from acceptance.drivers import container_inspection
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.client_authorities import client_authorities
from acceptance.judgement import require, require_each, unproven
from acceptance.process import workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acceptance.domains.pod_security.credentials import VolumeMount
    from acceptance.drivers.container_inspection import ContainerInspection, ProcessFacts
    from acceptance.drivers.kubernetes.facts import PodFacts

_AT_A_TIME = 3
_SECCOMP_FILTER = 2  # proc_pid_status(5): SECCOMP_MODE_FILTER
# The variables that the kubelet adds for each Service (Kubernetes documentation, "Accessing the
# Service"). It always adds those of the API server's own Service, so they do not count.
_SERVICE_VARIABLE = re.compile(
    r"(?!KUBERNETES_)\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)"
)
# The initial namespaces have the same numbers on every machine (Linux: include/linux/proc_ns.h).
_INITIAL_NAMESPACES = {"ipc:[4026531839]", "pid:[4026531836]", "uts:[4026531838]"}
_KINDS = {"ipc": "IPC", "net": "network", "pid": "process", "uts": "host name"}


@dataclass(frozen=True)
class InspectedContainer:
    """One running container: what the API says about its pod, and what was found inside."""

    pod: PodFacts
    node_address: str
    inspection: ContainerInspection
    mounts: tuple[VolumeMount, ...] = ()

    def __str__(self) -> str:
        """Name the container."""
        return f"{self.inspection.pod}/{self.inspection.container}"


class ContainerInspector(ClusterActor):
    """Tests what the kernel allows to the processes of each container."""

    def inspect_containers(self) -> tuple[InspectedContainer, ...]:
        """Inspect each running container of the system."""
        running = [
            (each, pod, container.name)
            for each in self._cluster.pod_objects(self.system.namespace)
            # A pod without an owner is no part of the system, such as one of the suite's own.
            if each["metadata"].get("ownerReferences") and not (pod := reading.pod(each)).deleting
            for container in pod.containers
            if container.state == "running"
        ]
        with workers(_AT_A_TIME) as pool:
            inspections = pool.map(lambda each: self._inspect(each[1].name, each[2]), running)
            inspected = tuple(
                InspectedContainer(
                    pod,
                    found["status"].get("hostIP", ""),
                    inspection,
                    volume_mounts(found, container),
                )
                for (found, pod, container), inspection in zip(running, inspections, strict=True)
            )
        self._keep("What was found in each container", pretty([_shown(each) for each in inspected]))
        return inspected

    def assert_no_root(self, inspected: Sequence[InspectedContainer]) -> None:
        """No process has the user root or the group root."""

        def fault(process: ProcessFacts) -> str | None:
            if 0 in process.users:
                return "runs as root"
            return "is in the group root" if 0 in process.groups else None

        self._require_each_process(inspected, fault)

    def assert_no_capabilities(self, inspected: Sequence[InspectedContainer]) -> None:
        """No process has a capability, or can gain one by starting a program."""

        def fault(process: ProcessFacts) -> str | None:
            held = [f"{name} {mask:#x}" for name, mask in process.capabilities if mask]
            if held:
                return f"has capabilities: {', '.join(held)}"
            return (
                None if process.no_new_privileges else "can gain privileges by starting a program"
            )

        self._require_each_process(inspected, fault)

    def assert_seccomp_filter(self, inspected: Sequence[InspectedContainer]) -> None:
        """Seccomp filters the system calls of every process."""
        self._require_each_process(
            inspected,
            lambda process: (
                None
                if process.seccomp == _SECCOMP_FILTER
                else f"has no seccomp filter (mode {process.seccomp})"
            ),
        )

    def assert_read_only_root(self, inspected: Sequence[InspectedContainer]) -> None:
        """No file can be written on the root file system; the same attempt succeeds in /dev/shm."""

        def fault(container: InspectedContainer) -> str | None:
            tries = dict(container.inspection.writes)
            if tries.pop(container_inspection.WRITABLE, "not tried"):
                return f"writing could not be tried in {container}"
            bad = [
                folder for folder, why in tries.items() if container_inspection.READ_ONLY not in why
            ]
            if not bad:
                return None
            return (
                f"the root file system of {container} is writable: {bad[0]} "
                f"({tries[bad[0]] or 'a file was written'})"
            )

        self._require_each_container(inspected, fault)

    def assert_own_namespaces(self, inspected: Sequence[InspectedContainer]) -> None:
        """No container shares a Linux namespace with its node or with another pod."""
        pods = defaultdict(set)
        for container in inspected:
            for kind in container_inspection.NAMESPACES:
                pods[container.inspection.namespace(kind)].add(container.pod.name)

        def fault(container: InspectedContainer) -> str | None:
            own = container.inspection
            if own.hostname != container.pod.name:
                return f"{container} has the host name {own.hostname}, not that of its pod"
            if (
                container.pod.address not in own.addresses
                or container.node_address in own.addresses
            ):
                return f"{container} is in the network namespace of its node"
            for kind, what in _KINDS.items():
                identity = own.namespace(kind)
                if not identity:
                    return f"{container} sees processes of others"
                if identity in _INITIAL_NAMESPACES:
                    return f"{container} is in the {what} namespace of its node"
                if len(pods[identity]) > 1:
                    others = ", ".join(sorted(pods[identity]))
                    return f"{container} is in one {what} namespace with {others}"
            return None

        self._require_each_container(inspected, fault)

    def assert_no_credentials(self, inspected: Sequence[InspectedContainer]) -> None:
        """No container holds anything that opens the Kubernetes API, a cloud or another service."""
        keys = any(
            each.certificates
            for container in inspected
            for each in container.inspection.credentials
        )
        try:
            authorities = client_authorities(self._cluster) if keys else ()
        except Refused as error:
            message = f"Whose certificates are in the containers is not known: {error}."
            raise unproven(message, error) from error
        now = time.time()

        def fault(container: InspectedContainer) -> str | None:
            for each in container.inspection.credentials:
                what = opens(each, container.mounts, authorities, now)
                if what is not None:
                    return f"{container} holds {what} in {each.place}"
            return None

        self._require_each_container(inspected, fault)

    def assert_no_service_variables(self, inspected: Sequence[InspectedContainer]) -> None:
        """No container has variables with the addresses of Services."""

        def fault(container: InspectedContainer) -> str | None:
            variables = [
                each for each in container.inspection.variables if _SERVICE_VARIABLE.fullmatch(each)
            ]
            if variables:
                count = len(variables)
                return (
                    f"{container} has {count} variables with addresses of Services: {variables[0]}"
                )
            return None

        require(
            all("HOME" in container.inspection.variables for container in inspected),
            "The variables of a container could not be read.",
        )
        self._require_each_container(inspected, fault)

    def _require_each_process(
        self,
        inspected: Sequence[InspectedContainer],
        fault: Callable[[ProcessFacts], str | None],
    ) -> None:
        """Judge every process of each container; its process 1 must be among them."""

        def worst(container: InspectedContainer) -> str | None:
            processes = container.inspection.processes
            if not any(each.pid == 1 for each in processes):
                return f"{container} shows no process 1"
            return next(
                (
                    f"{container}: {each.name} ({each.pid}) {said}"
                    for each in processes
                    if (said := fault(each))
                ),
                None,
            )

        self._require_each_container(inspected, worst)

    def _require_each_container(
        self,
        inspected: Sequence[InspectedContainer],
        fault: Callable[[InspectedContainer], str | None],
    ) -> None:
        """Judge every container; each workload must have one that was inspected."""
        missing = [
            name
            for name in self.system.names
            if not any(
                pod.uid == container.pod.uid for pod in self._pods(name) for container in inspected
            )
        ]
        require(not missing, f"No container of {', '.join(missing)} was inspected: none runs.")
        require_each(inspected, fault, nothing="No container of the system runs.")


def _shown(container: InspectedContainer) -> dict[str, object]:
    return asdict(container.inspection) | {
        "address": container.pod.address,
        "node": container.node_address,
    }
