"""Labels what the suite creates in an existing cluster, and deletes nothing else."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import urllib3
from kubernetes.client.exceptions import ApiException

from acceptance.build.manifests import RUN_LABEL
from acceptance.errors import EnvironmentFailure
from acceptance.waiting import SYSTEM_CLOCK, Clock, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kubernetes import client


CLUSTER_WIDE = (
    "apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "apis/rbac.authorization.k8s.io/v1/clusterroles",
    "apis/networking.k8s.io/v1/ingressclasses",
    "apis/storage.k8s.io/v1/storageclasses",
    "apis/scheduling.k8s.io/v1/priorityclasses",
)
"""The cluster-wide kinds that a system's manifests may create, by their API paths."""

NAMESPACES = "api/v1/namespaces"


@dataclass(frozen=True)
class Owned:
    """An object with a run's label, by its uid, so that no later object of its name is deleted."""

    collection: str
    name: str
    uid: str

    def __str__(self) -> str:
        """Return its name for a person: namespaces/checkout-1a2b."""
        return f"{self.collection.rpartition('/')[2]}/{self.name}"


def adopt(
    objects: Iterable[Mapping[str, Any]], run_id: str, namespaces: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return copies of rendered manifests with the run's label, moved to other namespaces.

    The label also goes into templates of pods and volume claims. `namespaces` maps the names in
    the manifests to those of the run.
    """
    return [_adopt(copy.deepcopy(dict(each)), run_id, namespaces) for each in objects]


def find_owned(api: client.ApiClient, run_id: str, *, timeout: float) -> list[Owned]:
    """Return the run's namespaces and cluster-wide objects; a request takes `timeout` seconds.

    Raises `EnvironmentFailure` if a kind could not be listed, because it may still have objects.
    """
    found = []
    for collection in (NAMESPACES, *CLUSTER_WIDE):
        try:
            listed = _call(
                api, "GET", collection, timeout, query={"labelSelector": f"{RUN_LABEL}={run_id}"}
            )
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            if isinstance(error, ApiException) and error.status == HTTPStatus.NOT_FOUND:
                continue  # a cluster without this API has no such objects
            raise _unclear(run_id, f"{collection} cannot be listed: {_short(error)}") from error
        for item in listed.get("items", ()):
            metadata = item["metadata"]
            # Checked again: an API server or proxy that ignores the selector must not make us
            # delete objects of others.
            if metadata.get("labels", {}).get(RUN_LABEL) == run_id:
                found.append(Owned(collection, metadata["name"], metadata["uid"]))
    return found


def delete_owned(
    api: client.ApiClient,
    run_id: str,
    *,
    request_timeout: float,
    timeout: float,
    clock: Clock = SYSTEM_CLOCK,
) -> tuple[Owned, ...]:
    """Delete all objects with the run's label, wait until they are gone, and return them.

    Raises `EnvironmentFailure` if an object still exists after `timeout` seconds.
    """
    owned = find_owned(api, run_id, timeout=request_timeout)
    for each in owned:
        _delete(api, each, run_id, request_timeout)
    if owned:
        eventually(
            lambda: find_owned(api, run_id, timeout=request_timeout),
            lambda left: not left,
            timeout=timeout,
            clock=clock,
            what="everything that this run created deleted",
            describe=lambda left: "still there: " + ", ".join(map(str, left)),
            remedy=f"kubectl get namespaces -l {RUN_LABEL}={run_id} -o yaml",
            error=EnvironmentFailure,
        )
    return tuple(owned)


def create_namespace(api: client.ApiClient, name: str, run_id: str, *, timeout: float) -> None:
    """Create the namespace `name` with the run's label.

    Raises `EnvironmentFailure` if it exists already, or if this user may not create it.
    """
    body = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {RUN_LABEL: run_id}},
    }
    try:
        _call(api, "POST", NAMESPACES, timeout, body=body)
    except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
        if isinstance(error, ApiException) and error.status == HTTPStatus.CONFLICT:
            message = f"The namespace {name} exists already and is not this run's. Try: run again."
        else:
            message = (
                f"The namespace {name} cannot be created: {_short(error)}. "
                "Try: kubectl auth can-i create namespaces"
            )
        raise EnvironmentFailure(message) from error


def _adopt(item: dict[str, Any], run_id: str, namespaces: Mapping[str, str]) -> dict[str, Any]:
    metadata = item.setdefault("metadata", {})
    _label(metadata, run_id)
    if item.get("kind") == "Namespace":
        metadata["name"] = namespaces.get(metadata["name"], metadata["name"])
    if "namespace" in metadata:
        metadata["namespace"] = namespaces.get(metadata["namespace"], metadata["namespace"])
    for subject in item.get("subjects") or ():
        if "namespace" in subject:
            subject["namespace"] = namespaces.get(subject["namespace"], subject["namespace"])
    spec = item.get("spec")
    if isinstance(spec, dict):
        for template in _templates(spec):
            _label(template.setdefault("metadata", {}), run_id)
    return item


def _templates(spec: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Yield the templates from which controllers make objects: pods, volume claims, jobs."""
    for key in ("template", "jobTemplate"):
        if isinstance(spec.get(key), dict):
            yield spec[key]
            yield from _templates(spec[key].get("spec") or {})
    yield from spec.get("volumeClaimTemplates") or ()


def _label(metadata: dict[str, Any], run_id: str) -> None:
    metadata["labels"] = {**(metadata.get("labels") or {}), RUN_LABEL: run_id}


def _delete(api: client.ApiClient, owned: Owned, run_id: str, timeout: float) -> None:
    # The precondition names exactly this object: a new one of the same name stays.
    body = {"preconditions": {"uid": owned.uid}, "propagationPolicy": "Background"}
    try:
        _call(api, "DELETE", f"{owned.collection}/{owned.name}", timeout, body=body)
    except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
        gone = isinstance(error, ApiException) and error.status in {
            HTTPStatus.NOT_FOUND,
            HTTPStatus.CONFLICT,
        }
        if not gone:
            raise _unclear(run_id, f"{owned} cannot be deleted: {_short(error)}") from error


def _call(
    api: client.ApiClient,
    method: str,
    path: str,
    timeout: float,
    *,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    serialize: Callable[..., tuple[Any, ...]] = api.param_serialize
    request = serialize(
        method,
        f"/{path}",
        query_params=list((query or {}).items()),
        header_params={"Accept": "application/json", "Content-Type": "application/json"},
        body=body,
        auth_settings=["BearerToken"],
    )
    call: Callable[..., Any] = api.call_api
    answer = call(*request, _request_timeout=timeout)
    content = answer.read()
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        raise ApiException(status=answer.status, reason=answer.reason)
    result: dict[str, Any] = json.loads(content)
    return result


def _unclear(run_id: str, problem: str) -> EnvironmentFailure:
    return EnvironmentFailure(
        f"Objects of this run may still exist: {problem}. "
        f"Try: kubectl delete namespaces -l {RUN_LABEL}={run_id}"
    )


def _short(error: Exception) -> str:
    if isinstance(error, ApiException):
        return f"the API server answered {error.status} {error.reason}"
    return str(error).rstrip(".")
