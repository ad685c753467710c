"""Finds Go, and returns the commands and options that build Go programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure
from acceptance.project import VENV

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ENVIRONMENT = {
    "CGO_ENABLED": "0",  # needs no C compiler, and the result runs on any libc
    "GOFLAGS": "-mod=readonly -trimpath",
    "GOTOOLCHAIN": "local",  # Go must not download a newer version of itself
    "GOWORK": "off",
}
"""The environment of every call of Go."""


def go_program(needed: tuple[int, int], venv: Path = VENV) -> str:
    """Return a Go of at least version `needed`: the machine's, otherwise the one in .venv.

    Raises `EnvironmentFailure` when both are missing or too old.
    """
    bundled = [str(path) for path in venv.glob("lib/python3.*/site-packages/go/bin/go")]
    for program in filter(None, (shutil.which("go"), *bundled)):
        if _version(program) >= needed:
            return program
    wanted = ".".join(map(str, needed))
    message = f"There is no Go {wanted} or newer, not even in .venv. Try: make clean setup"
    raise EnvironmentFailure(message)


def build_options(link_flags: str = "", tags: str = "") -> tuple[str, ...]:
    """Return the options of `go build` that change the programs; `tags` are joined by commas.

    They omit debug information, which saves time. A crash still shows line numbers.
    """
    options = ("-gcflags=all=-dwarf=false", f"-ldflags=-s -w {link_flags}".rstrip())
    return (*options, f"-tags={tags}") if tags else options


def build_command(
    go: str, place: Path, packages: Iterable[str], options: Iterable[str] = ()
) -> list[str | Path]:
    """Return the command by which `go` builds the programs `packages` into the folder `place`."""
    side_by_side = f"-p={os.cpu_count() or 1}"
    return [go, "build", side_by_side, *(options or build_options()), "-o", f"{place}/", *packages]


def build_environment(place: Path) -> dict[str, str]:
    """Return the environment of `go build`, which works in `place`.

    It runs hundreds of short compilers. Each gets one processor, and seldom collects garbage,
    which is faster but takes more memory.
    """
    return ENVIRONMENT | {"GOGC": "400", "GOMAXPROCS": "1", "GOTMPDIR": str(place)}


def packages_compiled(place: Path) -> str:
    """Return in words how many packages `go build` has begun to compile in the folder `place`."""
    count = sum(1 for _ in place.glob("go-build*/b[0-9]*"))
    return f"{count} packages compiled"


def _version(program: str) -> tuple[int, int]:
    asked = subprocess.run(
        [program, "env", "GOVERSION"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={"GOTOOLCHAIN": "local", "HOME": "/", "PATH": "/usr/bin:/bin"},
    )
    found = re.match(r"go(\d+)\.(\d+)", asked.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)
