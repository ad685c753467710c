"""Finds programs in the cluster by their standard label, and sends them HTTP requests.

The requests go through the API server's proxy, so the programs need no ingress. A program that
wants a client certificate is asked at its own port.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from acceptance.domains.observability.drivers.certified_access import CertifiedAccess
from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

LABEL = "app.kubernetes.io/name"
_PORTS = ("web", "http", "http-web", "http-metrics", "api", "https")
"""Names of the port on which these programs serve their HTTP API; else the first port counts."""
_HTTPS = "https"
CERTIFIED = ("prometheus", "alertmanager", "node-exporter", "blackbox-exporter")
"""Programs that, where they serve HTTPS, know their clients by certificate."""
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class MonitoringEndpoint:
    """A program that was found by its label, and the API server's path to it."""

    program: str
    name: str
    """Its namespace and name: monitoring/prometheus."""
    path: str
    secure: bool = False
    """Whether it serves HTTPS: its Service calls the port `https`, or says so as appProtocol."""

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return self.name.partition("/")[0]

    @property
    def service(self) -> str:
        """The name of its Service, or of its pod if it has none."""
        return self.name.partition("/")[2]


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
    """Return a program's answer to a GET of `path`, as the operator if it wants a certificate."""
    if _is_certified(endpoint):
        whole = f"{path}?{urlencode(query)}" if query else path
        return _as_operator(cluster, endpoint, "GET", whole)
    return cluster.send("GET", f"{endpoint.path}{path}", query=query)


def request(
    cluster: Kubernetes,
    endpoint: MonitoringEndpoint,
    method: str,
    path: str,
    body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
) -> Reply:
    """Return a program's answer to a request, as the operator where it wants a certificate."""
    if _is_certified(endpoint):
        return _as_operator(cluster, endpoint, method, path, body)
    return cluster.send(method, f"{endpoint.path}{path}", body, headers=_JSON)


def objects(found: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (another program's JSON)
    """Return the objects of a JSON array; none if it is no array."""
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _is_certified(endpoint: MonitoringEndpoint) -> bool:
    return endpoint.secure and endpoint.program in CERTIFIED


def _as_operator(
    cluster: Kubernetes,
    endpoint: MonitoringEndpoint,
    method: str,
    path: str,
    body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
) -> Reply:
    access = CertifiedAccess(cluster, endpoint.namespace)
    text = None if body is None else json.dumps(body)
    try:
        port = access.service_port(endpoint.service)
        return access.send(port, method, path, text, headers=None if body is None else _JSON)
    except Refused as error:
        return Reply(None, (), "", 0.0, error=str(error), request=f"{method} {path}")


def _endpoint(found: Object, kind: str) -> MonitoringEndpoint:
    metadata, spec = found["metadata"], found["spec"]
    if kind == "services":
        ports = [(each, each["port"]) for each in spec.get("ports") or ()]
    else:
        ports = [
            (each, each["containerPort"])
            for container in spec["containers"]
            for each in container.get("ports") or ()
        ]
    known = [(each, n) for name in _PORTS for each, n in ports if each.get("name", "") == name]
    port, number = (known or ports or [({}, 80)])[0]
    secure = _HTTPS in (port.get("name"), port.get("appProtocol"))
    where, name = metadata["namespace"], metadata["name"]
    scheme = f"{_HTTPS}:" if secure else ""
    path = api_path(kind, where, f"{scheme}{name}:{number}", "proxy")
    return MonitoringEndpoint(metadata["labels"][LABEL], f"{where}/{name}", path, secure)
