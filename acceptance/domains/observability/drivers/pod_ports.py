"""Finds what a program is asked with at its own port: a port of a ready pod, and a Secret."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.connection import object_of
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.port_forward import PodPort

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.client import Kubernetes

HTTPS = "https"


def pod_port(cluster: Kubernetes, namespace: str, service: str, name: str = HTTPS) -> PodPort:
    """Return the port of a pod that is ready, as a Service forwards its port `name` to it.

    Raises `Refused` if there is no such port, or no pod is ready.
    """
    spec = object_of(cluster.send("GET", api_path("services", namespace, service)))["spec"]
    selector = reading.selector({"matchLabels": spec["selector"]})
    port = next((p for p in spec["ports"] if name in (p.get("name"), p.get("appProtocol"))), None)
    if port is None:
        raise Refused(f"the Service {namespace}/{service} has no port {name}")
    target = port.get("targetPort", port["port"])
    for pod in cluster.items(api_path("pods", namespace), labelSelector=selector):
        if not reading.pod(pod).serving:
            continue
        for container in pod["spec"]["containers"]:
            for own in container.get("ports") or ():
                if target in (own.get("name"), own["containerPort"]):
                    host = f"{service}.{namespace}.svc"
                    return PodPort(namespace, pod["metadata"]["name"], own["containerPort"], host)
    raise Refused(f"{namespace}/{service} has no pod that is ready")


def secret_of(cluster: Kubernetes, namespace: str, name: str) -> dict[str, str]:
    """Return the values of a Secret by their keys; none if it is not there."""
    found = cluster.read(api_path("secrets", namespace, name)) or {}
    data = found.get("data") or {}
    return {key: base64.b64decode(value).decode() for key, value in data.items()}
