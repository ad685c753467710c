"""Builds the Go programs that check this project, from the modules that tools/*/go.mod pin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from acceptance.build.cache import entry, hash_inputs
from acceptance.build.go import build_command, build_environment, build_options, go_program
from acceptance.errors import BrokenInput
from acceptance.project import ROOT
from acceptance.setup.step import install_with

if TYPE_CHECKING:
    from pathlib import Path

BIN = ROOT / ".tools"
"""Links to the built programs, which are in the cache; git-ignored."""

_TIMEOUT_SECONDS = 900.0


def install() -> None:
    """Build the programs that are not cached, and link all of them into .tools.

    Raises `EnvironmentFailure` if there is no Go or a module cannot be downloaded.
    """
    BIN.mkdir(exist_ok=True)
    for module in sorted(ROOT.glob("tools/*/go.mod")):
        for program in programs_of(module.parent).iterdir():
            link = BIN / program.name
            if not link.is_symlink() or link.readlink() != program:
                link.unlink(missing_ok=True)
                link.symlink_to(program)


def programs_of(folder: Path) -> Path:
    """Return the folder with the programs of the module in `folder`, built unless they are cached.

    Raises `EnvironmentFailure` if there is no Go or the module cannot be downloaded.
    """
    text = (folder / "go.mod").read_text()
    packages = re.findall(r"^tool (\S+)", text, re.MULTILINE)
    version = re.search(r"^go (\d+)\.(\d+)", text, re.MULTILINE)
    if version is None or not packages:
        message = f"{folder / 'go.mod'} must have a go line, and tool lines of one package each."
        raise BrokenInput(message)
    needed = int(version[1]), int(version[2])

    def build(place: Path) -> None:
        install_with(
            f"Building {', '.join(package.rsplit('/', 1)[1] for package in packages)}",
            build_command(go_program(needed), place, packages),
            timeout=_TIMEOUT_SECONDS,
            remedy="Is the Go module proxy reachable? Try: make setup, once it is.",
            env=build_environment(place),
            cwd=folder,
        )

    key = hash_inputs(folder / "go.mod", folder / "go.sum", str(build_options()))
    return entry("tools", key, build)
