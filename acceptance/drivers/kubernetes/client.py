"""Asks and changes a Kubernetes cluster through its API, with the official client.

Objects stay what the API sends, JSON: `acceptance.drivers.kubernetes.facts` reads from them what is judged.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import urllib3
from kubernetes import client, config

from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes import facts
from acceptance.drivers.kubernetes.watch import ChangeWatch
from acceptance.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acceptance.drivers.kubernetes.facts import (
        ClaimFacts,
        IngressFacts,
        NodeFacts,
        Object,
        PodFacts,
        WorkloadFacts,
    )

_NOT_FOUND = 404
_CONFLICT = 409
_WORKLOADS = {"Deployment": "deployments", "StatefulSet": "statefulsets"}
MERGE = {"Content-Type": "application/merge-patch+json"}
"""The header of a PATCH that brings only what is to change."""


class Refused(Exception):
    """The API server did not do what it was asked for; the message holds its answer."""


class Kubernetes:
    """One cluster, reached by a kubeconfig and a context that were given by name."""

    def __init__(self, kubeconfig: Path, context: str, *, timeout: float) -> None:
        """Read the kubeconfig; `timeout` in seconds holds for each request.

        Raises `EnvironmentFailure` if it cannot be read or has no such context.
        """
        self._timeout = timeout
        self._selectors: dict[tuple[str, str], str] = {}
        self._connect: Callable[[], client.ApiClient] = lambda: config.new_client_from_config(
            config_file=str(kubeconfig), context=context
        )
        try:
            self._client = self._connect()
        except (config.ConfigException, OSError, ValueError) as error:
            message = f"The kubeconfig {kubeconfig} cannot be used with context {context}: {error}."
            raise EnvironmentFailure(message) from error

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return str(self._client.configuration.host)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def with_token(self, token: str) -> Kubernetes:
        """Return another client of the same cluster that has `token` and no other credentials."""
        known = self._client.configuration
        own = client.Configuration()
        own.host, own.ssl_ca_cert, own.verify_ssl = known.host, known.ssl_ca_cert, known.verify_ssl
        own.api_key = {"authorization": f"Bearer {token}"}
        other = copy.copy(self)
        other._connect = lambda: client.ApiClient(own)  # noqa: SLF001 (of its own class)
        other._client = other._connect()  # noqa: SLF001
        return other

    def get(self, path: str, **query: str) -> Reply:
        """Return the API server's answer to a GET of `path`, also when it refuses."""
        return self._send("GET", path, query=query)

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **query: str,
    ) -> Reply:
        """Return the API server's answer to any request, also when it refuses.

        `dryRun="All"` lets it decide and change nothing.
        """
        return self._send(method, path, query=query, body=body, headers=headers)

    def ask_pod(self, namespace: str, pod: str, port: int, path: str) -> Reply:
        """Return what one pod answers to a GET, carried by the API server and no load balancer."""
        return self.get(f"/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy{path}")

    def version(self) -> str:
        """Return the server's version, such as v1.34.4+k3s1."""
        return str(self._read("/version").get("gitVersion", ""))

    def nodes(self) -> tuple[NodeFacts, ...]:
        """Return all nodes."""
        return tuple(map(facts.node, self.items("/api/v1/nodes")))

    def pods(self, namespace: str, workload: str | None = None) -> tuple[PodFacts, ...]:
        """Return the pods of a namespace, or those that a Deployment or StatefulSet selects."""
        found = self.pod_objects(namespace, workload)
        return tuple(facts.pod(each, workload or "") for each in found)

    def pod_objects(self, namespace: str, workload: str | None = None) -> list[Object]:
        """Return the pods as the API sends them; none for a workload that is not there."""
        path = f"/api/v1/namespaces/{namespace}/pods"
        if workload is None:
            return self.items(path)
        selector = self._selector(namespace, workload)
        return self.items(path, labelSelector=selector) if selector else []

    def workloads(self, namespace: str) -> tuple[WorkloadFacts, ...]:
        """Return all Deployments and StatefulSets of a namespace."""
        return tuple(
            facts.workload(kind, found)
            for kind, plural in _WORKLOADS.items()
            for found in self.items(f"/apis/apps/v1/namespaces/{namespace}/{plural}")
        )

    def _selector(self, namespace: str, workload: str) -> str:
        """Return how a workload selects its pods, which never changes while it is there."""
        key = namespace, workload
        if key not in self._selectors:
            for plural in _WORKLOADS.values():
                for found in self.items(f"/apis/apps/v1/namespaces/{namespace}/{plural}"):
                    if found["metadata"]["name"] == workload:
                        self._selectors[key] = facts.selector(found["spec"]["selector"])
        return self._selectors.get(key, "")

    def container_port(self, namespace: str, workload: str) -> int:
        """Return the port that the Service of the same name leads to, resolved to a number.

        Raises `Refused` if there is no such Service, or no container has its named port.
        """
        service = self._read(f"/api/v1/namespaces/{namespace}/services/{workload}")
        port = service["spec"]["ports"][0]
        target = port.get("targetPort", port["port"])
        if isinstance(target, int):
            return target
        for pod in self.pod_objects(namespace, workload):
            for container in pod["spec"]["containers"]:
                for named in container.get("ports") or ():
                    if named.get("name") == target:
                        return int(named["containerPort"])
        raise Refused(f"no container of {workload} has the port {target} of its Service")

    def claims(self, namespace: str) -> tuple[ClaimFacts, ...]:
        """Return all PersistentVolumeClaims of a namespace."""
        path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims"
        return tuple(map(facts.claim, self.items(path)))

    def ingresses(self, namespace: str) -> tuple[IngressFacts, ...]:
        """Return all Ingresses of a namespace."""
        path = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses"
        return tuple(map(facts.ingress, self.items(path)))

    def config_maps(self, namespace: str) -> dict[str, Mapping[str, str]]:
        """Return the data of every ConfigMap of a namespace by its name, binary data included."""
        return {
            found["metadata"]["name"]: {
                **(found.get("data") or {}),
                **(found.get("binaryData") or {}),
            }
            for found in self.items(f"/api/v1/namespaces/{namespace}/configmaps")
        }

    def secrets(self, namespace: str) -> dict[str, Mapping[str, str]]:
        """Return the data of every Secret of a namespace by its name, in base64."""
        return {
            found["metadata"]["name"]: found.get("data") or {}
            for found in self.items(f"/api/v1/namespaces/{namespace}/secrets")
        }

    def events(self, namespace: str) -> list[Object]:
        """Return the events of a namespace."""
        return self.items(f"/api/v1/namespaces/{namespace}/events")

    def log(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        previous: bool = False,
        lines: int | None = None,
    ) -> str | None:
        """Return the log of a container, or its last `lines`; None if there is none to be had."""
        query = {"container": container, "previous": str(previous).lower()}
        if lines is not None:
            query["tailLines"] = str(lines)
        reply = self.get(f"/api/v1/namespaces/{namespace}/pods/{pod}/log", **query)
        return reply.text if reply.succeeded else None

    def create(self, path: str, body: Mapping[str, Any]) -> Object | None:
        """Create an object in the collection `path`; None if its name is taken."""
        reply = self._send("POST", path, body=body)
        return None if reply.status == _CONFLICT else _object(reply)

    def dry_run(self, path: str, body: Mapping[str, Any]) -> Reply:
        """Return what the server would say to a new object in the collection `path`."""
        return self._send("POST", path, query={"dryRun": "All"}, body=body)

    def delete(self, path: str, *, grace: int | None = None) -> bool:
        """Ask an object, or all of a collection, to end; False if it was not there.

        `grace` is in seconds, in place of what the object itself declares.
        """
        body = None if grace is None else {"gracePeriodSeconds": grace}
        reply = self._send("DELETE", path, body=body)
        if reply.status == _NOT_FOUND:
            return False
        _object(reply)
        return True

    def exists(self, path: str) -> bool:
        """Return whether there is such an object; "forbidden" is an error, not an absence."""
        reply = self.get(path)
        if reply.status == _NOT_FOUND:
            return False
        _object(reply)
        return True

    def find(self, path: str) -> Object | None:
        """Return an object; None if it is not there."""
        reply = self.get(path)
        return None if reply.status == _NOT_FOUND else _object(reply)

    def labels(self, path: str) -> Mapping[str, str] | None:
        """Return the labels of an object; None if it is not there."""
        reply = self.get(path)
        if reply.status == _NOT_FOUND:
            return None
        return _object(reply)["metadata"].get("labels") or {}

    def scale(self, kind: str, namespace: str, name: str, replicas: int) -> None:
        """Set how many pods a Deployment or StatefulSet shall have."""
        path = f"/apis/apps/v1/namespaces/{namespace}/{_WORKLOADS[kind]}/{name}/scale"
        _object(self._send("PATCH", path, body={"spec": {"replicas": replicas}}, headers=MERGE))

    def read(self, path: str) -> Object | None:
        """Return an object as the API sends it; None if it is not there."""
        reply = self.get(path)
        return None if reply.status == _NOT_FOUND else _object(reply)

    def patch(self, path: str, change: Mapping[str, Any]) -> Object | None:
        """Change an object by a merge patch, and return it.

        None if the change names a resourceVersion that is not the object's own any more.
        """
        reply = self._send("PATCH", path, body=change, headers=MERGE)
        return None if reply.status == _CONFLICT else _object(reply)

    def annotate(self, path: str, name: str, value: str) -> None:
        """Write an annotation of an object."""
        body = {"metadata": {"annotations": {name: value}}}
        _object(self._send("PATCH", path, body=body, headers=MERGE))

    def patch_status(self, path: str, status: Mapping[str, Any]) -> None:
        """Write into the status of an object, as its controller does."""
        body = {"status": dict(status)}
        _object(self._send("PATCH", f"{path}/status", body=body, headers=MERGE))

    def watch(self, namespace: str = "") -> ChangeWatch:
        """Watch pods and workloads of a namespace, or of all; to be used as a context manager."""
        return ChangeWatch(self._connect(), namespace)

    def items(self, path: str, **query: str) -> list[Object]:
        """Return the objects of the collection `path`, as the API sends them."""
        found = _object(self.get(path, **query)).get("items")
        if found is None:
            raise Refused(f"{path} is no list")
        return list(found)

    def _read(self, path: str) -> Object:
        return _object(self.get(path))

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        started = time.monotonic()
        prepared = self._client.param_serialize(
            method,
            quote(path, safe="/:?=&-._~"),
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json, */*", **(headers or {})},
            body=dict(body) if body is not None else None,
            auth_settings=["BearerToken"],
        )
        request = f"{method} {path}"
        try:
            answer = self._client.call_api(*prepared, _request_timeout=self._timeout)
            raw = answer.read()
        except (client.ApiException, urllib3.exceptions.HTTPError) as error:
            seconds = time.monotonic() - started
            return Reply(None, (), "", seconds, error=str(error), request=request)
        return Reply(
            status=int(answer.status),
            headers=tuple((name.lower(), value) for name, value in answer.headers.items()),
            text=raw.decode("utf-8", "replace"),
            seconds=time.monotonic() - started,
            request=request,
        )


def _object(reply: Reply) -> Object:
    """Return the object of an answer, or raise `Refused` with the server's reason."""
    found = reply.json()
    if reply.succeeded and isinstance(found, Mapping):
        return found
    reason = found.get("message") if isinstance(found, Mapping) else None
    raise Refused(f"{reply.request}: {reason or reply.error or f'HTTP {reply.status}'}")


def pod_path(namespace: str, name: str = "") -> str:
    """Return the API path of a pod, or of the namespace's pods."""
    return f"/api/v1/namespaces/{namespace}/pods" + (f"/{name}" if name else "")


def pretty(found: object) -> str:
    """Return an object as JSON that a person can read."""
    return json.dumps(found, indent=2, sort_keys=True, default=str)
