"""Finds what the documentation of a repository has to name: workloads, settings, make targets."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Literal, TypeAlias

import yaml

from acceptance.errors import SystemFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

DocumentableKind: TypeAlias = Literal["workload", "setting", "target"]

_WORKLOADS = {"CronJob", "DaemonSet", "Deployment", "Job", "StatefulSet"}
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")
"""A key of a ConfigMap that is an environment variable of pods; other keys are file names."""
_TARGET = re.compile(r"^([a-z][a-z0-9-]*):(?!=)", re.MULTILINE)
_PUBLIC = re.compile(r"^([a-z][a-z0-9-]*):.*## ", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Documentable:
    """Something that can be deployed, set or run."""

    kind: DocumentableKind
    name: str
    """As the documentation has to write it, in code: backend, timeouts.query, make test."""
    file: str
    """Where it is defined."""


def read_documentables(root: Path, names: Sequence[str]) -> tuple[Documentable, ...]:
    """Return what the files `names` below `root` define, sorted.

    Raises `BrokenInput` for a file that cannot be read.
    """
    return tuple(sorted({found for name in names for found in _documentables(root, name)}))


def folders_of(names: Sequence[str]) -> frozenset[str]:
    """Return all folders that the files `names` are in, below the repository's own."""
    return frozenset(
        "/".join(parts[:count])
        for parts in (name.split("/") for name in names)
        for count in range(1, len(parts))
    )


def make_targets(root: Path) -> frozenset[str]:
    """Return every target of the Makefile, internal ones included."""
    makefile = root / "Makefile"
    if not makefile.is_file():
        return frozenset()
    return frozenset(match[1] for match in _TARGET.finditer(makefile.read_text(encoding="utf-8")))


def _documentables(root: Path, name: str) -> Iterator[Documentable]:
    for pattern, read in _READERS.items():
        if fnmatch(name, pattern) and (root / name).is_file():
            try:
                yield from read(name, (root / name).read_text(encoding="utf-8"))
            except (yaml.YAMLError, SyntaxError, UnicodeDecodeError) as error:
                said = " ".join(str(error).split())
                raise SystemFailure(f"{name} cannot be read: {said}.") from error


def _manifest(file: str, text: str) -> Iterator[Documentable]:
    for found in yaml.safe_load_all(text):
        if not isinstance(found, dict):
            continue
        if found.get("kind") in _WORKLOADS:
            yield Documentable("workload", str(found["metadata"]["name"]), file)
        if found.get("kind") == "ConfigMap":
            keys = found.get("data") or {}
            yield from (
                Documentable("setting", key, file) for key in keys if VARIABLE.fullmatch(key)
            )


def _settings(file: str, text: str) -> Iterator[Documentable]:
    """Yield the fields of the settings; the keys of a table carry its name."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef) and node.name in {"Settings", "Timeouts", "Workloads"}:
            table = "" if node.name == "Settings" else f"{node.name.lower()}."
            for each in node.body:
                if not isinstance(each, ast.AnnAssign) or not isinstance(each.target, ast.Name):
                    continue
                if each.target.id != "root":  # the folder of the settings, not one of them
                    yield Documentable("setting", f"{table}{each.target.id}", file)


def _environment(file: str, text: str) -> Iterator[Documentable]:
    """Yield the environment variables that the code reads: constants in a call with `env`."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        if any(isinstance(each, ast.Name) and each.id == "env" for each in (*node.args, of)):
            for each in node.args:
                if isinstance(each, ast.Constant) and VARIABLE.fullmatch(str(each.value)):
                    yield Documentable("setting", str(each.value), file)


def _makefile(file: str, text: str) -> Iterator[Documentable]:
    yield from (Documentable("target", f"make {each[1]}", file) for each in _PUBLIC.finditer(text))


_READERS: dict[str, Callable[[str, str], Iterator[Documentable]]] = {
    "manifests/*.yaml": _manifest,
    "acceptance/settings.py": _settings,
    "checkout/*/config.py": _environment,
    "Makefile": _makefile,
}
"""By the path of a file, in which * stands for folders too."""
