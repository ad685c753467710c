"""How Go programs are built: which Go, which options, how its compilers share the machine."""

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
    "CGO_ENABLED": "0",  # no C compiler is needed, and the result runs on any libc
    "GOFLAGS": "-mod=readonly -trimpath",
    "GOTOOLCHAIN": "local",  # a newer Go is never downloaded behind our back
    "GOWORK": "off",
}
"""What every call of Go is given."""


def go_program(needed: tuple[int, int], venv: Path = VENV) -> str:
    """Return a Go of at least version `needed`: the machine's, else the one that .venv brings.

    Raises `EnvironmentFailure` when both are missing or too old.
    """
    bundled = [str(path) for path in venv.glob("lib/python3.*/site-packages/go/bin/go")]
    for program in filter(None, (shutil.which("go"), *bundled)):
        if _version(program) >= needed:
            return program
    wanted = ".".join(map(str, needed))
    message = f"There is no Go {wanted} or newer, not even in .venv. Try: make clean setup"
    raise EnvironmentFailure(message)


def build_options(link_flags: str = "") -> tuple[str, ...]:
    """Return the options of `go build` that the programs depend on.

    Nothing for a debugger is made, which would be left out of the program in the end: that saves
    the compiler time. The lines in a crash's stack stay.
    """
    return "-gcflags=all=-dwarf=false", f"-ldflags=-s -w {link_flags}".rstrip()


def build_command(
    go: str, place: Path, packages: Iterable[str], link_flags: str = ""
) -> list[str | Path]:
    """Return how `go` builds the programs `packages` into the folder `place`."""
    side_by_side = f"-p={os.cpu_count() or 1}"
    return [go, "build", side_by_side, *build_options(link_flags), "-o", f"{place}/", *packages]


def build_environment(place: Path) -> dict[str, str]:
    """Return what `go build` is given: how its compilers use the machine, and `place` to work in.

    There are hundreds of compilers. Each takes memory rather than time to free it, and one
    processor: others are busy on the rest.
    """
    return ENVIRONMENT | {"GOGC": "400", "GOMAXPROCS": "1", "GOTMPDIR": str(place)}


def packages_compiled(place: Path) -> str:
    """Say how many packages `go build` has begun to compile in the folder `place`."""
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
