"""Finds programs in the cluster by their standard label, and sends them HTTP requests.

The requests go through the API server's proxy, so the programs need no ingress.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

LABEL = "app.kubernetes.io/name"
_PORTS = ("web", "http", "http-web", "http-metrics", "api")
"""Names of the port on which these programs serve their HTTP API; else the first port counts."""


@dataclass(frozen=True)
class MonitoringEndpoint:
    """A program that was found by its label, and the API server's path to it."""

    program: str
    name: str
    """Its namespace and name: monitoring/prometheus."""
    path: str


def find_endpoints(cluster: Kubernetes, programs: Sequence[str]) -> tuple[MonitoringEndpoint, ...]:
    """Return the programs with these labels in all namespaces: Services, else pods without one.

    Raises `Refused` if the API server does not list them.
    """
    selector = f"{LABEL} in ({','.join(programs)})"
    services = cluster.items(api_path("services"), labelSelector=selector)
    pods = cluster.items(api_path("pods"), labelSelector=selector)
    found = [_endpoint(each, "services") for each in services]
    served = {each.program for each in found}
    lone = [_endpoint(each, "pods") for each in pods]
    return tuple(found + [each for each in lone if each.program not in served])


def ask(cluster: Kubernetes, endpoint: MonitoringEndpoint, path: str, **query: str) -> Reply:
    """Return a program's answer to a GET of `path`."""
    return cluster.send("GET", f"{endpoint.path}{path}", query=query)


def objects(found: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (another program's JSON)
    """Return the objects of a JSON array; none if it is no array."""
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _endpoint(found: Object, kind: str) -> MonitoringEndpoint:
    metadata, spec = found["metadata"], found["spec"]
    if kind == "services":
        ports = [(each.get("name", ""), each["port"]) for each in spec.get("ports") or ()]
    else:
        ports = [
            (each.get("name", ""), each["containerPort"])
            for container in spec["containers"]
            for each in container.get("ports") or ()
        ]
    number = next((n for name in _PORTS for own, n in ports if own == name), None)
    number = number or (ports[0][1] if ports else 80)
    where, name = metadata["namespace"], metadata["name"]
    path = api_path(kind, where, f"{name}:{number}", "proxy")
    return MonitoringEndpoint(metadata["labels"][LABEL], f"{where}/{name}", path)
