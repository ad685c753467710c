"""Leads to a version that has no visitors yet, by a host that nobody can guess."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.waiting import SYSTEM_CLOCK, eventually
from operations.deployment.smoke import Visitor
from operations.deployment.versions import HASH

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from acceptance.drivers.http import Http
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object
    from acceptance.waiting import Clock
    from operations.deployment.versions import DeployedPart

_KEPT = ("ingressClassName", "tls")
_INGRESS = "nginx.ingress.kubernetes.io/"
_LEADING = ("server-alias", "canary", "from-to-www-redirect")


class Preview:
    """Makes a Service and an Ingress for a version, as those of its part are."""

    def __init__(
        self,
        kubernetes: Kubernetes,
        part: DeployedPart,
        http: Http,
        *,
        timeout: float,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Reach versions of `part` through the ingress that `http` leads to.

        `timeout` is for the ingress to know a new host, in seconds.
        """
        self._kubernetes = kubernetes
        self._part = part
        self._http = http
        self._timeout = timeout
        self._clock = clock
        self._name = f"{part.name}-preview"

    @contextmanager
    def visitor(self, hash_: str, pods: Collection[str]) -> Iterator[Visitor]:
        """Give somebody who reaches the `pods`, which have this hash; nobody else does.

        Raises `EnvironmentFailure` if the ingress does not lead there.
        """
        self.remove()
        service = self._part.service()
        ingress, main = ingress_of(self._kubernetes, self._part)
        host = f"{self._name}-{secrets.token_hex(8)}.{main}"
        selector = {**service["spec"]["selector"], HASH: hash_}
        spec = {"selector": selector, "ports": _ports(service)}
        notes = ingress["metadata"].get("annotations") or {}
        try:
            self._create("services", "v1", "Service", spec, {})
            rules = self._rules(ingress["spec"], host)
            self._create("ingresses", "networking.k8s.io/v1", "Ingress", rules, _copied(notes))
            found = Visitor(self._http, self._part.name, host)
            if not found.await_arrival(pods, self._timeout, self._clock):
                raise EnvironmentFailure(
                    f"The ingress does not lead to the new version by {host}: {found.last}. "
                    "Try: look whether its controller takes the class of the Ingress"
                )
            yield found
        finally:
            self.remove()

    def remove(self) -> None:
        """Remove what leads to a version, if there is something."""
        for kind in ("ingresses", "services"):
            self._kubernetes.delete(api_path(kind, self._part.namespace, self._name))

    def _rules(self, spec: Mapping[str, Any], host: str) -> dict[str, Any]:
        paths = [
            {**each, "backend": {"service": {**each["backend"]["service"], "name": self._name}}}
            for rule in spec["rules"]
            for each in _paths(rule, self._part.name)
        ]
        kept = {key: spec[key] for key in _KEPT if key in spec}
        return {**kept, "rules": [{"host": host, "http": {"paths": paths}}]}

    def _create(
        self, kind: str, version: str, name: str, spec: dict[str, Any], notes: Mapping[str, str]
    ) -> None:
        metadata = {"name": self._name, "annotations": dict(notes)}
        body = {"apiVersion": version, "kind": name, "metadata": metadata, "spec": spec}
        # One from before may still be ending.
        eventually(
            lambda: self._kubernetes.create(api_path(kind, self._part.namespace), body),
            lambda made: made is not None,
            timeout=self._timeout,
            what=f"the {name} {self._name} from before is gone",
            clock=self._clock,
            describe=lambda _: "it is still there",
            error=EnvironmentFailure,
        )


def _copied(notes: Mapping[str, str]) -> dict[str, str]:
    """Return what says how the ingress serves a host, without what leads visitors there."""
    return {
        key: text
        for key, text in notes.items()
        if key.startswith(_INGRESS) and not key.removeprefix(_INGRESS).startswith(_LEADING)
    }


def _ports(service: Object) -> list[dict[str, Any]]:
    """Return the ports of a Service without what the cluster has given them."""
    return [
        {key: value for key, value in each.items() if key != "nodePort"}
        for each in service["spec"]["ports"]
    ]


def ingress_of(kubernetes: Kubernetes, part: DeployedPart) -> tuple[Object, str]:
    """Return the Ingress that leads to a part, and the host by which visitors reach it.

    Raises `BrokenInput` if there is none.
    """
    for each in kubernetes.items(api_path("ingresses", part.namespace)):
        for rule in each["spec"].get("rules") or ():
            if rule.get("host") and _paths(rule, part.name):
                return each, str(rule["host"])
    raise BrokenInput(
        f"No Ingress in {part.namespace} leads to {part.name} by a host, so no smoke test is "
        "possible. Try: --namespace"
    )


def _paths(rule: Mapping[str, Any], service: str) -> list[dict[str, Any]]:
    """Return the paths of a rule that lead to a Service."""
    paths = (rule.get("http") or {}).get("paths") or ()
    return [e for e in paths if (e["backend"].get("service") or {}).get("name") == service]
