"""Makes the virtual environment .venv, with the packages of requirements.txt and the project."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import sys
import tomllib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from acceptance.project import ROOT, VENV
from acceptance.setup import host
from acceptance.setup.step import STATE, fingerprint, install_with

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = ROOT / "requirements.txt"

_TIMEOUT_SECONDS = 900.0
_QUIET = ("--no-input", "--disable-pip-version-check", "--progress-bar=off")
PIP_OPTIONS = (
    "--require-hashes",
    "--only-binary=:all:",  # packages must not run code during their installation
    *_QUIET,
)
"""The options by which pip installs locked packages."""

_PROJECT_OPTIONS = (
    "--no-index",  # all packages are installed from the lock, so pip must download nothing
    "--no-deps",
    "--no-build-isolation",
    *_QUIET,
)


def install_venv() -> None:
    """Install Python's venv module, a separate package in Debian, unless it is installed.

    Raises `EnvironmentFailure` when it cannot be installed.
    """
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        host.install_packages([f"python{version}-venv"], "Python's own venv module")


def install() -> None:
    """Make .venv, or update it to requirements.txt and pyproject.toml, if that is necessary.

    A .venv that is a link belongs to another copy of the repository, and so do the commands in it.

    Raises `EnvironmentFailure` when the package registry does not have the locked packages.
    """
    if _up_to_date():
        return
    with _alone():
        if _up_to_date():  # another process did it meanwhile
            return
        if _stamp("requirements") != _packages():
            _install_packages()
        if not VENV.is_symlink():
            _install_project()


def _install_packages() -> None:
    if not _works():
        install_with(
            "Making the virtual environment .venv",
            [sys.executable, "-m", "venv", "--clear", VENV],
            timeout=_TIMEOUT_SECONDS,
            remedy="Try: apt-get install python3-venv.",
        )
    install_with(
        "Installing the Python packages of requirements.txt",
        [VENV / "bin" / "python", "-m", "pip", "install", *PIP_OPTIONS, "-r", LOCK],
        timeout=_TIMEOUT_SECONDS,
        remedy="Is the Python package registry reachable? Try: make setup, once it is.",
    )
    _keep_stamp("requirements", _packages())


def _install_project() -> None:
    """Install the project's commands, such as `.venv/bin/acceptance`, which run from any folder."""
    install_with(
        "Installing the project's own commands",
        [VENV / "bin" / "python", "-m", "pip", "install", *_PROJECT_OPTIONS, "--editable", ROOT],
        timeout=_TIMEOUT_SECONDS,
        remedy="Try: make clean setup.",
    )
    _keep_stamp("project", _project())


def _up_to_date() -> bool:
    if _stamp("requirements") != _packages():
        return False
    return VENV.is_symlink() or _stamp("project") == _project()


def _packages() -> str:
    """Return a hash of the inputs that choose the packages."""
    return fingerprint(LOCK, sys.version)


def _project() -> str:
    """Return a hash of the inputs of the project's installation, without its other settings."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tools = document.get("tool", {})
    parts = [document.get("build-system"), document.get("project"), tools.get("hatch")]
    # The commands contain the path of .venv, so a new or moved .venv needs new commands.
    return fingerprint(json.dumps(parts), str(ROOT), _packages())


def _stamp(name: str) -> str:
    path = VENV / f"{name}.sha256"
    return path.read_text() if path.exists() else ""


def _keep_stamp(name: str, value: str) -> None:
    (VENV / f"{name}.sha256").write_text(value)


def _works() -> bool:
    """Return whether .venv has pip, and belongs to the Python that runs this."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return (VENV / "bin" / version).exists() and (VENV / "bin" / "pip").exists()


@contextmanager
def _alone() -> Iterator[None]:
    STATE.mkdir(exist_ok=True)
    with (STATE / "python.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
