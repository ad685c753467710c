"""What git knows of the commit under test: its neighbours, what it changed, and its files."""

from __future__ import annotations

import re
import tempfile
from typing import TYPE_CHECKING

from acceptance.drivers.git import Repository
from acceptance.process import ProgramFailed, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_SECONDS = 120.0
_HASH = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


class History:
    """The history of the repository at `root`; every method raises `EnvironmentFailure`."""

    def __init__(self, root: Path) -> None:
        """Read the repository `root`."""
        self.root = root
        self._repository = Repository(root, timeout=_SECONDS)

    def head(self) -> str:
        """Return the commit under test."""
        return self._repository.head()

    def commit(self, name: object) -> str:
        """Return the commit of a hash or of a full reference; empty if it is not there."""
        if not isinstance(name, str) or not (_HASH.fullmatch(name) or name.startswith("refs/")):
            return ""
        return self._asked("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")

    def parent(self, commit: str) -> str:
        """Return the first parent of a commit; empty if it has none."""
        return self._asked("rev-parse", "--verify", "--quiet", f"{commit}^1")

    def merge_base(self, commit: str) -> str:
        """Return the last commit that HEAD and `commit` have in common; empty if there is none."""
        return self._asked("merge-base", "HEAD", commit)

    def content(self, commit: str, folder: str) -> str:
        """Return git's hash of the content of `folder` in `commit`; empty if it has none."""
        return self._asked("rev-parse", "--verify", "--quiet", f"{commit}:{folder}")

    def changed(self, base: str) -> tuple[str, ...]:
        """Return the files that differ between `base` and HEAD; of a renamed one both names."""
        names = self._repository.git("diff", "--name-only", "-z", "--no-renames", base, "HEAD")
        return tuple(name for name in names.split("\0") if name)

    def uncommitted(self, folder: str) -> tuple[str, ...]:
        """Return the files below `folder` that are new, changed or deleted, and not committed."""
        return tuple(each for each in self._repository.uncommitted() if is_below(each, [folder]))

    def export(self, commit: str, folder: str, into: Path) -> Path | None:
        """Write the files that `commit` has below `folder` into `into`; return the new folder.

        None if it has none. The repository's own index and files stay as they are.
        """
        if not self._repository.git("ls-tree", commit, "--", folder):
            return None
        into = into.resolve()
        with tempfile.TemporaryDirectory(prefix="pipeline-index-") as temporary:
            index = {"GIT_INDEX_FILE": f"{temporary}/index", "GIT_WORK_TREE": str(into)}
            folder_of_git = self._repository.git("rev-parse", "--absolute-git-dir").strip()
            command = ["git", "restore", f"--source={commit}", "--staged", "--worktree"]
            run(
                [*command, "--", folder],
                cwd=into,
                timeout=_SECONDS,
                env={**index, "GIT_DIR": folder_of_git},
            )
        return into / folder

    def _asked(self, *arguments: str) -> str:
        try:
            return self._repository.git(*arguments).strip()
        except ProgramFailed:
            return ""


def is_below(name: str, paths: Sequence[str]) -> bool:
    """Return whether the file `name` is one of `paths`, or in a folder of them."""
    return any(name == path or name.startswith(f"{path}/") for path in paths)


def below(names: Iterable[str], paths: Sequence[str]) -> tuple[str, ...]:
    """Return those of `names` that are one of `paths`, or in a folder of them."""
    return tuple(name for name in names if is_below(name, paths))
