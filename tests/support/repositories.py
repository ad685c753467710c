"""Small git repositories, and copies of this one, for the tests that judge a repository."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from acceptance.drivers.git import Repository

ALICE = "Alice <alice@team.example>"
BOB = "Bob <bob@team.example>"


@dataclass
class Kept:
    """The evidence that an actor leaves."""

    titles: dict[str, str] = field(default_factory=dict)

    def __call__(self, title: str, content: str | bytes, kind: str = "json") -> None:
        """Keep it, and see that it is what it says."""
        assert kind == "json"
        json.loads(content)
        self.titles[title] = str(content)


class Workshop:
    """A git repository in which commits are made, each a day after the one before."""

    def __init__(self, root: Path) -> None:
        """Begin an empty repository at `root`."""
        self.root = root
        self.day = 1
        self.repository = Repository(root, timeout=30)
        root.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, author: str = ALICE, committer: str = ALICE) -> str:
        """Run git as somebody, at noon of the day."""
        at = f"2026-01-{self.day:02d}T12:00:00Z"
        made = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at, "GIT_CONFIG_GLOBAL": os.devnull}
        for role, person in (("AUTHOR", author), ("COMMITTER", committer)):
            name, _, email = person.partition(" <")
            made |= {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": email.rstrip(">")}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env=os.environ | made,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(
        self, message: str, *trailers: str, author: str = ALICE, committer: str = ALICE
    ) -> str:
        """Commit everything, on the next day; return the commit."""
        self.day += 1
        self.git("add", "--all")
        text = "\n\n".join([message, *(["\n".join(trailers)] if trailers else [])])
        command = ("commit", "--quiet", "--allow-empty", f"--message={text}")
        self.git(*command, author=author, committer=committer)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A repository without a commit."""
    return Workshop(tmp_path / "repository")


@pytest.fixture
def kept() -> Kept:
    """Nothing yet."""
    return Kept()
