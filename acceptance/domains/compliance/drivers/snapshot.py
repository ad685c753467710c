"""What checks read from a cluster: its node, its API objects, its ports; each is read once."""

from __future__ import annotations

import secrets
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.domains.compliance.drivers.access_attempts import AccessAttempts
from acceptance.domains.compliance.drivers.node_shell import NodeShell, Unobservable
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pod_admission import unrestricted_namespace
from acceptance.errors import EnvironmentFailure
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object
    from acceptance.system import System

_PLURALS = {"NetworkPolicy": "networkpolicies", "Ingress": "ingresses"}
"""Those of the kinds that do not just end in an s."""
_STATIC = "kubernetes.io/config.mirror"
"""The annotation of a static pod, which a kubelet runs from a file of its own."""


class ClusterSnapshot:
    """One cluster; whatever is asked for twice is read once."""

    def __init__(self, system: System, cluster: Kubernetes, *, timeout: float) -> None:
        """Read nothing yet; `timeout` in seconds is for each request and each command in a node."""
        self.system = system
        self.cluster = cluster
        self._timeout = timeout
        self.created_namespace = ""
        """The namespace that was created for the checks; empty if there is none."""
        self.objects: Callable[[str], tuple[Object, ...]] = cache(self._objects)

    @cached_property
    def attempts(self) -> AccessAttempts:
        """Requests to its ports, with and without credentials."""
        return AccessAttempts(
            Path(self.system.kubeconfig), self.system.context, timeout=self._timeout
        )

    @cached_property
    def node(self) -> NodeShell:
        """A shell in its node, or what the API shows of its components."""
        declared: dict[str, list[str]] = {}
        if not self.system.inside:
            for pod in self.objects("Pod"):
                if _STATIC in (pod["metadata"].get("annotations") or {}):
                    container = pod["spec"]["containers"][0]
                    line = [*(container.get("command") or ()), *(container.get("args") or ())]
                    declared[container["name"]] = line or [container["name"]]
        system = self.system
        return NodeShell(system.inside, system.journal, timeout=self._timeout, declared=declared)

    @cached_property
    def kubelets(self) -> Mapping[str, Object]:
        """The running configuration of each kubelet, by its node; raises `Unobservable`."""
        found = {}
        for node in self.objects("Node"):
            name = node["metadata"]["name"]
            reply = self.cluster.send("GET", api_path("nodes", name=name, part="proxy/configz"))
            document = reply.json()
            if not reply.succeeded or not isinstance(document, dict):
                raise Unobservable(
                    f"the configuration of the kubelet of {name} cannot be read: {reply}"
                )
            found[name] = document["kubeletconfig"]
        return found

    @cached_property
    def unrestricted_namespace(self) -> str:
        """A namespace of its own that admits every pod; `close` deletes it."""
        name = f"compliance-{secrets.token_hex(4)}"
        body = unrestricted_namespace(name, self.system.run)
        self.cluster.create(api_path("namespaces"), body)
        self.created_namespace = name
        eventually(
            # Without its default service account it admits no pod at all.
            lambda: self.cluster.exists(api_path("serviceaccounts", name, "default")),
            bool,
            timeout=self._timeout,
            what=f"the default service account of {name}",
            error=EnvironmentFailure,
        )
        return name

    def close(self) -> None:
        """Delete the namespace that was created for the checks."""
        if self.created_namespace:
            with suppress(Refused):
                self.cluster.delete(api_path("namespaces", name=self.created_namespace))
            self.created_namespace = ""

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """The internal addresses of all nodes."""
        return tuple(
            each["address"]
            for node in self.objects("Node")
            for each in node["status"].get("addresses") or ()
            if each["type"] == "InternalIP"
        )

    def _objects(self, kind: str) -> tuple[Object, ...]:
        """Return all objects of a kind such as Pod, in every namespace; raises `Unobservable`."""
        try:
            return tuple(self.cluster.items(api_path(_PLURALS.get(kind, f"{kind.lower()}s"))))
        except Refused as error:
            raise Unobservable(f"the {kind} objects cannot be listed: {error}") from error


def reason_unobservable(error: Exception) -> str | None:
    """Return why something could not be observed; None for an error that is a defect."""
    return str(error) if isinstance(error, Unobservable | Refused | EnvironmentFailure) else None


def namespaced(found: Object) -> str:
    """Return namespace/name of an object, or its name alone."""
    metadata: Mapping[str, Any] = found["metadata"]
    return "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
