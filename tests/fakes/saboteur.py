"""A saboteur without a cluster: what it would change comes from the manifests and the sources."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from acceptance.project import ROOT
from controls import edits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from acceptance.build.manifests import Manifest

_SOURCES = ("docs", "manifests")
_ARGUMENTS = ".spec.template.spec.containers[0].args"
_SYSTEM = SimpleNamespace(
    namespace="checkout",
    host="checkout.local",
    workloads=SimpleNamespace(backend="backend", frontend="frontend", database="database"),
    images=("localhost/backend:1", "localhost/frontend:1"),
)


class ManifestSaboteur:
    """Answers what a sabotage asks about deployed objects; whatever it changes, nothing happens."""

    def __init__(self, manifests: Mapping[str, Manifest], folder: Path) -> None:
        """Know the `manifests` by "namespace kind/name"; copy sources to `folder` if needed."""
        self.system = _SYSTEM
        self._manifests = manifests
        self._folder = folder

    def kubectl(self, verb: str, target: str, *options: str, namespace: str = "", **_: str) -> str:
        """Return an object, or the arguments of its first container, if `verb` is "get".

        Without a name in `target` it is all objects of this kind that a selector finds.
        """
        if verb != "get":
            return ""
        if "/" not in target:
            return json.dumps({"items": self._list(target, options, namespace)})
        found: Any = self._object(target, namespace)
        if any(_ARGUMENTS in option for option in options):
            found = found["spec"]["template"]["spec"]["containers"][0]["args"]
        return json.dumps(found)

    def patch(self, target: str, *_: object, namespace: str = "", **__: str) -> None:
        """Find the object that would be patched."""
        self._object(target, namespace)

    def remove(self, target: str, *, namespace: str = "") -> None:
        """Find the object that would be removed."""
        self._object(target, namespace)

    def pods(self, workload: str) -> tuple[SimpleNamespace, ...]:
        """Return two pods of a workload."""
        return tuple(SimpleNamespace(name=f"{workload}-{each}") for each in "ab")

    def repository(self) -> Path:
        """Return a copy of the sources that sabotages change."""
        if not self._folder.exists():
            for name in _SOURCES:
                shutil.copytree(ROOT / name, self._folder / name)
        return self._folder

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that a file of the sources has once."""
        edits.replace(self.repository() / name, old, new)

    def __getattr__(self, _: str) -> Callable[..., None]:
        """Do nothing of the rest."""
        return lambda *_, **__: None

    def _list(self, kind: str, options: Sequence[str], namespace: str) -> list[Manifest]:
        (selector,) = [each for each in options if each.startswith("--selector=")]
        _, key, value = selector.split("=")
        start = f"{namespace or self.system.namespace} {kind.lower().removesuffix('s')}/"
        return [
            each
            for name, each in self._manifests.items()
            if name.startswith(start) and each["metadata"].get("labels", {}).get(key) == value
        ]

    def _object(self, target: str, namespace: str) -> Manifest:
        name = f"{namespace or self.system.namespace} {target.lower()}"
        assert name in self._manifests, f"There is no {target} in the namespace of {name}"
        return self._manifests[name]
