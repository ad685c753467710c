"""Lists every object that can be read without the right to read Secrets, and the texts in it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.connection import object_of
from acceptance.drivers.kubernetes.discovery import served_apis
from acceptance.drivers.packed_content import unpacked
from acceptance.process import workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

_AT_A_TIME = 4
_HIDDEN = "secrets"
_LEFT_OUT_GROUPS = (
    "events.k8s.io",  # the same Events as in the core group
    "metrics.k8s.io",  # measurements
    "custom.metrics.k8s.io",
    "external.metrics.k8s.io",
)
_LEFT_OUT = ("customresourcedefinitions", "apiservices")
"""What describes the API, at great length."""
_NOT_FOUND = 404
_FORBIDDEN = 403
_NO_LIST = 405


@dataclass(frozen=True)
class ListedKind:
    """The objects of one kind."""

    kind: str
    objects: tuple[Object, ...]
    refused: str = ""
    """Why they could not be listed; empty if they were."""


@dataclass(frozen=True)
class _Collection:
    api: str
    name: str
    kind: str
    namespaced: bool


def list_objects(cluster: Kubernetes, namespace: str) -> tuple[ListedKind, ...]:
    """Return the objects of every kind but Secret, of all namespaces and of the cluster itself.

    Where only the `namespace` may be listed, only its objects. Raises `Refused` if the API server
    does not list its kinds.
    """
    wanted: dict[tuple[str, str], _Collection] = {}
    for api in served_apis(cluster):
        if api.group in _LEFT_OUT_GROUPS:
            continue
        for each in api.resources:
            name = each["resource"]
            if name in _LEFT_OUT or (name == _HIDDEN and not api.group):
                continue
            if "list" in each["verbs"]:
                kind = (each.get("responseKind") or {}).get("kind") or name
                namespaced = each["scope"] == "Namespaced"
                collection = _Collection(api.path, name, kind, namespaced)
                wanted.setdefault((api.group, name), collection)
    with workers(_AT_A_TIME) as pool:
        return tuple(pool.map(lambda each: _list(cluster, namespace, each), wanted.values()))


def _list(cluster: Kubernetes, namespace: str, wanted: _Collection) -> ListedKind:
    api, name, kind = wanted.api, wanted.name, wanted.kind
    reply = cluster.send("GET", f"{api}/{name}")
    if reply.status == _FORBIDDEN and wanted.namespaced:
        reply = cluster.send("GET", f"{api}/namespaces/{namespace}/{name}")
    if reply.status in {_NOT_FOUND, _NO_LIST}:  # its definition was deleted meanwhile
        return ListedKind(kind, ())
    try:
        return ListedKind(kind, tuple(object_of(reply).get("items") or ()))
    except Refused as error:
        return ListedKind(kind, (), str(error))


def place_of(kind: str, found: Object, namespace: str) -> str:
    """Name an object; its namespace is named too if it is another one than `namespace`."""
    metadata = found["metadata"]
    other = metadata.get("namespace", "")
    return f"{kind} {other + '/' if other not in {'', namespace} else ''}{metadata['name']}"


def texts_of(found: Object) -> Iterator[tuple[str, str]]:
    """Yield (field, text) for every text in an object, the names of fields too.

    What is compressed or binary is opened. Left out is `managedFields`, which has names only.
    """
    metadata = {k: v for k, v in found["metadata"].items() if k != "managedFields"}
    for field, text in _texts({**found, "metadata": metadata}, ""):
        yield field, text
        opened = _opened(field, text)
        if opened:
            yield field, opened


def _texts(found: Any, field: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 (any JSON)
    if isinstance(found, dict):
        each: Mapping[str, Any] = found
        for name, value in each.items():
            inner = f"{field}.{name}" if field else str(name)
            yield field or "its fields", str(name)
            yield from _texts(value, inner)
    elif isinstance(found, list):
        for number, value in enumerate(found):
            yield from _texts(value, f"{field}[{number}]")
    elif found is not None and not isinstance(found, bool):
        yield field, str(found)


def _opened(field: str, text: str) -> str:
    """Return what a text in base64 holds if it is binary data or compressed; otherwise nothing."""
    content = text.encode()
    if field.startswith("binaryData."):
        try:
            content = base64.b64decode(content)
        except ValueError:
            return ""
        opened = list(unpacked(content))
    else:
        opened = list(unpacked(content))[1:]
    return "\n".join(each.decode("utf-8", "replace") for each in opened)
