"""Finds in a repository what its documentation has to name: workloads, settings, make targets."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Literal, TypeAlias

import yaml

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

Kind: TypeAlias = Literal["workload", "setting", "target"]

_WORKLOADS = {"CronJob", "DaemonSet", "Deployment", "Job", "StatefulSet"}
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")
"""A key of a ConfigMap that pods see as an environment variable; others are names of files."""
_TARGET = re.compile(r"^([a-z][a-z0-9-]*):(?!=)", re.MULTILINE)
_PUBLIC = re.compile(r"^([a-z][a-z0-9-]*):.*## ", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Thing:
    """Something that can be deployed, set or run."""

    kind: Kind
    name: str
    """As the documentation has to write it in code: backend, timeouts.query, make test."""
    file: str
    """Where it is defined."""


def read_things(root: Path, names: Sequence[str]) -> tuple[Thing, ...]:
    """Return what the files `names` below `root` define, sorted.

    Raises `BrokenInput` for a file that cannot be read.
    """
    return tuple(sorted({thing for name in names for thing in _things(root, name)}))


def make_targets(root: Path) -> frozenset[str]:
    """Return every target of the Makefile, also those that people are not meant to call."""
    makefile = root / "Makefile"
    if not makefile.is_file():
        return frozenset()
    return frozenset(match[1] for match in _TARGET.finditer(makefile.read_text(encoding="utf-8")))


def _things(root: Path, name: str) -> Iterator[Thing]:
    for pattern, read in _READERS.items():
        if fnmatch(name, pattern) and (root / name).is_file():
            try:
                yield from read(name, (root / name).read_text(encoding="utf-8"))
            except (yaml.YAMLError, SyntaxError, UnicodeDecodeError) as error:
                said = " ".join(str(error).split())
                raise BrokenInput(f"{name} cannot be read: {said}.") from error


def _manifest(file: str, text: str) -> Iterator[Thing]:
    for found in yaml.safe_load_all(text):
        if not isinstance(found, dict):
            continue
        if found.get("kind") in _WORKLOADS:
            yield Thing("workload", str(found["metadata"]["name"]), file)
        if found.get("kind") == "ConfigMap":
            keys = found.get("data") or {}
            yield from (Thing("setting", key, file) for key in keys if _VARIABLE.fullmatch(key))


def _settings(file: str, text: str) -> Iterator[Thing]:
    """Yield the fields of the settings; the keys of a table carry its name."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef) and node.name in {"Settings", "Timeouts", "Workloads"}:
            table = "" if node.name == "Settings" else f"{node.name.lower()}."
            for each in node.body:
                if not isinstance(each, ast.AnnAssign) or not isinstance(each.target, ast.Name):
                    continue
                if each.target.id != "root":  # where the settings stand, not one of them
                    yield Thing("setting", f"{table}{each.target.id}", file)


def _environment(file: str, text: str) -> Iterator[Thing]:
    """Yield the environment variables that are read: texts that a call takes from `env`."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        if any(isinstance(each, ast.Name) and each.id == "env" for each in (*node.args, of)):
            for each in node.args:
                if isinstance(each, ast.Constant) and _VARIABLE.fullmatch(str(each.value)):
                    yield Thing("setting", str(each.value), file)


def _makefile(file: str, text: str) -> Iterator[Thing]:
    yield from (Thing("target", f"make {each[1]}", file) for each in _PUBLIC.finditer(text))


_READERS: dict[str, Callable[[str, str], Iterator[Thing]]] = {
    "manifests/*.yaml": _manifest,
    "acceptance/settings.py": _settings,
    "checkout/*/config.py": _environment,
    "Makefile": _makefile,
}
"""By the path of a file, in which * stands for folders too."""
