"""Finds everything below a folder of manifests that somebody could deploy, whether named or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from acceptance.build.manifests import RECIPES, Manifest
from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_API = "kustomize.config.k8s.io"
_REFERENCES = ("resources", "bases", "components")


def deployable_folders(top: Path) -> tuple[Path, ...]:
    """Return each folder below `top` that kustomize can render on its own, sorted.

    A folder that others build on is among them only if it is an overlay: production builds on
    another one, and both can be deployed. A base and a component are in what builds on them.

    Raises `BrokenInput` for a kustomization that cannot be read.
    """
    recipes = {path.parent: _recipe(path) for name in RECIPES for path in top.rglob(name)}
    used = {
        (folder / reference).resolve()
        for folder, recipe in recipes.items()
        for kind in _REFERENCES
        for reference in recipe.get(kind) or ()
        if isinstance(reference, str)
    }
    return tuple(
        sorted(
            folder
            for folder, recipe in recipes.items()
            if recipe.get("kind") != "Component"
            and (folder.resolve() not in used or "overlays" in folder.relative_to(top).parts)
        )
    )


def loose_manifests(top: Path) -> dict[Path, tuple[Manifest, ...] | None]:
    """Return the objects of each file below `top` that no kustomization names; None: not YAML.

    Such a file is applied by hand or by a script. One without objects is left out.
    """
    recipes = {path for name in RECIPES for path in top.rglob(name)}
    texts = [path.read_text(encoding="utf-8") for path in recipes]
    found: dict[Path, tuple[Manifest, ...] | None] = {}
    for path in sorted({*top.rglob("*.yaml"), *top.rglob("*.yml")} - recipes):
        if any(path.name in text for text in texts):
            continue
        try:
            objects = tuple(_objects(_documents(path)))
        except BrokenInput:
            found[path] = None
        else:
            found |= {path: objects} if objects else {}
    return found


def _recipe(path: Path) -> Manifest:
    found = next(iter(_documents(path)), None)
    if not isinstance(found, dict):
        raise BrokenInput(f"{path} is not a kustomization. Try: kubectl kustomize {path.parent}")
    return found


def _documents(path: Path) -> list[object]:
    try:
        return list(yaml.load_all(path.read_text(encoding="utf-8"), yaml.CSafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BrokenInput(f"{path} is not YAML: {' '.join(str(error).split())}.") from error


def _objects(documents: Iterable[object]) -> Iterable[Manifest]:
    for found in documents:
        if not isinstance(found, dict) or not {"apiVersion", "kind"} <= found.keys():
            continue
        if found["kind"] == "List":
            yield from _objects(found.get("items") or ())
        elif not str(found["apiVersion"]).startswith(_API):
            yield found
