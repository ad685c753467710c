"""Everything that a control can look at, in one place: the node, the API's objects, its ports."""

from __future__ import annotations

import secrets
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.compliance.drivers.access_attempts import Attempts
from acceptance.domains.compliance.drivers.node_shell import Inside, Unseen
from acceptance.drivers.kubernetes.client import Refused
from acceptance.errors import EnvironmentFailure
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object
    from acceptance.system import System

_PATHS = {
    "Namespace": "/api/v1/namespaces",
    "Node": "/api/v1/nodes",
    "Pod": "/api/v1/pods",
    "Secret": "/api/v1/secrets",
    "Service": "/api/v1/services",
    "ServiceAccount": "/api/v1/serviceaccounts",
    "LimitRange": "/api/v1/limitranges",
    "ResourceQuota": "/api/v1/resourcequotas",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/networkpolicies",
    "Ingress": "/apis/networking.k8s.io/v1/ingresses",
    **{
        kind: f"/apis/rbac.authorization.k8s.io/v1/{kind.lower()}s"
        for kind in ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
    },
}
_STATIC = "kubernetes.io/config.mirror"
"""The annotation by which the API shows a pod that a kubelet runs from a file of its own."""


class Look:
    """One cluster; what is asked for twice is looked at once."""

    def __init__(self, system: System, cluster: Kubernetes, *, timeout: float) -> None:
        """Look at the cluster of `system`; `timeout` in seconds is for each look into a node."""
        self.system = system
        self.cluster = cluster
        self._timeout = timeout
        self.made = ""
        """The namespace that was made to try things in; empty if there is none."""
        self.objects: Callable[[str], tuple[Object, ...]] = cache(self._objects)

    @cached_property
    def attempts(self) -> Attempts:
        """What can be tried at its ports."""
        return Attempts(Path(self.system.kubeconfig), self.system.context, timeout=self._timeout)

    @cached_property
    def node(self) -> Inside:
        """Its node, or what the API shows of its components."""
        declared: dict[str, list[str]] = {}
        if not self.system.inside:
            for pod in self.objects("Pod"):
                if _STATIC in (pod["metadata"].get("annotations") or {}):
                    container = pod["spec"]["containers"][0]
                    line = [*(container.get("command") or ()), *(container.get("args") or ())]
                    declared[container["name"]] = line or [container["name"]]
        system = self.system
        return Inside(system.inside, system.journal, timeout=self._timeout, declared=declared)

    @cached_property
    def kubelets(self) -> Mapping[str, Object]:
        """The configuration that each kubelet runs with, by its node; raises `Unseen`."""
        found = {}
        for node in self.objects("Node"):
            name = node["metadata"]["name"]
            reply = self.cluster.send("GET", f"/api/v1/nodes/{name}/proxy/configz")
            document = reply.json()
            if not reply.succeeded or not isinstance(document, dict):
                raise Unseen(f"the kubelet of {name} does not tell its configuration: {reply}")
            found[name] = document["kubeletconfig"]
        return found

    @cached_property
    def open_namespace(self) -> str:
        """A namespace of its own in which every pod is let in; `close` removes it."""
        name = f"compliance-{secrets.token_hex(4)}"
        labels = {RUN_LABEL: self.system.run, "pod-security.kubernetes.io/enforce": "privileged"}
        metadata = {"name": name, "labels": labels}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        self.cluster.create(_PATHS["Namespace"], body)
        self.made = name
        eventually(
            # Without its default account no pod is let in at all.
            lambda: self.cluster.exists(f"{_PATHS['Namespace']}/{name}/serviceaccounts/default"),
            bool,
            timeout=self._timeout,
            what=f"the default account of {name}",
            error=EnvironmentFailure,
        )
        return name

    def close(self) -> None:
        """Remove the namespace that was made to try things in."""
        if self.made:
            with suppress(Refused):
                self.cluster.delete(f"{_PATHS['Namespace']}/{self.made}")
            self.made = ""

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
        """Return all objects of a kind, in every namespace; raises `Unseen`, also for none."""
        try:
            return tuple(self.cluster.items(_PATHS[kind]))
        except Refused as error:
            raise Unseen(f"the {kind} objects cannot be listed: {error}") from error


def nothing_seen(error: Exception) -> str | None:
    """Return why nobody could look, if that is what an error says; None for a defect."""
    return str(error) if isinstance(error, Unseen | Refused | EnvironmentFailure) else None


def namespaced(found: Object) -> str:
    """Name an object by its namespace and name."""
    metadata: Mapping[str, Any] = found["metadata"]
    return "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
