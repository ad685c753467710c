"""Compares what the running service answers with what it says that it answers.

Attacks go by the OpenAPI document, so a route that it leaves out would never be attacked.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from acceptance.domains.traffic.actor import IngressActor
from acceptance.drivers.checkout_api import ROUTES_COMMAND
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.pod_commands import execute_in_pod
from acceptance.errors import EnvironmentFailure, SystemFailure
from acceptance.judgement import Unverifiable, listed, require

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
"""The fields of a path in an OpenAPI document that are methods (OpenAPI 3.1, Path Item Object)."""


@dataclass(frozen=True)
class ServiceRoutes:
    """What visitors can ask each pod of the service for, as "GET /path"."""

    documented: tuple[str, ...]
    running: tuple[tuple[str, tuple[str, ...]], ...]
    """By pod: its routes below a path that the Ingress publishes."""


class ServiceRouteInspector(IngressActor):
    """Asks every pod of the service for its routes, and the service for its description."""

    def collect_routes(self) -> ServiceRoutes:
        """Return the documented routes and those of each pod.

        Raises `Unverifiable` if the service says neither.
        """
        reply = self._api.openapi_document()
        found = reply.json() if reply.succeeded else None
        if not isinstance(found, dict) or not isinstance(found.get("paths"), dict):
            raise Unverifiable(f"The service has no OpenAPI document: {reply}.")
        documented = {
            f"{method.upper()} {path}"
            for path, methods in found["paths"].items()
            for method in methods
            if method in _METHODS
        }
        pods = self.serving_when_full(self.system.workloads.backend)
        require(pods, "No pod of the service is ready to be asked for its routes.")
        published = self._published()
        routes = ServiceRoutes(
            tuple(sorted(documented)),
            tuple(
                (pod, tuple(f"{method} {path}" for method, path in self._routes_of(pod, published)))
                for pod in pods
            ),
        )
        self._keep("Routes of the service", pretty(asdict(routes)))
        return routes

    def assert_all_documented(self, routes: ServiceRoutes) -> None:
        """Every pod has exactly the routes that the service documents."""
        require(routes.documented and routes.running, "The service has no route.")
        documented = set(routes.documented)
        for pod, running in routes.running:
            hidden = sorted(set(running) - documented)
            require(not hidden, f"{pod} has undocumented routes: {listed(hidden)}.")
            missing = sorted(documented - set(running))
            require(not missing, f"{pod} lacks documented routes: {listed(missing)}.")

    def _published(self) -> tuple[str, ...]:
        """Return the paths at which any Ingress passes visitors on to the service."""
        paths = tuple(
            path
            for ingress in self._cluster.ingresses(self.system.namespace)
            for path, service in ingress.paths
            if service == self.system.workloads.backend
        )
        require(paths, "No Ingress leads visitors to the service.")
        return paths

    def _routes_of(self, pod: str, published: tuple[str, ...]) -> list[tuple[str, str]]:
        """Return the routes of a pod that visitors reach, but for that of the description."""
        system = self.system
        where = (Path(system.kubeconfig), system.context, system.namespace, pod)
        container = self._main_container(system.workloads.backend, pod)
        limit = self._timeouts.execute
        try:
            said = execute_in_pod(*where, container, ROUTES_COMMAND, timeout=limit)
            found: Any = json.loads(said)
            routes = [(str(method), str(path)) for method, path in found]
        except (SystemFailure, EnvironmentFailure, ValueError, TypeError) as error:
            command = " ".join(ROUTES_COMMAND)
            message = f"The service does not tell its routes: {command} in {pod}: {error}"
            raise Unverifiable(message) from error
        return [
            (method, path)
            for method, path in routes
            if path != system.contract.routes.openapi
            and any(_below(path, each) for each in published)
        ]


def _below(path: str, prefix: str) -> bool:
    """Return whether a path is matched by a prefix, element by element, as an Ingress does."""
    return f"{path}/".startswith(f"{prefix.rstrip('/')}/")
