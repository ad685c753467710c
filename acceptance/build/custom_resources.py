"""Gets cert-manager's custom resource definitions from the Go module that node/cert-manager pins.

The checksum in go.sum verifies them, so their megabyte need not be committed here.
`python -m acceptance.build.custom_resources FOLDER` writes their JSON schemas into a folder.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.build.cache import entry, hash_inputs
from acceptance.build.go import ENVIRONMENT, go_program
from acceptance.errors import BrokenInput, BuildFailure, EnvironmentFailure
from acceptance.process import run
from acceptance.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE = "github.com/cert-manager/cert-manager"
GROUP = "cert-manager.io"
"""The API group of Issuers, Certificates and their requests. The kinds of ACME have another group,
and no controller here needs them."""

_DOWNLOAD_SECONDS = 900.0


def definitions(root: Path, *, timeout: float) -> Path:
    """Return a folder with a YAML file for each definition; `timeout` is seconds for a download.

    Raises `BuildFailure` if the module cannot be downloaded.
    """
    folder = root / "node" / "cert-manager"
    text = (folder / "go.mod").read_text(encoding="utf-8")
    needed = re.search(r"^go (\d+)\.(\d+)", text, re.MULTILINE)
    pinned = re.search(rf"\b{re.escape(MODULE)} (v\S+)", text)
    if needed is None or pinned is None:
        raise BrokenInput(f"{folder}/go.mod does not pin {MODULE}. Try: git diff")

    def fetch(place: Path) -> None:
        go = go_program((int(needed[1]), int(needed[2])))
        try:
            told = run(
                [go, "mod", "download", "-json", MODULE],
                timeout=timeout,
                env=ENVIRONMENT,
                cwd=folder,
                remedy="Does the Go module proxy answer? Try again, once it does.",
            )
        except EnvironmentFailure as error:
            message = f"The definitions of {MODULE} cannot be downloaded: {error.message}"
            raise BuildFailure(message) from error
        found = sorted(
            Path(json.loads(told.stdout)["Dir"], "deploy", "crds").glob(f"{GROUP}_*.yaml")
        )
        if not found:
            raise BuildFailure(f"{MODULE} {pinned[1]} has no definitions in deploy/crds.")
        for path in found:
            shutil.copyfile(path, place / path.name)

    key = hash_inputs(f"{MODULE} {pinned[1]} {GROUP}", folder / "go.sum")
    return entry("cert-manager-definitions", key, fetch)


def write_schemas(folder: Path, place: Path) -> None:
    """Write a JSON schema into `place` for each version of each kind that `folder` defines.

    The names are those that kubeconform expects, and a field without a schema is an error.
    """
    for name, schema in _schemas(folder):
        (place / name).write_text(json.dumps(schema), encoding="utf-8")


def _schemas(folder: Path) -> Iterator[tuple[str, Any]]:
    for path in sorted(folder.glob("*.yaml")):
        spec = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)["spec"]
        group = spec["group"].split(".")[0]
        for version in spec["versions"]:
            name = f"{spec['names']['kind'].lower()}-{group}-{version['name']}.json"
            yield name, _strict(version["schema"]["openAPIV3Schema"])


def _strict(schema: Any) -> Any:  # noqa: ANN401 (JSON, of any shape)
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _strict(value) for key, value in schema.items()}
    open_ended = found.get("x-kubernetes-preserve-unknown-fields")
    if "properties" in found and "additionalProperties" not in found and not open_ended:
        found["additionalProperties"] = False
    if found.get("x-kubernetes-int-or-string"):
        found.pop("type", None)
    return found


if __name__ == "__main__":
    write_schemas(definitions(ROOT, timeout=_DOWNLOAD_SECONDS), Path(sys.argv[1]))
