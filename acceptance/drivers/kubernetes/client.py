"""Reads and changes a Kubernetes cluster through its API, with the official client.

Objects stay JSON, as the API sends them; `acceptance.drivers.kubernetes.facts` makes facts of them.
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
from acceptance.drivers.kubernetes.paths import api_path
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
"""The plural that the API's paths use, by kind."""
MERGE = {"Content-Type": "application/merge-patch+json"}
"""The header of a merge patch: the body holds only what changes."""
DRY_RUN = {"dryRun": "All"}
"""The query of a request that is decided and not carried out."""
_VERBOSE = {"verbose": ""}


class Refused(Exception):
    """The API server refused a request; the message holds its answer."""


class Kubernetes:
    """A connection to the cluster that a kubeconfig and the name of a context give."""

    def __init__(self, kubeconfig: Path, context: str, *, timeout: float) -> None:
        """Read the kubeconfig; `timeout` is for each request, in seconds.

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
        """Return another client of the same cluster that has only `token` as credentials."""
        known = self._client.configuration
        own = client.Configuration()
        own.host, own.ssl_ca_cert, own.verify_ssl = known.host, known.ssl_ca_cert, known.verify_ssl
        own.api_key = {"authorization": f"Bearer {token}"}
        other = copy.copy(self)
        other._connect = lambda: client.ApiClient(own)  # noqa: SLF001 (of its own class)
        other._client = other._connect()  # noqa: SLF001
        return other

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the API server's answer to a request, also when it refuses.

        With the query `DRY_RUN` it decides and changes nothing.
        """
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

    def liveness(self) -> Reply:
        """Return the API server's answer to whether it is alive, with each of its checks."""
        return self.send("GET", "/livez", query=_VERBOSE)

    def readiness(self) -> Reply:
        """Return the API server's answer to whether it is ready, with each of its checks."""
        return self.send("GET", "/readyz", query=_VERBOSE)

    def ask_pod(self, namespace: str, pod: str, port: int, path: str) -> Reply:
        """Return a pod's answer to a GET, through the API server and past every Service."""
        return self.send("GET", api_path("pods", namespace, f"{pod}:{port}", f"proxy{path}"))

    def version(self) -> str:
        """Return the server's version, such as v1.34.4+k3s1."""
        return str(_object(self.send("GET", "/version")).get("gitVersion", ""))

    def nodes(self) -> tuple[NodeFacts, ...]:
        """Return all nodes."""
        return tuple(map(facts.node, self.items(api_path("nodes"))))

    def pods(self, namespace: str, workload: str | None = None) -> tuple[PodFacts, ...]:
        """Return the pods of a namespace, or those that a Deployment or StatefulSet selects."""
        found = self.pod_objects(namespace, workload)
        return tuple(facts.pod(each, workload or "") for each in found)

    def pod_objects(self, namespace: str, workload: str | None = None) -> list[Object]:
        """Return the pods as the API sends them; none if there is no such workload."""
        path = api_path("pods", namespace)
        if workload is None:
            return self.items(path)
        selector = self._selector(namespace, workload)
        return self.items(path, labelSelector=selector) if selector else []

    def workloads(self, namespace: str) -> tuple[WorkloadFacts, ...]:
        """Return all Deployments and StatefulSets of a namespace."""
        return tuple(
            facts.workload(kind, found)
            for kind, plural in _WORKLOADS.items()
            for found in self.items(api_path(plural, namespace))
        )

    def _selector(self, namespace: str, workload: str) -> str:
        """Return the label selector of a workload, which cannot change while it exists."""
        key = namespace, workload
        if key not in self._selectors:
            for plural in _WORKLOADS.values():
                for found in self.items(api_path(plural, namespace)):
                    if found["metadata"]["name"] == workload:
                        self._selectors[key] = facts.selector(found["spec"]["selector"])
        return self._selectors.get(key, "")

    def container_port(self, namespace: str, workload: str) -> int:
        """Return the port number that the Service of the same name forwards to.

        Raises `Refused` if there is no such Service, or no container has its named port.
        """
        service = _object(self.send("GET", api_path("services", namespace, workload)))
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
        return tuple(map(facts.claim, self.items(api_path("persistentvolumeclaims", namespace))))

    def ingresses(self, namespace: str) -> tuple[IngressFacts, ...]:
        """Return all Ingresses of a namespace."""
        return tuple(map(facts.ingress, self.items(api_path("ingresses", namespace))))

    def config_maps(self, namespace: str) -> dict[str, Mapping[str, str]]:
        """Return the data of every ConfigMap of a namespace by its name, binary data included."""
        return {
            found["metadata"]["name"]: {
                **(found.get("data") or {}),
                **(found.get("binaryData") or {}),
            }
            for found in self.items(api_path("configmaps", namespace))
        }

    def secrets(self, namespace: str) -> dict[str, Mapping[str, str]]:
        """Return the data of every Secret of a namespace by its name, in base64."""
        return {
            found["metadata"]["name"]: found.get("data") or {}
            for found in self.items(api_path("secrets", namespace))
        }

    def events(self, namespace: str) -> list[Object]:
        """Return the events of a namespace."""
        return self.items(api_path("events", namespace))

    def log(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        previous: bool = False,
        lines: int | None = None,
    ) -> str | None:
        """Return the log of a container, or its last `lines`; None if it has none."""
        query = {"container": container, "previous": str(previous).lower()}
        if lines is not None:
            query["tailLines"] = str(lines)
        reply = self.send("GET", api_path("pods", namespace, pod, "log"), query=query)
        return reply.text if reply.succeeded else None

    def create(self, path: str, body: Mapping[str, Any]) -> Object | None:
        """Create an object in the collection `path`; None if its name is taken."""
        reply = self.send("POST", path, body)
        return None if reply.status == _CONFLICT else _object(reply)

    def delete(self, path: str, *, grace: int | None = None) -> bool:
        """Delete an object, or all of a collection; False if it was not there.

        `grace` replaces the grace period that the object declares, in seconds.
        """
        body = None if grace is None else {"gracePeriodSeconds": grace}
        reply = self.send("DELETE", path, body)
        if reply.status == _NOT_FOUND:
            return False
        _object(reply)
        return True

    def read(self, path: str) -> Object | None:
        """Return an object; None if it is not there.

        Raises `Refused` for any other answer: "forbidden" does not mean that it is not there.
        """
        reply = self.send("GET", path)
        return None if reply.status == _NOT_FOUND else _object(reply)

    def exists(self, path: str) -> bool:
        """Return whether an object is there; raises what `read` raises."""
        return self.read(path) is not None

    def labels(self, path: str) -> Mapping[str, str] | None:
        """Return the labels of an object; None if it is not there."""
        found = self.read(path)
        return None if found is None else found["metadata"].get("labels") or {}

    def scale(self, kind: str, namespace: str, name: str, replicas: int) -> None:
        """Set the number of replicas of a Deployment or StatefulSet."""
        path = api_path(_WORKLOADS[kind], namespace, name, "scale")
        _object(self.send("PATCH", path, {"spec": {"replicas": replicas}}, headers=MERGE))

    def patch(self, path: str, change: Mapping[str, Any]) -> Object | None:
        """Apply a merge patch to an object, and return the object.

        None if the change names a resourceVersion that is no longer the object's.
        """
        reply = self.send("PATCH", path, change, headers=MERGE)
        return None if reply.status == _CONFLICT else _object(reply)

    def patch_status(self, path: str, status: Mapping[str, Any]) -> None:
        """Change the status of an object, as its controller does."""
        body = {"status": dict(status)}
        _object(self.send("PATCH", f"{path}/status", body, headers=MERGE))

    def watch(self, namespace: str = "") -> ChangeWatch:
        """Watch the pods and workloads of a namespace, or of all; close it after use."""
        return ChangeWatch(self._connect(), namespace)

    def items(self, path: str, **query: str) -> list[Object]:
        """Return the objects of the collection `path`, as the API sends them."""
        found = _object(self.send("GET", path, query=query)).get("items")
        if found is None:
            raise Refused(f"{path} is not a list")
        return list(found)


def _object(reply: Reply) -> Object:
    """Return the object of an answer, or raise `Refused` with the server's reason."""
    found = reply.json()
    if reply.succeeded and isinstance(found, Mapping):
        return found
    reason = found.get("message") if isinstance(found, Mapping) else None
    raise Refused(f"{reply.request}: {reason or reply.error or f'HTTP {reply.status}'}")


def pretty(found: object) -> str:
    """Return an object as JSON that a person can read."""
    return json.dumps(found, indent=2, sort_keys=True, default=str)
