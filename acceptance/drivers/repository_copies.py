"""Makes copies of the repository, for changes that must not get into the original."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.process import run

if TYPE_CHECKING:
    from pathlib import Path

INSTALLED = (".venv", ".tools", "checkout/frontend/node_modules", "tools/allure/node_modules")
"""What set-up installs beside the committed files."""

_PLAIN = ("-c", "commit.gpgSign=false", "-c", "core.hooksPath=/dev/null")


def copy_repository(root: Path, into: Path, *, newest_only: bool = False, timeout: float) -> Path:
    """Return a clone of the repository `root` in the folder `into`.

    It has the committed files; what is installed beside them is shared with the original. With
    `newest_only` it has no history, as a check-out on GitHub. `timeout` is in seconds.

    Raises `EnvironmentFailure` if `root` is not a repository, or git is missing.
    """
    copy = into / "repository"
    # git makes a shallow clone of an address only, not of a folder.
    source = ["--depth=1", root.resolve().as_uri()] if newest_only else [root]
    run(["git", "clone", "--quiet", *source, copy], timeout=timeout)
    for name in INSTALLED:
        if (root / name).exists():
            (copy / name).symlink_to(root / name)
    return copy


def switch_to(copy: Path, branch: str, base: str, *, timeout: float) -> None:
    """Begin a branch at the commit `base` in `copy`, with the changes that are not committed."""
    run(["git", "checkout", "--quiet", "--no-track", "-B", branch, base], cwd=copy, timeout=timeout)


def commit_all(
    copy: Path,
    subject: str,
    *,
    also: str = "",
    author: str = "A developer",
    tag: str = "",
    timeout: float,
) -> None:
    """Commit all changes in `copy`, by a made-up author; `timeout` is in seconds.

    The file `also` is committed even if git ignores it. `tag` is made anew at this commit.

    Raises `EnvironmentFailure` if git refuses, as it does without a change.
    """
    run(["git", "add", "--all"], cwd=copy, timeout=timeout)
    if also:
        run(["git", "add", "--force", "--", also], cwd=copy, timeout=timeout)
    mail = "developer" if " " in author else author
    person = ("-c", f"user.name={author}", "-c", f"user.email={mail}@checkout.invalid")
    command = ["git", *person, *_PLAIN, "commit", "--quiet", f"--message={subject}"]
    run(command, cwd=copy, timeout=timeout)
    if tag:
        run(["git", "tag", "--force", "--no-sign", tag], cwd=copy, timeout=timeout)
