"""Audits small repositories, for the tests of the change review."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from acceptance.domains.delivery.change_review import ChangeAudit, ChangeAuditor
from acceptance.judgement import Unverifiable
from acceptance.project import ROOT
from tests.fakes.evidence import RecordedEvidence
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repositories import Workshop


def auditor(root: Path, keep: RecordedEvidence | None = None) -> ChangeAuditor:
    """The auditor of the repository at `root`."""
    system = replace(SYSTEM, repository=str(root))
    return ChangeAuditor(context_of(system, keep=keep or RecordedEvidence()))


def audited(workshop: Workshop) -> ChangeAudit:
    """The audit of the workshop's repository."""
    return auditor(workshop.root).audit()


def states(audit: ChangeAudit) -> list[str]:
    """The state of each commit, the newest first."""
    return [each.state for each in audit.approvals]


def verdict(audit: ChangeAudit) -> str:
    """The verdict of the scenario, by its three checks in their order."""
    judge = auditor(ROOT)
    try:
        judge.assert_no_self_approval(audit)
        judge.assert_no_changes_requested(audit)
        judge.assert_all_approved(audit)
    except AssertionError as error:
        return f"unmet: {error}"
    except Unverifiable as error:
        return f"unverified: {error}"
    return "met"
