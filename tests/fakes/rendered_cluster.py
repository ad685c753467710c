"""A cluster in memory that has what manifests deploy: their objects, and a pod of each workload."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, cast

from acceptance.build.manifests import render
from acceptance.drivers.http import Reply
from acceptance.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes

NODE, API_SERVER, API_SERVICE = "10.231.0.2", "10.231.0.2", "10.96.0.1"
_NAME = "kubernetes.io/metadata.name"
_WITH_PODS = {"Deployment", "StatefulSet", "DaemonSet"}
_PLATFORM = ("coredns", "dns-policy", "traefik", "cert-manager", "local-path-provisioner")
_PLURALS = {"NetworkPolicy": "networkpolicies"}


class RenderedCluster:
    """Answers what the client of the API server answers, for lists of objects."""

    def __init__(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Have these objects, and the pods that their workloads make."""
        self.objects: list[dict[str, Any]] = [copy.deepcopy(dict(each)) for each in objects]
        self.kinds: list[dict[str, Any]] = []
        """More kinds that the API server knows, as in its discovery documents."""
        self.pods = [
            _pod(each, number)
            for number, each in enumerate(self.objects, start=2)
            if each["kind"] in _WITH_PODS
        ]

    @property
    def client(self) -> Kubernetes:
        """The cluster, for what asks for the client of a real one."""
        return cast("Kubernetes", self)

    def add(self, kind: str, name: str, namespace: str, **fields: object) -> None:
        """Add an object."""
        metadata = {"name": name, "namespace": namespace}
        self.objects.append({"kind": kind, "metadata": metadata, **fields})

    def find(self, kind: str, name: str, namespace: str) -> dict[str, Any]:
        """Return an object, to be changed."""
        return next(
            each
            for each in self.objects
            if (each["kind"], each["metadata"]["name"], each["metadata"].get("namespace"))
            == (kind, name, namespace)
        )

    def items(self, path: str, labelSelector: str = "") -> list[dict[str, Any]]:  # noqa: N803
        """Return the objects of a collection that have the label, if one is asked for."""
        parts = path.split("/")
        namespace = parts[-2] if "namespaces" in parts[:-1] else ""
        return [
            each
            for each in self._all(parts[-1])
            if namespace in {"", each["metadata"].get("namespace")}
            and _selected(each["metadata"].get("labels") or {}, labelSelector)
        ]

    def pod_objects(self, namespace: str, workload: str) -> list[dict[str, Any]]:
        """Return the pods of a workload."""
        return [
            each
            for each in self.pods
            if each["metadata"]["namespace"] == namespace
            and each["metadata"]["name"].rpartition("-")[0] == workload
        ]

    def send(self, _: str, path: str, **__: object) -> Reply:
        """Return the discovery document of a root."""
        groups = self.kinds if path == "/apis" else []
        body = {"kind": "APIGroupDiscoveryList", "items": groups}
        return Reply(200, (), json.dumps(body), 0.0)

    def _all(self, plural: str) -> list[dict[str, Any]]:
        if plural == "pods":
            return self.pods
        if plural == "nodes":
            addresses = [
                {"type": "InternalIP", "address": NODE},
                {"type": "Hostname", "address": "n"},
            ]
            return [{"metadata": {"name": "n"}, "status": {"addresses": addresses}}]
        if plural == "endpointslices":
            port = {"port": 6443, "protocol": "TCP"}
            return [
                {
                    "metadata": {"namespace": "default"},
                    "endpoints": [{"addresses": [API_SERVER]}],
                    "ports": [port],
                }
            ]
        found = [each for each in self.objects if _plural(each["kind"]) == plural]
        if plural == "namespaces":
            names = {each["metadata"]["name"] for each in found}
            found += [
                {"metadata": {"name": name}}
                for name in ("default", "kube-system")
                if name not in names
            ]
            for each in found:
                own = each["metadata"]
                own["labels"] = {**(own.get("labels") or {}), _NAME: own["name"]}
        if plural == "services":
            spec = {"clusterIP": API_SERVICE, "ports": [{"port": 443}]}
            found.append({"metadata": {"name": "kubernetes", "namespace": "default"}, "spec": spec})
        if plural == "serviceaccounts":
            spaces = {each["metadata"].get("namespace") for each in self.objects}
            found = [
                {"metadata": {"name": "default", "namespace": each, "uid": "u"}} for each in spaces
            ]
        return found


def rendered(*overlays: str, platform: bool = True) -> RenderedCluster:
    """Return a cluster with these overlays, and with what is beneath every system."""
    names = [f"overlays/{each}" for each in overlays]
    names += [f"platform/{each}" for each in _PLATFORM if platform]
    return RenderedCluster(
        found for name in names for found in render(ROOT / "manifests" / name, {})
    )


def _pod(workload: Mapping[str, Any], number: int) -> dict[str, Any]:
    template, own = workload["spec"]["template"], workload["metadata"]
    return {
        "kind": "Pod",
        "metadata": {
            "name": f"{own['name']}-{number}",
            "namespace": own["namespace"],
            "labels": {**template["metadata"]["labels"], "pod-template-hash": "5c"},
        },
        "spec": template["spec"],
        "status": {"phase": "Running", "podIPs": [{"ip": f"10.244.0.{number % 250}"}]},
    }


def _plural(kind: str) -> str:
    return _PLURALS.get(kind, f"{kind.lower()}s")


def _selected(labels: Mapping[str, str], selector: str) -> bool:
    """Return whether labels fulfil `key=value` or `key in (one,other)`."""
    if not selector:
        return True
    key, equals, value = selector.partition("=")
    if equals:
        return labels.get(key) == value
    key, _, values = selector.partition(" in ")
    return labels.get(key) in values.strip("()").split(",")
