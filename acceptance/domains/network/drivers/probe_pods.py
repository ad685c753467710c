"""What the API server is asked for: probe pods, and what opens and closes ways for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.build.manifests import RUN_LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROBE_LABEL = "acceptance.checkout/probe"
"""The label, with the probe's own name as its value, of every probe pod."""

CONTAINER = "probe"
_LISTENER = (Path(__file__).parent / "listener.py").read_text(encoding="utf-8")
_NEVER = "acceptance.checkout/never"
"""A condition that nobody ever sets, so that a probe in a workload's clothes serves no visitor."""


@dataclass(frozen=True, order=True)
class Door:
    """A port at which somebody may knock."""

    protocol: str
    """tcp or udp."""
    port: int

    def __str__(self) -> str:
        """Name it as people do: 8000/tcp."""
        return f"{self.port}/{self.protocol}"


@dataclass(frozen=True)
class Post:
    """A place for a probe: what it has to look like there, to be taken for the pod it stands for.

    NetworkPolicy knows pods by namespace and labels, some engines by the ServiceAccount too.
    """

    name: str
    """As the table of connections says it."""
    namespace: str
    labels: Mapping[str, str]
    service_account: str = ""
    doors: tuple[tuple[str, Door], ...] = ()
    """The ports that the pod itself has, with their names."""
    own: tuple[Door, ...] = ()
    """Those of them that a Service leads to: where others are meant to come."""
    node: str = ""
    """The node on whose own network the probe stands; empty for a network of its own."""


@dataclass(frozen=True)
class Probe:
    """A probe pod, once it has an address."""

    post: Post
    name: str
    address: str = ""


def probe_pod(probe: Probe, image: str, run: str, doors: Sequence[Door]) -> dict[str, Any]:
    """Return the pod, listening on all `doors`; the standard `restricted` admits it.

    One on the node's own network needs a namespace that admits that.
    """
    post, on_node = probe.post, bool(probe.post.node)
    wanted = {
        "tcp": [door.port for door in doors if door.protocol == "tcp"],
        "udp": [door.port for door in doors if door.protocol == "udp"],
        "sockets": [1] if on_node else [],
    }
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 0,
        "readinessGates": [{"conditionType": _NEVER}],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "runAsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": CONTAINER,
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                # A node has several addresses, and an answer has to come from the right one.
                "env": [
                    {
                        "name": "ADDRESS",
                        "valueFrom": {
                            "fieldRef": {
                                "fieldPath": "status.hostIP" if on_node else "status.podIP"
                            }
                        },
                    }
                ],
                "command": ["python3", "-I", "-S", "-c", _LISTENER, json.dumps(wanted)],
                "resources": {
                    "requests": {"cpu": "1m", "memory": "8Mi"},
                    "limits": {"cpu": "1", "memory": "64Mi"},
                },
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
            }
        ],
    }
    container = spec["containers"][0]
    if on_node:
        spec |= {"hostNetwork": True, "nodeName": post.node}
    else:
        # One of the settings that every profile admits; a name server's port is below 1024.
        setting = {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}
        spec["securityContext"]["sysctls"] = [setting]
        container["ports"] = [
            {"name": name, "containerPort": door.port, "protocol": door.protocol.upper()}
            for name, door in post.doors
        ]
    if post.service_account:
        spec["serviceAccountName"] = post.service_account
    labels = {**post.labels, RUN_LABEL: run, PROBE_LABEL: probe.name}
    metadata = {"name": probe.name, "namespace": post.namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def exposing_service(probe: Probe, run: str, doors: Sequence[Door]) -> dict[str, Any]:
    """Return a Service that leads from the node's ports to a probe, whoever comes.

    `Local` keeps the visitor's own address, which a policy has to see.
    """
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": probe.name,
            "namespace": probe.post.namespace,
            "labels": {RUN_LABEL: run},
        },
        "spec": {
            "type": "NodePort",
            "externalTrafficPolicy": "Local",
            "publishNotReadyAddresses": True,
            "selector": {PROBE_LABEL: probe.name},
            "ports": [
                {
                    "name": f"{door.protocol}-{door.port}",
                    "port": door.port,
                    "targetPort": door.port,
                    "protocol": door.protocol.upper(),
                }
                for door in doors
            ],
        },
    }


def permission(
    name: str, namespace: str, run: str, *, selector: Mapping[str, Any], only: str = ""
) -> dict[str, Any]:
    """Return a policy that lets everything through for the pods that `selector` takes.

    `only` says to whom it is limited: the value of `PROBE_LABEL` whose pod may come in. Then
    nothing is said about the way out.
    """
    spec: dict[str, Any] = {
        "podSelector": dict(selector),
        "policyTypes": ["Ingress"] if only else ["Ingress", "Egress"],
        "ingress": [{}],
    }
    if only:
        peer = {"podSelector": {"matchLabels": {PROBE_LABEL: only}}, "namespaceSelector": {}}
        spec["ingress"] = [{"from": [peer]}]
    else:
        spec["egress"] = [{}]
    return policy(name, namespace, run, spec)


def policy(name: str, namespace: str, run: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a NetworkPolicy of the run's own."""
    metadata = {"name": name, "namespace": namespace, "labels": {RUN_LABEL: run}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": dict(spec),
    }
