"""Renders the team's kustomize overlays, and makes the Secrets that they need."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.process import run
from acceptance.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Manifest: TypeAlias = "dict[str, Any]"
"""One Kubernetes object, in the form of its YAML document."""

RUN_LABEL = "acceptance.checkout/run"
"""The label of all objects that the suite creates in a cluster; its value is the run's id."""

RECIPES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""The names that kustomize's own file may have."""

SECRET_KEYS = "SECRET_KEYS"  # noqa: S105 (the name of a key of the ConfigMap)
_TIMEOUT_SECONDS = 60.0
_SECRET_BYTES = 32


def render(
    overlay: Path,
    images: Mapping[str, str],
    run_id: str | None = None,
    namespace: str | None = None,
) -> tuple[Manifest, ...]:
    """Return the objects of `overlay`, in kustomize's order.

    `images` maps the image names in the manifests to the full references for pods. `run_id` becomes
    the label `acceptance.checkout/run` of every object and pod. `namespace` replaces the overlay's
    own, and also renames its Namespace object.

    Raises `BrokenInput` with the overlay and the cause when it cannot be rendered, has no objects,
    or does not use one of `images`; `EnvironmentFailure` when there is no kubectl.
    """
    if not any((overlay / name).is_file() for name in RECIPES):
        message = (
            f"{overlay} is not an overlay: it has no kustomization.yaml. Try: the overlay setting."
        )
        raise BrokenInput(message)
    with tempfile.TemporaryDirectory(prefix="overlay-") as temporary:
        # Resolved, because kustomize follows links before it climbs "..".
        folder = Path(temporary).resolve()
        _write_overlay(folder, overlay.resolve(), images, run_id, namespace)
        text = _kustomize(folder, overlay)
    try:
        # The C version is ten times as fast, and as safe.
        objects = tuple(found for found in yaml.load_all(text, yaml.CSafeLoader) if found)
    except yaml.YAMLError as error:
        raise BrokenInput(f"{overlay} does not render to YAML: {_line(str(error))}.") from error
    if not objects:
        raise BrokenInput(f"{overlay} has no objects. Try: kubectl kustomize {overlay}")
    _require_images(overlay, objects, images)
    return objects


def name_of(reference: str) -> str:
    """Return the name of an image without its tag and digest, as in the manifests."""
    tagged = reference.partition("@")[0]
    name, colon, tag = tagged.rpartition(":")
    # The text after the last colon may be the port of a registry.
    return name if colon and "/" not in tag else tagged


def generate_secret(config: Manifest, name: str | None = None) -> Manifest:
    """Return a Secret with a new random value for each key that `config` names in SECRET_KEYS.

    `config` is a ConfigMap; the Secret gets its namespace and labels. The Secret's name is `name`,
    or the ConfigMap's with -secrets instead of -config. Values have 43 URL-safe characters.

    Raises `BrokenInput` when the ConfigMap names no key.
    """
    own = config["metadata"]["name"]
    keys = str((config.get("data") or {}).get(SECRET_KEYS, "")).split()
    if not keys:
        message = f"ConfigMap {own} names no secret key. Try: list them in its {SECRET_KEYS}."
        raise BrokenInput(message)
    metadata = {
        key: config["metadata"][key] for key in ("namespace", "labels") if key in config["metadata"]
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata | {"name": name or f"{own.removesuffix('-config')}-secrets"},
        "type": "Opaque",
        "stringData": {key: secrets.token_urlsafe(_SECRET_BYTES) for key in keys},
    }


def secrets_for(objects: Sequence[Manifest]) -> tuple[Manifest, ...]:
    """Return a generated Secret for every ConfigMap among `objects` that has SECRET_KEYS.

    A key that several of them name has one value: a password, where it is set and where it is used.

    Raises `BrokenInput` when an object uses a key that no ConfigMap names, and when `objects`
    contain a Secret with values, because values must not be committed.
    """
    for found in objects:
        if found["kind"] == "Secret":
            name = found["metadata"]["name"]
            message = f"Secret {name} is in the manifests: name its keys in {SECRET_KEYS} instead."
            raise BrokenInput(message)
    made = tuple(
        generate_secret(found)
        for found in objects
        if found["kind"] == "ConfigMap" and SECRET_KEYS in (found.get("data") or {})
    )
    shared = {key: value for secret in made for key, value in secret["stringData"].items()}
    for secret in made:
        secret["stringData"] = {key: shared[key] for key in secret["stringData"]}
    offered = {(s["metadata"]["name"], key) for s in made for key in s["stringData"]}
    for found in objects:
        for wanted in _values(found, "secretKeyRef"):
            if not wanted.get("optional") and (wanted["name"], wanted["key"]) not in offered:
                message = (
                    f"{found['kind']} {found['metadata']['name']} uses the key {wanted['key']} "
                    f"of Secret {wanted['name']}, which no ConfigMap names in {SECRET_KEYS}."
                )
                raise BrokenInput(message)
    return made


def pod_templates(objects: Sequence[Manifest]) -> tuple[Manifest, ...]:
    """Return the templates of the pods that the workloads among `objects` make."""
    workloads = ("Deployment", "StatefulSet", "DaemonSet")
    return tuple(found["spec"]["template"] for found in objects if found["kind"] in workloads)


def overlays(root: Path = ROOT) -> tuple[Path, ...]:
    """Return the deployable folders below manifests/, sorted.

    Raises `BrokenInput` when there is none.
    """
    kinds = ("overlays/*", "overlays/*/*", "examples/*", "platform/*")
    found = [path.parent for k in kinds for path in root.glob(f"manifests/{k}/kustomization.yaml")]
    if not found:
        raise BrokenInput(f"There is no overlay in {root / 'manifests'}. Try: git status")
    return tuple(sorted(found))


def _write_overlay(
    folder: Path,
    overlay: Path,
    images: Mapping[str, str],
    run_id: str | None,
    namespace: str | None,
) -> None:
    content: Manifest = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(overlay, folder)],  # kustomize accepts no absolute path
        "images": [{"name": name, **_image(reference)} for name, reference in images.items()],
    }
    if namespace:
        content["namespace"] = namespace
    if run_id:
        content["labels"] = [{"pairs": {RUN_LABEL: run_id}, "includeTemplates": True}]
    # As JSON, which is also YAML: a run's id or a tag that looks like a number stays a text.
    (folder / "kustomization.yaml").write_text(json.dumps(content), encoding="utf-8")


def _image(reference: str) -> dict[str, str]:
    tagged, _, digest = reference.partition("@")
    name = name_of(reference)
    parts = {"newName": name, "newTag": tagged[len(name) + 1 :], "digest": digest}
    return {key: value for key, value in parts.items() if value}


def _kustomize(folder: Path, overlay: Path) -> str:
    kubectl = _tool("kubectl")
    try:
        return run([kubectl, "kustomize", folder], timeout=_TIMEOUT_SECONDS).stdout
    except EnvironmentFailure as error:
        # kubectl's output follows the advice; nested causes end with the file and the reason.
        _, marker, said = error.message.partition("error: ")
        if not marker:
            raise
        cause = _line(said.replace(f"{folder}/", "").replace(str(folder), str(overlay)))
        message = f"{overlay} cannot be rendered: {cause}. Try: kubectl kustomize {overlay}"
        raise BrokenInput(message) from error


def _require_images(overlay: Path, objects: Sequence[Manifest], images: Mapping[str, str]) -> None:
    used = {image for found in objects for image in _values(found, "image")}
    for name, reference in images.items():
        if reference not in used:
            message = f"{overlay} uses no image {name}. Try: correct [tool.acceptance.images]."
            raise BrokenInput(message)


def _values(node: object, key: str) -> Iterator[Any]:
    """Yield the values of `key` at any depth."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from _values(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from _values(value, key)


def _tool(name: str) -> str:
    """Return the path of the program from the wheels, otherwise the one in PATH."""
    bundled = sysconfig.get_path("scripts")
    program = shutil.which(name, path=bundled) or shutil.which(name)
    if program is None:
        raise EnvironmentFailure(f"{name} is not installed. Try: make setup")
    return program


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().rstrip(".")
