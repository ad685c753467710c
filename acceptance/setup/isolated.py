"""Installs tools that need other libraries than the suite, each in its own virtual environment."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from acceptance.build.cache import entry
from acceptance.project import ROOT
from acceptance.setup import python
from acceptance.setup.step import fingerprint, install_with

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("checkov", "probes", "semgrep")
"""Each tool has a folder tools/NAME with a lock, and is installed as .tools/NAME."""

_SOURCES = {"probes": "sslyze"}
"""The package that is published as source only; tools/NAME/build locks its build tools."""
_REMEDIES = (
    "Try: apt-get install python3-venv.",
    "Is the Python package registry reachable? Try: make setup, once it is.",
)
_TIMEOUT_SECONDS = 900.0


def install(name: str) -> None:
    """Install the locked packages of tools/`name` into the cache, and link them as .tools/`name`.

    Its scripts contain an old path: call its Python with `-m` instead.

    Raises `EnvironmentFailure` when the package registry does not have the locked packages.
    """
    lock, link = ROOT / "tools" / name / "requirements.txt", ROOT / ".tools" / name
    builder = lock.parent / "build" / "requirements.txt"
    of_builder = fingerprint(builder, "") if builder.exists() else ""
    built = entry(
        name, fingerprint(lock, sys.version + of_builder)[:16], partial(_build, name, lock)
    )
    link.parent.mkdir(exist_ok=True)
    if not link.is_symlink() or link.readlink() != built:
        link.unlink(missing_ok=True)
        link.symlink_to(built)


def _build(name: str, lock: Path, place: Path) -> None:
    pip: list[str | Path] = [place / "bin" / "python", "-m", "pip", "install", *python.PIP_OPTIONS]
    source = _SOURCES.get(name)
    builder = lock.parent / "build" / "requirements.txt"
    steps: list[tuple[str, list[str | Path]]] = [
        (f"Making the virtual environment of {name}", [sys.executable, "-m", "venv", place]),
        *([(f"Installing the build tools of {source}", [*pip, "-r", builder])] if source else []),
        (
            f"Installing {name} and its packages",
            [
                *pip,
                *([f"--no-binary={source}", "--no-build-isolation"] if source else []),
                *("-r", lock),
            ],
        ),
    ]
    for number, (what, command) in enumerate(steps, start=1):
        install_with(
            f"[{number}/{len(steps)}] {what}",
            command,
            timeout=_TIMEOUT_SECONDS,
            remedy=_REMEDIES[number > 1],
        )
