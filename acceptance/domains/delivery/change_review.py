"""Looks for an approval of every change since the last release."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.domains.delivery.approvals import NOTHING, approval
from acceptance.domains.delivery.drivers.github import github_from
from acceptance.drivers.git import Repository
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, listed, require

if TYPE_CHECKING:
    from acceptance.domains.delivery.approvals import Approval, ApprovalState


@dataclass(frozen=True)
class ChangeAudit:
    """The approvals of the changes since the last release."""

    since: str
    """The tag of the release; empty if there is none."""
    head: str
    approvals: tuple[Approval, ...]
    uncommitted: tuple[str, ...]
    shallow: bool

    def in_state(self, *states: ApprovalState) -> list[str]:
        """Return each commit in one of these states, with the reason."""
        return [f"{a.commit}: {a.why}" for a in self.approvals if a.state in states]

    @property
    def unapproved(self) -> list[str]:
        """Each commit without an approval, with the reason unless nobody reviewed it."""
        return [
            a.commit if a.why.startswith(NOTHING) else f"{a.commit}: {a.why}"
            for a in self.approvals
            if a.state == "missing"
        ]

    @property
    def range(self) -> str:
        """The range of changes, in words."""
        return f"since {self.since}" if self.since else "in the whole history (no release tag)"


class ChangeAuditor(Actor):
    """Checks that somebody other than its author approved every change."""

    def __init__(self, context: ActorContext) -> None:
        """Audit the sources, and GitHub's reviews if the environment has a token for it."""
        super().__init__(context)
        limits = self._timeouts
        self._repository = Repository(self.system.sources, timeout=limits.command)
        self._github = github_from(os.environ, timeout=limits.request)

    def audit(self) -> ChangeAudit:
        """Look for the approval of every change since the last release.

        Raises `Unverifiable` if there is no git history.
        """
        try:
            history = self._repository.history()
        except EnvironmentFailure as error:
            said = error.message.splitlines()
            raise Unverifiable(f"There is no git history: {said[0]} {said[-1]}") from error
        hashes = [commit.hash for commit in history.commits]
        answers = self._github.reviews_of(hashes) if self._github else {}
        approvals = [
            approval(
                commit,
                clean_merge=commit.hash in history.clean_merges,
                answer=answers.get(commit.hash),
            )
            for commit in history.commits
        ]
        found = ChangeAudit(
            history.release, history.head, tuple(approvals), history.uncommitted, history.shallow
        )
        asked = f"the reviews of {self._github.repository}" if self._github else "nothing"
        shown = {"asked besides the trailers": asked, **asdict(found)}
        self._keep("Approvals of the changes since the last release", pretty(shown))
        return found

    def assert_no_self_approval(self, audit: ChangeAudit) -> None:
        """No change has only the approval of its own author."""
        own = audit.in_state("self-approved")
        require(not own, f"Approved by its own author only: {listed(own)}.")

    def assert_no_changes_requested(self, audit: ChangeAudit) -> None:
        """No reviewer's last decision is a request for changes."""
        requested = audit.in_state("requested")
        require(not requested, f"Changes were requested: {listed(requested)}.")

    def assert_all_approved(self, audit: ChangeAudit) -> None:
        """Every change has an approval.

        Raises `Unverifiable` if one is missing, because it may have been given elsewhere and can be
        attested; and if some changes could not be checked.
        """
        if audit.shallow:
            raise Unverifiable(
                "The repository is a shallow clone, so some changes could not be checked. "
                "Try: git fetch --unshallow --tags"
            )
        if not audit.approvals:
            raise Unverifiable(
                f"There is no change since {audit.since}, so there is no approval to check."
            )
        unknown = audit.in_state("unknown")
        if unknown:
            raise Unverifiable(f"Reviews could not be read: {listed(unknown)}.")
        unapproved = audit.unapproved
        if unapproved:
            raise Unverifiable(
                f"{len(unapproved)} of {len(audit.approvals)} changes {audit.range} have no "
                f"approval: {listed(unapproved)}."
            )
        if audit.uncommitted:
            raise Unverifiable(
                f"Not committed, so approved by nobody: {listed(audit.uncommitted)}."
            )
