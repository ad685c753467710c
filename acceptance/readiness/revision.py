"""Finds the commit of a folder, in the form that the reports and the gate use."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

UNKNOWN = "unknown"
"""The word for the commit outside of a repository."""
DIRTY = "-dirty"
"""Marks a commit with uncommitted changes, untracked files included."""

_SECONDS = 10.0


def commit_of(root: Path) -> str:
    """Return the commit of the repository at `root`, marked if there are uncommitted changes."""
    try:
        commit = _git(root, "rev-parse", "HEAD").strip()
        # Untracked files count too, because images and checks use them like the others.
        beside = _git(root, "status", "--porcelain", "--untracked-files=normal")
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN
    return f"{commit}{DIRTY}" if beside else commit


def _git(root: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=True, timeout=_SECONDS
    )
    return done.stdout
