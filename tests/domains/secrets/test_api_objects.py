from __future__ import annotations

import base64
import gzip
import json
from typing import Any, cast

import pytest

from acceptance.domains.secrets.drivers.api_objects import list_objects, place_of, texts_of
from acceptance.drivers.http import Reply

VERBS = ["get", "list"]


def resource(name: str, kind: str, scope: str = "Namespaced", verbs: list[str] = VERBS) -> Any:  # noqa: ANN401
    """Return a resource as discovery sends it."""
    return {"resource": name, "responseKind": {"kind": kind}, "scope": scope, "verbs": verbs}


DISCOVERED = {
    "/api": {
        "": [
            resource("configmaps", "ConfigMap"),
            resource("secrets", "Secret"),
            resource("events", "Event"),
            resource("namespaces", "Namespace", "Cluster"),
            resource("bindings", "Binding", verbs=["create"]),
        ]
    },
    "/apis": {
        "apps": [resource("replicasets", "ReplicaSet")],
        "events.k8s.io": [resource("events", "Event")],
        "traefik.io": [resource("middlewares", "Middleware")],
    },
}


class FakeServer:
    """An API server that lists what a test gives it, and forbids the whole cluster if asked to."""

    def __init__(self, objects: dict[str, list[Any]], *, only_namespace: bool = False) -> None:
        """Serve `objects` by the plural of their kind."""
        self.objects = objects
        self.only_namespace = only_namespace
        self.asked: list[str] = []

    def send(self, _: str, path: str, **__: object) -> Reply:
        """Answer as the API server does."""
        if path in DISCOVERED:
            items = [
                {"metadata": {"name": name}, "versions": [{"version": "v1", "resources": found}]}
                for name, found in DISCOVERED[path].items()
            ]
            return reply({"kind": "APIGroupDiscoveryList", "items": items})
        self.asked.append(path)
        if self.only_namespace and "/namespaces/" not in path:
            return Reply(403, (), json.dumps({"message": "forbidden"}), 0.0)
        return reply({"items": self.objects.get(path.rpartition("/")[2], [])})


def reply(found: object) -> Reply:
    """Return an answer with an object."""
    return Reply(200, (), json.dumps(found), 0.0)


@pytest.mark.parametrize("only_namespace", [False, True])
def test_every_kind_but_the_secrets_is_listed(only_namespace: bool) -> None:
    """Of all namespaces, or only of the own one if no more is allowed; Events only once."""
    found = {"metadata": {"name": "auth", "namespace": "shop"}}
    server = FakeServer({"middlewares": [found]}, only_namespace=only_namespace)
    listed = {each.kind: each for each in list_objects(cast("Any", server), "checkout")}
    assert set(listed) == {"ConfigMap", "Event", "Namespace", "ReplicaSet", "Middleware"}
    assert listed["Middleware"].objects == (found,)
    assert place_of("Middleware", found, "checkout") == "Middleware shop/auth"
    assert place_of("Middleware", found, "shop") == "Middleware auth"
    assert not any("secrets" in path for path in server.asked)
    assert bool(listed["Namespace"].refused) == only_namespace
    assert not listed["ConfigMap"].refused


def test_every_text_of_an_object_is_yielded() -> None:
    """Keys, numbers, lists, and what is compressed or binary; but no `managedFields`."""
    release = base64.b64encode(gzip.compress(b"password: inside")).decode()
    found = {
        "metadata": {"name": "a", "annotations": {"note": "of it"}, "managedFields": [{"x": "y"}]},
        "spec": {"args": ["--port", 5432], "on": True},
        "data": {"release": release, "broken": "H4sIbroken\u00e9"},
        "binaryData": {"key": base64.b64encode(b"plain").decode()},
    }
    texts = list(texts_of(found))
    assert ("spec.args[1]", "5432") in texts
    assert ("metadata.annotations.note", "of it") in texts
    assert ("metadata.annotations", "note") in texts
    assert ("data.release", "password: inside") in texts
    assert ("binaryData.key", "plain") in texts
    assert not any(text in {"x", "y", "True"} for _, text in texts)
