"""Probe pods, and Services that expose them, as the API server is asked for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.build.manifests import RUN_LABEL
from acceptance.drivers.kubernetes.pods import hardened_pod

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.drivers.kubernetes.network_policies.port import Port

PROBE_LABEL = "acceptance.checkout/probe"
"""Every probe pod has this label, with the probe's name as its value."""

CONTAINER = "probe"
_LISTENER = (Path(__file__).parent / "listener.py").read_text(encoding="utf-8")
_NEVER = "acceptance.checkout/never"
"""A condition that is never met, so that a probe with a workload's labels serves no visitor."""


@dataclass(frozen=True)
class ProbePlacement:
    """Where a probe runs, and what makes policies treat it like the pod that it stands for.

    NetworkPolicy selects pods by namespace and labels; some implementations by ServiceAccount too.
    """

    name: str
    """As the table of connections names it."""
    namespace: str
    labels: Mapping[str, str]
    service_account: str = ""
    named_ports: tuple[tuple[str, Port], ...] = ()
    """The ports that the pod itself declares, with their names."""
    exposed: tuple[Port, ...] = ()
    """Those that a Service leads to: where other pods are meant to connect."""
    node: str = ""
    """The node whose own network the probe uses; empty for a network of its own."""
    owner: Mapping[str, Any] | None = None
    """What owns the probe, for a placement with labels that a DaemonSet selects: it would take a
    pod without an owner for one of its own, and delete it."""

    @property
    def declared(self) -> tuple[Port, ...]:
        """The ports that the pod itself declares."""
        return tuple(sorted({port for _, port in self.named_ports}))


@dataclass(frozen=True)
class Probe:
    """A probe pod; its address is empty until it runs."""

    placement: ProbePlacement
    name: str
    address: str = ""


def probe_pod(probe: Probe, image: str, run: str, ports: Sequence[Port]) -> dict[str, Any]:
    """Return the pod, which listens on all `ports`.

    The Pod Security Standard `restricted` admits it. A probe on the node's own network needs a
    namespace whose standard is `privileged`.
    """
    placement = probe.placement
    on_node = bool(placement.node)
    wanted = {
        "tcp": [port.number for port in ports if port.protocol == "tcp"],
        "udp": [port.number for port in ports if port.protocol == "udp"],
        "sockets": [1] if on_node else [],
    }
    # A node has several addresses, and answers must come from this one.
    address = "status.hostIP" if on_node else "status.podIP"
    pod = hardened_pod(
        probe.name,
        image,
        ["python3", "-I", "-S", "-c", _LISTENER, json.dumps(wanted)],
        labels={**placement.labels, RUN_LABEL: run, PROBE_LABEL: probe.name},
        container=CONTAINER,
        namespace=placement.namespace,
        spec={
            "terminationGracePeriodSeconds": 0,
            "readinessGates": [{"conditionType": _NEVER}],
        },
        env=[{"name": "ADDRESS", "valueFrom": {"fieldRef": {"fieldPath": address}}}],
        resources={
            "requests": {"cpu": "5m", "memory": "8Mi"},
            "limits": {"cpu": "1", "memory": "64Mi"},
        },
    )
    # It has the labels of what Prometheus scrapes, and counts the packets that reach it.
    pod["metadata"]["annotations"] = {"prometheus.io/scrape": "false"}
    if placement.owner:
        pod["metadata"]["ownerReferences"] = [dict(placement.owner)]
    spec: dict[str, Any] = pod["spec"]
    spec["securityContext"]["runAsGroup"] = 65534
    if on_node:
        spec |= {"hostNetwork": True, "nodeName": placement.node}
    else:
        # Every Pod Security Standard admits this setting. DNS listens on a port below 1024.
        setting = {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}
        spec["securityContext"]["sysctls"] = [setting]
        spec["containers"][0]["ports"] = [
            {"name": name, "containerPort": port.number, "protocol": port.protocol.upper()}
            for name, port in placement.named_ports
        ]
    if placement.service_account:
        spec["serviceAccountName"] = placement.service_account
    return pod


def exposing_service(probe: Probe, run: str, ports: Sequence[Port]) -> dict[str, Any]:
    """Return a Service of type NodePort that leads to a probe.

    `Local` keeps the client's address, by which policies decide.
    """
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": probe.name,
            "namespace": probe.placement.namespace,
            "labels": {RUN_LABEL: run},
        },
        "spec": {
            "type": "NodePort",
            "externalTrafficPolicy": "Local",
            "publishNotReadyAddresses": True,
            "selector": {PROBE_LABEL: probe.name},
            "ports": [
                {
                    "name": f"{port.protocol}-{port.number}",
                    "port": port.number,
                    "targetPort": port.number,
                    "protocol": port.protocol.upper(),
                }
                for port in ports
            ],
        },
    }
