"""Reads what settings are configured to: keys of ConfigMaps and Secrets, variables, defaults."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.domains.documentation.drivers.inventory import VARIABLE
from acceptance.errors import SystemFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_MAKEFILE_VARIABLE = re.compile(r"^([A-Z_]+) *\?= *(.*?) *$", re.MULTILINE)
_MANIFESTS = "manifests/base/*.yaml"
_CODE = "checkout/*/config.py"
_SUITE, _MAKEFILE = "acceptance/settings.py", "Makefile"
_LISTS = ("SECRET_KEYS", "ROTATION_KEYS", "PUBLIC_KEYS")
"""The keys of a ConfigMap that list the keys of the Secret."""
_RANGE = 3
"""A default, the least and the most, after the name in a call."""
_NOBODY = ()


@dataclass(frozen=True)
class ConfiguredSetting:
    """What is configured of a setting; None for what is not known here."""

    name: str
    file: str
    value: str | None = None
    """Of a key of a ConfigMap."""
    default: str | None = None
    """What applies if it is not set; empty if it is required or there is none."""
    least: str | None = None
    most: str | None = None
    used_by: tuple[str, ...] | None = None
    """The workloads that get a key of the Secret."""
    required: bool | None = None
    """Whether a workload does not start without it."""


@dataclass
class _SecretUses:
    workloads: dict[str, set[str]] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)


def read_settings(root: Path, names: Sequence[str]) -> tuple[ConfiguredSetting, ...]:
    """Return what the files `names` below `root` configure.

    Raises `SystemFailure` for one that cannot be read.
    """
    found: list[ConfiguredSetting] = []
    listed: dict[str, str] = {}
    uses = _SecretUses()
    for name in names:
        if not (root / name).is_file():
            continue
        text = (root / name).read_text(encoding="utf-8", errors="replace")
        try:
            if fnmatch(name, _MANIFESTS):
                objects = [each for each in yaml.safe_load_all(text) if isinstance(each, dict)]
                found += _config_map(name, objects, listed)
                _note_uses(objects, uses)
            elif fnmatch(name, _CODE):
                found += _variables(name, ast.parse(text))
            elif name == _SUITE:
                found += _defaults(name, ast.parse(text))
            elif name == _MAKEFILE:
                found += (
                    ConfiguredSetting(variable, name, default=value)
                    for variable, value in _MAKEFILE_VARIABLE.findall(text)
                )
        except (yaml.YAMLError, SyntaxError) as error:
            said = " ".join(str(error).split())
            raise SystemFailure(f"{name} cannot be read: {said}.") from error
    found += [
        ConfiguredSetting(
            key,
            file,
            used_by=tuple(sorted(uses.workloads.get(key, _NOBODY))),
            required=key in uses.required,
        )
        for key, file in listed.items()
    ]
    return tuple(found)


def _config_map(
    file: str, objects: Sequence[dict[str, Any]], listed: dict[str, str]
) -> Iterator[ConfiguredSetting]:
    for each in objects:
        if each.get("kind") != "ConfigMap":
            continue
        for key, value in (each.get("data") or {}).items():
            if VARIABLE.fullmatch(key):
                yield ConfiguredSetting(key, file, value=str(value))
            if key in _LISTS:
                listed |= dict.fromkeys(str(value).split(), file)


def _note_uses(objects: Sequence[dict[str, Any]], uses: _SecretUses) -> None:
    for each in objects:
        spec = ((each.get("spec") or {}).get("template") or {}).get("spec") or {}
        for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
            for variable in container.get("env") or ():
                reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
                if reference:
                    key = str(reference["key"])
                    uses.workloads.setdefault(key, set()).add(each["metadata"]["name"])
                    if not reference.get("optional"):
                        uses.required.add(key)


def _variables(file: str, tree: ast.Module) -> Iterator[ConfiguredSetting]:
    """Yield the variables that code reads from `env`, with default and range where it has them."""
    helpers = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        constants = [each.value for each in node.args if isinstance(each, ast.Constant)]
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        from_env = any(isinstance(each, ast.Name) and each.id == "env" for each in (*node.args, of))
        if not from_env or not constants or not VARIABLE.fullmatch(str(constants[0])):
            continue
        name, *numbers = map(str, constants)
        if len(numbers) == _RANGE:
            default, least, most = numbers
            yield ConfiguredSetting(
                name, file, default=default, least=least, most=most, required=False
            )
        else:
            helper = helpers.get(node.func.id) if isinstance(node.func, ast.Name) else None
            own = _default_within(helper) if helper else ""
            yield ConfiguredSetting(name, file, default=own or None)


def _default_within(helper: ast.FunctionDef) -> str:
    """Return the constant that a function falls back to: `… or "on"`; empty if there is none."""
    for node in ast.walk(helper):
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            last = node.values[-1]
            if isinstance(last, ast.Constant):
                return str(last.value)
    return ""


def _defaults(file: str, tree: ast.Module) -> Iterator[ConfiguredSetting]:
    """Yield the defaults of the suite's own settings, by the key of their table."""
    constants = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    tables = {"_AcceptanceTable": "", "Workloads": "workloads.", "Timeouts": "timeouts."}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef) or node.name not in tables:
            continue
        for each in node.body:
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
                key = f"{tables[node.name]}{each.target.id}"
                yield ConfiguredSetting(key, file, default=_constant(each.value, constants))


def _constant(node: ast.expr | None, constants: dict[str, ast.expr]) -> str | None:
    """Return a default as text, empty for none; None if it is a table or not known."""
    if isinstance(node, ast.Constant):
        return "" if node.value is None else str(node.value)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        values = constants.get(node.value.id)
        first = values.elts[0] if isinstance(values, ast.Tuple) and values.elts else None
        return _constant(first, constants)
    return None
