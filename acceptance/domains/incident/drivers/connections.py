"""Connects from the suspicious pod, and to it from a pod that policies treat as a known sender."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from acceptance.domains.incident.drivers.connection_program import REACHED
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pod_commands import execute_in_pod, lacks_program
from acceptance.drivers.kubernetes.pods import CONTAINER, hardened_pod
from acceptance.errors import EnvironmentFailure, SystemFailure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import PodFacts
    from acceptance.settings import Timeouts
    from acceptance.system import System

SECONDS = 2.0
"""How long a connection is tried: a first packet is sent at least twice (RFC 6298)."""
_PROGRAM = (Path(__file__).parent / "connection_program.py").read_text(encoding="utf-8")
_NEVER = "acceptance.checkout/never"
"""A condition that is never met, so that the sender serves no visitor, whatever its labels."""
_DNS_PORT = 53
_SYSTEM_NAMESPACE = "kube-system"


class Target(NamedTuple):
    """Where to connect."""

    protocol: str
    host: str
    port: int


@dataclass(frozen=True)
class Sender:
    """A pod that connects to the suspicious one again and again."""

    namespace: str
    name: str


@dataclass(frozen=True)
class Round:
    """What one attempt of the sender led to."""

    new: bool
    """Whether a new connection was made."""
    kept: bool
    """Whether the connection of the beginning still works."""


def known_targets(cluster: Kubernetes, system: System) -> dict[str, Target]:
    """Return what a pod may want to reach, by its name: Services, name servers, the API server."""
    found: dict[str, Target] = {}
    for namespace, names in ((system.namespace, None), ("default", {"kubernetes"})):
        for name, address, port, protocol in _service_ports(cluster, namespace):
            if protocol == "tcp" and (names is None or name in names):
                found[f"{name}:{port}"] = Target("tcp", address, port)
    for name, address, port, protocol in _service_ports(cluster, _SYSTEM_NAMESPACE):
        if port == _DNS_PORT:
            found[f"{name}:{port}/{protocol}"] = Target(protocol, address, port)
    workload = system.workloads.database
    port = cluster.container_port(system.namespace, workload)
    for pod in cluster.pods(system.namespace, workload):
        if pod.address:
            found[f"{pod.name}:{port}"] = Target("tcp", pod.address, port)
    return found


def connect_from(
    system: System, suspect: PodFacts, targets: Mapping[str, Target], timeouts: Timeouts
) -> tuple[str, ...]:
    """Return the names of those targets that a pod reaches.

    Raises `EnvironmentFailure` if its image has no Python, and `SystemFailure` if the pod does not
    run.
    """
    container = suspect.main.name
    where = (Path(system.kubeconfig), system.context, system.namespace, suspect.name, container)
    command = _command(tuple(targets.values()), watch=False)
    try:
        said = execute_in_pod(*where, command, timeout=timeouts.execute)
    except SystemFailure as error:
        if lacks_program(error):
            message = f"{error.message} Try: an image with python3."
            raise EnvironmentFailure(message) from error
        raise
    results = json.loads(said.splitlines()[-1])["new"]
    return tuple(name for name, result in zip(targets, results, strict=True) if result == REACHED)


def create_sender(
    cluster: Kubernetes, namespace: str, labels: Mapping[str, str], *, image: str, to: Target
) -> Sender | None:
    """Create a pod that connects to the target again and again; None if it is not admitted."""
    name = f"incident-sender-{uuid.uuid4().hex[:6]}"
    body = hardened_pod(
        name,
        image,
        _command((to,), watch=True),
        labels=labels,
        namespace=namespace,
        spec={"terminationGracePeriodSeconds": 0, "readinessGates": [{"conditionType": _NEVER}]},
        resources={
            "requests": {"cpu": "5m", "memory": "8Mi"},
            "limits": {"cpu": "1", "memory": "64Mi"},
        },
    )
    # It has the labels of a program that Prometheus may scrape.
    body["metadata"]["annotations"] = {"prometheus.io/scrape": "false"}
    try:
        cluster.create(api_path("pods", namespace), body)
    except Refused:
        return None
    return Sender(namespace, name)


def delete_sender(cluster: Kubernetes, sender: Sender) -> None:
    """Delete the pod."""
    cluster.delete(api_path("pods", sender.namespace, sender.name), grace=0)


def rounds_of(cluster: Kubernetes, sender: Sender) -> tuple[Round, ...]:
    """Return what the pod has tried so far."""
    text = cluster.log(sender.namespace, sender.name, CONTAINER) or ""
    # The last line may not be complete yet.
    complete = (each for each in text.splitlines(keepends=True) if each[-1] == "\n")
    lines = [json.loads(each) for each in complete if each.startswith("{")]
    return tuple(Round(each["new"] == [REACHED], each["kept"] == REACHED) for each in lines)


def _command(targets: Sequence[Target], *, watch: bool) -> list[str]:
    wanted = json.dumps({"targets": targets, "seconds": SECONDS, "watch": watch})
    return ["python3", "-I", "-S", "-c", _PROGRAM, wanted]


def _service_ports(cluster: Kubernetes, namespace: str) -> list[tuple[str, str, int, str]]:
    return [
        (
            found["metadata"]["name"],
            found["spec"]["clusterIP"],
            int(port["port"]),
            str(port.get("protocol", "TCP")).lower(),
        )
        for found in cluster.items(api_path("services", namespace))
        if found["spec"].get("clusterIP") not in {None, "", "None"}
        for port in found["spec"].get("ports") or ()
    ]
