"""The auditor: looks for somebody's approval of every change since the last release."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.domains.delivery.approvals import NOTHING, approval
from acceptance.domains.delivery.drivers.github import github_of
from acceptance.drivers.git import Repository
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, listed, require

if TYPE_CHECKING:
    from acceptance.domains.delivery.approvals import Approval, State


@dataclass(frozen=True)
class Audit:
    """The approvals of the changes since the last release."""

    since: str
    """The release's tag; empty if there was none."""
    head: str
    approvals: tuple[Approval, ...]
    uncommitted: tuple[str, ...]
    shallow: bool

    def having(self, *states: State) -> list[str]:
        """Return each approval in one of these states, in words."""
        return [f"{a.commit}: {a.why}" for a in self.approvals if a.state in states]

    @property
    def missing(self) -> list[str]:
        """Each change without an approval, with more words only where there is more to say."""
        return [
            a.commit if a.why.startswith(NOTHING) else f"{a.commit}: {a.why}"
            for a in self.approvals
            if a.state == "missing"
        ]

    @property
    def range(self) -> str:
        """The range of changes, in words."""
        return f"since {self.since}" if self.since else "ever (no release has a tag)"


class ChangeAuditor(Actor):
    """Somebody who believes no approval that is not written down."""

    def __init__(self, context: ActorContext) -> None:
        """Audit the sources; GitHub is asked too where the environment has a token for it."""
        super().__init__(context)
        limits = self._timeouts
        self._repository = Repository(self.system.sources, timeout=limits.command)
        self._github = github_of(os.environ, timeout=limits.request)

    def audit(self) -> Audit:
        """Look for the approval of every change since the last release.

        Raises `Unverifiable` if there is no history to look at.
        """
        try:
            history = self._repository.history()
        except EnvironmentFailure as error:
            said = error.message.splitlines()
            raise Unverifiable(f"There is no history to look at: {said[0]} {said[-1]}") from error
        hashes = [commit.hash for commit in history.commits]
        answers = self._github.ask(hashes) if self._github else {}
        approvals = [
            approval(
                commit,
                clean_merge=commit.hash in history.clean_merges,
                answer=answers.get(commit.hash),
            )
            for commit in history.commits
        ]
        found = Audit(
            history.release, history.head, tuple(approvals), history.uncommitted, history.shallow
        )
        asked = f"the reviews of {self._github.repository}" if self._github else "nothing"
        shown = {"asked beside the trailers": asked, **asdict(found)}
        self._keep("Approvals of the changes since the last release", pretty(shown))
        return found

    def judge_honest(self, audit: Audit) -> None:
        """No change claims the approval of the person who wrote it, and of nobody else."""
        own = audit.having("self-approved")
        require(not own, f"Approved by its own author only: {listed(own)}.")

    def judge_settled(self, audit: Audit) -> None:
        """Nobody's last word was a request for changes."""
        requested = audit.having("requested")
        require(not requested, f"Not approved, but asked to be changed: {listed(requested)}.")

    def judge_approved(self, audit: Audit) -> None:
        """Every change has an approval; whoever gave it elsewhere can attest it.

        Raises `Unverifiable` if approvals are missing, and if not all changes were looked at.
        """
        if audit.shallow:
            raise Unverifiable(
                "The history was cut off when the repository was cloned, so there may be changes "
                "that nobody looked at. Try: git fetch --unshallow --tags"
            )
        if not audit.approvals:
            raise Unverifiable(f"There is no change since {audit.since}, so no approval to find.")
        unknown = audit.having("unknown")
        if unknown:
            raise Unverifiable(f"Reviews could not be looked at: {listed(unknown)}.")
        missing = audit.missing
        if missing:
            raise Unverifiable(
                f"{len(missing)} of {len(audit.approvals)} changes {audit.range} have no approval: "
                f"{listed(missing)}."
            )
        if audit.uncommitted:
            raise Unverifiable(
                f"Changed and not committed, so approved by nobody: {listed(audit.uncommitted)}."
            )
