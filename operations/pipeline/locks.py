"""Checks that every dependency that a part declares is locked."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from pathlib import Path


def unlocked_python(folder: Path, lock: str, declared: str = "") -> list[str]:
    """Return a sentence for each mistake of the lock file `lock` in `folder`.

    `declared` is the file that it locks, if there is one. What pyproject.toml declares counts too.
    """
    path = folder / lock
    if not path.is_file():
        return [f"the lock file {lock} is missing"]
    if declared and not (folder / declared).is_file():
        return [f"{declared} is missing, which declares what {lock} locks"]
    found = []
    versions: dict[str, str] = {}
    for line in _entries(path):
        requirement = _read(line.partition("--hash")[0].strip())
        pinned = [each.version for each in requirement.specifier] if requirement else []
        if requirement is None or len(pinned) != 1 or "==" not in str(requirement.specifier):
            found.append(f"{lock} pins no version: {line.split(' ')[0]}")
            continue
        versions[canonicalize_name(requirement.name)] = pinned[0]
        if "--hash=sha256:" not in line:
            found.append(f"{lock} has no hash for {requirement.name}")
    for line in _declared(folder, declared):
        requirement = _read(line)
        if requirement is None:
            found.append(f"{declared} declares what is no requirement: {line}")
            continue
        version = versions.get(canonicalize_name(requirement.name))
        if version is None:
            found.append(f"{requirement.name} is declared and not in {lock}")
        elif not requirement.specifier.contains(version, prereleases=True):
            found.append(f"{lock} has {requirement.name} {version}, and {line} is declared")
    return found


def unlocked_npm(folder: Path) -> list[str]:
    """Return a sentence for each mistake of package-lock.json in `folder`."""
    path = folder / "package-lock.json"
    if not path.is_file():
        return ["the lock file package-lock.json is missing"]
    try:
        wanted = _dependencies(json.loads((folder / "package.json").read_text(encoding="utf-8")))
        packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
        locked = _dependencies(packages.get("", {}))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return [f"package.json or package-lock.json cannot be read: {error!r}"]
    found = []
    for name, version in wanted.items():
        installed = packages.get(f"node_modules/{name}")
        if installed is None or name not in locked:
            found.append(f"{name} is declared and not in package-lock.json")
        elif locked[name] != version:
            found.append(f"package-lock.json has {name} {locked[name]}, not {version} as declared")
    found += [
        f"package-lock.json has {name}, which is not declared" for name in locked.keys() - wanted
    ]
    found += [
        f"package-lock.json has no hash for {name.removeprefix('node_modules/')}"
        for name, each in packages.items()
        if name and not each.get("link") and not each.get("integrity")
    ]
    return found


def _dependencies(package: dict[str, Any]) -> dict[str, str]:
    kinds = ("dependencies", "devDependencies", "optionalDependencies")
    return {name: version for kind in kinds for name, version in package.get(kind, {}).items()}


def _entries(path: Path) -> list[str]:
    """Return the lines of a lock file, each with the lines that it is continued on."""
    joined = path.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in joined.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _declared(folder: Path, name: str) -> list[str]:
    found = [line.partition(" #")[0].strip() for line in _entries(folder / name)] if name else []
    project = folder / "pyproject.toml"
    if project.is_file():
        read = tomllib.loads(project.read_text(encoding="utf-8")).get("project", {})
        found += read.get("dependencies", [])
    return found


def _read(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None
