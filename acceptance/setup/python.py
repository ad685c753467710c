"""The virtual environment .venv, exactly as requirements.txt locks it."""

from __future__ import annotations

import fcntl
import importlib.util
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from acceptance.project import ROOT, VENV
from acceptance.setup import host
from acceptance.setup.step import STATE, fingerprint, install_with

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = ROOT / "requirements.txt"
STAMP = VENV / "requirements.sha256"

_TIMEOUT_SECONDS = 900.0
PIP_OPTIONS = (
    "--require-hashes",
    "--only-binary=:all:",  # no package runs code of its own while it is installed
    "--no-input",
    "--disable-pip-version-check",
    "--progress-bar=off",
)


def install_venv() -> None:
    """Install what makes virtual environments, which Debian has apart; nothing if it is there.

    Raises `EnvironmentFailure` when it cannot be installed.
    """
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        host.install_packages([f"python{version}-venv"], "Python's own venv module")


def install() -> None:
    """Make .venv, or bring it up to date with requirements.txt; nothing to do if it is.

    Raises `EnvironmentFailure` when the package registry does not give what is locked.
    """
    wanted = fingerprint(LOCK, sys.version)
    if _stamp() == wanted:
        _write_command()
        return
    with _alone():
        if _stamp() == wanted:  # another make did it meanwhile
            return
        python = VENV / "bin" / "python"
        if not _works():
            install_with(
                "[1/2] Making the virtual environment .venv",
                [sys.executable, "-m", "venv", "--clear", VENV],
                timeout=_TIMEOUT_SECONDS,
                remedy="Try: apt-get install python3-venv.",
            )
        install_with(
            "[2/2] Installing the Python packages of requirements.txt",
            [python, "-m", "pip", "install", *PIP_OPTIONS, "-r", LOCK],
            timeout=_TIMEOUT_SECONDS,
            remedy="Is the Python package registry reachable? Try: make setup, once it is.",
        )
        _write_command()
        STAMP.write_text(wanted)


def _write_command() -> None:
    """Make `.venv/bin/acceptance`, which runs from any folder."""
    command = VENV / "bin" / "acceptance"
    text = (
        f"#!{VENV / 'bin' / 'python'}\n"
        f"import sys\n\nsys.path.insert(0, {str(ROOT)!r})\n\n"
        "from acceptance.cli.__main__ import main\n\nsys.exit(main())\n"
    )
    if not command.exists() or command.read_text() != text:
        command.write_text(text)
        command.chmod(0o755)


def _stamp() -> str:
    return STAMP.read_text() if STAMP.exists() else ""


def _works() -> bool:
    """Say whether .venv is of the Python that runs this, and has pip."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return (VENV / "bin" / version).exists() and (VENV / "bin" / "pip").exists()


@contextmanager
def _alone() -> Iterator[None]:
    STATE.mkdir(exist_ok=True)
    with (STATE / "python.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
