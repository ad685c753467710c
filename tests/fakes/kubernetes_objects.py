"""A cluster of a few objects in memory, with those methods of the client that its users need."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from typing import Any

KEYS = ("DATABASE_USER", "DATABASE_PASSWORD", "SIGNING_KEY", "SIGNING_KEY_ACCEPTED")
"""What the backend of the system takes from its Secret."""
SETTINGS = {"DATABASE_NAME": "shop", "DATABASE_OWNER": "owner", "DATABASE_USER": "owner_a"}


class FakeObjects:
    """Objects by name, with versions as the API server counts them."""

    def __init__(self, objects: Mapping[str, dict[str, Any]] | None = None) -> None:
        """Begin with these, by the last part of their paths."""
        self.objects = dict(objects or {})
        self.pods: list[dict[str, Any]] = []
        self.user = "me"
        """The name of whoever asks."""
        self._guard = threading.Lock()

    def read(self, path: str) -> dict[str, Any] | None:
        """Return an object, or None."""
        return self.objects.get(path.rpartition("/")[2])

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Create an object, once; a review is answered and not kept."""
        if path.endswith("/selfsubjectreviews"):
            return {"status": {"userInfo": {"username": self.user}}}
        metadata = body["metadata"]
        name = metadata.get("name") or f"{metadata['generateName']}{len(self.objects)}"
        if name in self.objects:
            return None
        self.objects[name] = merged(body, {"metadata": {"resourceVersion": "1"}})
        return self.objects[name]

    def patch(self, path: str, change: dict[str, Any]) -> dict[str, Any] | None:
        """Change the object that has the version which the change names."""
        name = path.rpartition("/")[2]
        with self._guard:
            found = self.objects[name]
            version = found["metadata"]["resourceVersion"]
            if change["metadata"]["resourceVersion"] != version:
                return None
            newer = {"metadata": {"resourceVersion": str(int(version) + 1)}}
            self.objects[name] = merged(merged(found, change), newer)
            return self.objects[name]

    def config_maps(self, _: str) -> dict[str, Mapping[str, str]]:
        """Return the data of each ConfigMap, by name."""
        found = self.objects.items()
        return {name: each["data"] for name, each in found if each.get("kind") == "ConfigMap"}

    def secrets(self, _: str) -> dict[str, Mapping[str, str]]:
        """Return the data of each Secret, by name."""
        found = self.objects.items()
        return {name: each["data"] for name, each in found if each.get("kind") == "Secret"}

    def events(self, _: str) -> list[dict[str, Any]]:
        """Return the Events."""
        return [each for each in self.objects.values() if each.get("kind") == "Event"]

    def pod_objects(self, _: str, __: str) -> list[dict[str, Any]]:
        """Return the pods of the backend."""
        return self.pods


def merged(found: Any, change: Any) -> Any:  # noqa: ANN401
    """Apply a merge patch (RFC 7396)."""
    if not isinstance(change, Mapping):
        return change
    kept = dict(found) if isinstance(found, Mapping) else {}
    for key, value in change.items():
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = merged(kept.get(key), value)
    return kept


def secret(**values: str) -> dict[str, Any]:
    """Return a Secret as the API sends it."""
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {
        "kind": "Secret",
        "metadata": {"name": "secrets", "resourceVersion": "1"},
        "data": data,
    }


def config_map(**data: str) -> dict[str, Any]:
    """Return a ConfigMap as the API sends it."""
    return {"kind": "ConfigMap", "metadata": {"name": "config"}, "data": data}


def backend(*missing: str) -> dict[str, Any]:
    """Return the backend's Deployment, which takes all but some keys from its Secret."""
    env = [
        {"name": key, "valueFrom": {"secretKeyRef": {"name": "secrets", "key": key}}}
        for key in KEYS
        if key not in missing
    ]
    container = {"name": "api", "env": env, "envFrom": [{"configMapRef": {"name": "config"}}]}
    return {"spec": {"template": {"spec": {"containers": [container]}}}}
