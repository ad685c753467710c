"""Renders the kustomize overlays that the team wrote, makes the secrets they ask for, checks both.

`python -m acceptance.manifests` renders every overlay of this project and holds each object against
the JSON schemas of Kubernetes, without a cluster and without a network.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import secrets
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

from acceptance.cache import entry, hash_inputs
from acceptance.errors import AcceptanceError, BrokenInput, EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Manifest: TypeAlias = "dict[str, Any]"
"""One Kubernetes object, as its YAML document says it."""

ROOT = Path(__file__).resolve().parent.parent
RUN_LABEL = "acceptance.checkout/run"
"""The label, with the run's id as its value, of everything that the suite creates in a cluster."""

SECRET_KEYS = "SECRET_KEYS"  # noqa: S105 (the name of a key of the ConfigMap)
KUBERNETES = "1.34.0"
"""The version whose schemas count; they are published for the .0 of each minor version."""

_TIMEOUT_SECONDS = 60.0
_SECRET_BYTES = 32
_DEFINITIONS = "_definitions.json"


def render(
    overlay: Path,
    images: Mapping[str, str],
    run_id: str | None = None,
    namespace: str | None = None,
) -> tuple[Manifest, ...]:
    """Return the objects of `overlay`, in kustomize's order.

    `images` maps image names as the manifests have them to the full references that pods shall use;
    `run_id` becomes the label `acceptance.checkout/run` of every object and pod; `namespace`
    replaces the overlay's own, the Namespace object included.

    Raises `BrokenInput`, naming the overlay and the cause, when it cannot be rendered, renders to
    nothing, or does not use one of `images`; `EnvironmentFailure` when there is no kubectl.
    """
    if not (overlay / "kustomization.yaml").is_file():
        message = (
            f"{overlay} is no overlay: it has no kustomization.yaml. Try: the overlay setting."
        )
        raise BrokenInput(message)
    with tempfile.TemporaryDirectory(prefix="overlay-") as temporary:
        # Resolved, because kustomize follows links before it climbs "..".
        folder = Path(temporary).resolve()
        _write_overlay(folder, overlay.resolve(), images, run_id, namespace)
        text = _kustomize(folder, overlay)
    try:
        objects = tuple(found for found in yaml.safe_load_all(text) if found)
    except yaml.YAMLError as error:
        raise BrokenInput(f"{overlay} renders to what is no YAML: {_line(str(error))}.") from error
    if not objects:
        raise BrokenInput(
            f"{overlay} renders to no object at all. Try: kubectl kustomize {overlay}"
        )
    _require_images(overlay, objects, images)
    return objects


def generate_secret(config: Manifest, name: str | None = None) -> Manifest:
    """Return a Secret with a new random value for each key that `config` names in SECRET_KEYS.

    `config` is a ConfigMap; its namespace and labels are taken over. The Secret is called `name`,
    or as the ConfigMap with -secrets for -config. Values have 43 characters, safe in a URL.

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

    Raises `BrokenInput` when an object asks for a key that no ConfigMap names, and when a Secret
    with values is itself among `objects`: values are never committed.
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
    offered = {(s["metadata"]["name"], key) for s in made for key in s["stringData"]}
    for found in objects:
        for wanted in _values(found, "secretKeyRef"):
            if not wanted.get("optional") and (wanted["name"], wanted["key"]) not in offered:
                message = (
                    f"{found['kind']} {found['metadata']['name']} asks for the key {wanted['key']} "
                    f"of Secret {wanted['name']}, which no ConfigMap names in {SECRET_KEYS}."
                )
                raise BrokenInput(message)
    return made


def problems(objects: Sequence[Manifest]) -> tuple[str, ...]:
    """Return what kubeconform finds wrong with `objects`, a sentence for each; empty if nothing.

    Raises `EnvironmentFailure` when kubeconform is missing or did not look at every object.
    """
    program = shutil.which("kubeconform", path=ROOT / ".tools") or _tool("kubeconform")
    template = f"{_schemas()}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        yaml.safe_dump_all(objects, file)
        file.flush()
        # kubeconform's exit code is 1 for findings, so its answer is what counts.
        command = '"$0" "$@" || test $? -eq 1'
        options = ["-strict", "-summary", "-output=json", f"-kubernetes-version={KUBERNETES}"]
        done = run(
            ["sh", "-c", command, program, *options, f"-schema-location={template}", file.name],
            timeout=_TIMEOUT_SECONDS,
        )
    try:
        answer = json.loads(done.stdout)
        looked_at = sum(answer["summary"][key] for key in ("valid", "invalid", "errors"))
    except (ValueError, KeyError) as error:
        raise EnvironmentFailure(f"kubeconform failed: {_line(done.stderr)}.") from error
    if looked_at != len(objects):
        message = (
            f"kubeconform looked at {looked_at} of {len(objects)} objects. Try: make clean setup"
        )
        raise EnvironmentFailure(message)
    return tuple(f"{r['kind']} {r['name']}: {_line(r['msg'])}" for r in answer["resources"] or ())


def overlays(root: Path = ROOT) -> tuple[Path, ...]:
    """Return the folders below manifests/ that can be deployed, sorted.

    Raises `BrokenInput` when there is none.
    """
    kinds = ("overlays", "examples", "platform")
    found = [
        path.parent for k in kinds for path in root.glob(f"manifests/{k}/*/kustomization.yaml")
    ]
    if not found:
        raise BrokenInput(f"There is no overlay in {root / 'manifests'}. Try: git status")
    return tuple(sorted(found))


def main() -> int:
    """Check every overlay; return 0, or 65 when one is wrong."""
    wrong = 0
    for overlay in overlays():
        objects = render(overlay, {})
        found = problems((*objects, *secrets_for(objects)))
        print(f"{overlay.relative_to(ROOT)}: {len(objects)} objects, {len(found)} wrong")
        for problem in found:
            print(f"  {problem}")
        wrong += len(found)
    return BrokenInput.exit_code if wrong else 0


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
        "resources": [os.path.relpath(overlay, folder)],  # kustomize takes no absolute path
        "images": [{"name": name, **_image(reference)} for name, reference in images.items()],
    }
    if namespace:
        content["namespace"] = namespace
    if run_id:
        content["labels"] = [{"pairs": {RUN_LABEL: run_id}, "includeTemplates": True}]
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


def _image(reference: str) -> dict[str, str]:
    name, at, digest = reference.partition("@")
    if at:
        return {"newName": name, "digest": digest}
    name, colon, tag = reference.rpartition(":")
    if not colon or "/" in tag:  # what follows the last colon was the port of a registry
        return {"newName": reference}
    return {"newName": name, "newTag": tag}


def _kustomize(folder: Path, overlay: Path) -> str:
    kubectl = _tool("kubectl")
    try:
        return run([kubectl, "kustomize", folder], timeout=_TIMEOUT_SECONDS).stdout
    except EnvironmentFailure as error:
        # After the advice comes what kubectl wrote; nested causes end with the file and the reason.
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
    """Yield what stands under `key`, however deep."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from _values(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from _values(value, key)


def _schemas() -> Path:
    """Return the folder of the strict schemas, in the form that kubeconform can follow.

    As they are packaged, they refer to each other by addresses below /api of a web server.
    """
    package = importlib.util.find_spec("kubernetes_validate")
    if package is None or package.origin is None:
        message = "The Python package kubernetes-validate is not installed. Try: make setup"
        raise EnvironmentFailure(message)
    folder = Path(package.origin).parent / "kubernetes-json-schema" / f"v{KUBERNETES}-local-strict"
    if not (folder / _DEFINITIONS).is_file():
        raise EnvironmentFailure(f"{folder} has no schemas. Try: make clean setup")

    def build(place: Path) -> None:
        for path in folder.glob("*.json"):
            schema = json.loads(path.read_text(encoding="utf-8"))
            schema.pop("$id", None)
            text = json.dumps(schema).replace(f'"/api/{_DEFINITIONS}#', f'"{_DEFINITIONS}#')
            (place / path.name).write_text(text, encoding="utf-8")

    return entry("schemas", hash_inputs(folder, Path(__file__)), build)


def _tool(name: str) -> str:
    """Return the program that came with the wheels, else the one in PATH."""
    bundled = sysconfig.get_path("scripts")
    program = shutil.which(name, path=bundled) or shutil.which(name)
    if program is None:
        raise EnvironmentFailure(f"{name} is not installed. Try: make setup")
    return program


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().rstrip(".")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AcceptanceError as problem:
        print(problem.message, file=sys.stderr)
        sys.exit(problem.exit_code)
