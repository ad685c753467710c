"""Makes copies of the repository, for changes that must not get into the original."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.process import run

if TYPE_CHECKING:
    from pathlib import Path

INSTALLED = (".venv", ".tools", "checkout/frontend/node_modules", "tools/allure/node_modules")
"""What set-up installs beside the committed files."""

_AUTHOR = ("-c", "user.name=A developer", "-c", "user.email=developer@checkout.invalid")
_PLAIN = ("-c", "commit.gpgSign=false", "-c", "core.hooksPath=/dev/null")


def copy_repository(root: Path, into: Path, *, timeout: float) -> Path:
    """Return a clone of the repository `root` in the folder `into`.

    It has the committed files; what is installed beside them is shared with the original.
    `timeout` is in seconds.

    Raises `EnvironmentFailure` if `root` is not a repository, or git is missing.
    """
    copy = into / "repository"
    run(["git", "clone", "--quiet", root, copy], timeout=timeout)
    for name in INSTALLED:
        if (root / name).exists():
            (copy / name).symlink_to(root / name)
    return copy


def commit_all(copy: Path, subject: str, *, timeout: float) -> None:
    """Commit all changes in `copy`, with a made-up author; `timeout` is in seconds.

    Raises `EnvironmentFailure` if git refuses, as it does without a change.
    """
    run(["git", "add", "--all"], cwd=copy, timeout=timeout)
    command = ["git", *_AUTHOR, *_PLAIN, "commit", "--quiet", f"--message={subject}"]
    run(command, cwd=copy, timeout=timeout)
