"""How a change comes to GitHub: what an event tells about it, and the commit that carries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.drivers.repository_copies import commit_all, switch_to

if TYPE_CHECKING:
    from pathlib import Path

_LABELS = ("dependencies", "documentation", "emergency", "hotfix", "skip-scan", "skip-security")
_BASE = "main"
REPOSITORY = "team/checkout"
"""The name of the repository on GitHub, as far as workflows are told."""


@dataclass(frozen=True)
class Proposal:
    """A change as it is offered, without its content."""

    event: str = "push"
    """The event by which GitHub starts workflows."""
    ref: str = "refs/heads/search"
    """The branch or tag that is pushed; a pull request is made from a branch of this name."""
    subject: str = "Add a search"
    actor: str = "developer"
    """Who commits and offers it."""
    path: str = "checkout/search.txt"
    """The only file that it changes; empty if the change has its own."""
    kind: str = ""
    """Of a pull request: draft, fork or labelled."""
    before: str = ""
    """The commit that the branch had before the push, or that a pull request is compared with."""

    def __str__(self) -> str:
        """Name what distinguishes it."""
        return f'"{self.subject}" by {self.actor} on {self.name}'

    @property
    def name(self) -> str:
        """The name of the branch or tag."""
        return self.ref.split("/", 2)[2]

    def commit(self, copy: Path, *, base: str = "HEAD", timeout: float) -> None:
        """Commit all changes of the working tree `copy`, and the offered file, on top of `base`."""
        switch_to(copy, self.name, base, timeout=timeout)
        if self.path:
            (copy / self.path).parent.mkdir(parents=True, exist_ok=True)
            (copy / self.path).write_text("Something new.\n", encoding="utf-8")
        tag = self.name if self.ref.startswith("refs/tags/") else ""
        commit_all(copy, self.subject, also=self.path, author=self.actor, tag=tag, timeout=timeout)

    def payload(self) -> dict[str, Any]:
        """Return the parts of GitHub's event payload that a workflow may read."""
        user = {"login": self.actor, "type": "Bot" if self.actor.endswith("[bot]") else "User"}
        whole = {"default_branch": _BASE, "full_name": REPOSITORY, "fork": False}
        common = {"sender": user, "repository": whole}
        if self.event.startswith("pull_request"):
            return {**common, "action": "opened", "number": 7, "pull_request": self._pull(user)}
        if self.event == "merge_group":
            ends = {"head_ref": f"refs/heads/gh-readonly-queue/{_BASE}/pr-7", "base_ref": _BASE}
            return {**common, "action": "checks_requested", "merge_group": ends}
        commit = {
            "message": self.subject,
            "author": {"name": self.actor, "username": self.actor},
            "added": [self.path],
            "modified": [],
            "removed": [],
        }
        pusher = {"name": self.actor}
        return {
            **common,
            "ref": self.ref,
            **({"before": self.before} if self.before else {}),
            "pusher": pusher,
            "head_commit": commit,
            "commits": [commit],
        }

    def _pull(self, user: dict[str, str]) -> dict[str, Any]:
        fork = self.kind == "fork"
        head = {"ref": self.name, "repo": {"fork": fork, "full_name": REPOSITORY}}
        labels = _LABELS if self.kind == "labelled" else ()
        return {
            "number": 7,
            "title": self.subject,
            "body": self.subject,
            "draft": self.kind == "draft",
            "user": user,
            "labels": [{"name": each} for each in labels],
            "author_association": "FIRST_TIME_CONTRIBUTOR" if fork else "MEMBER",
            "head": head,
            "base": {"ref": _BASE, **({"sha": self.before} if self.before else {})},
        }
