"""Steps about the approval of changes."""

from __future__ import annotations

from pytest_bdd import then, when

from acceptance.domains.delivery.change_review import Audit, ChangeAuditor


@when(
    "the auditor looks for an approval of every change since the last release",
    target_fixture="audit",
)
def _(change_auditor: ChangeAuditor) -> Audit:
    return change_auditor.audit()


@then("no change is approved by its own author only")
def _(change_auditor: ChangeAuditor, audit: Audit) -> None:
    change_auditor.judge_honest(audit)


@then("no change was last asked to be changed")
def _(change_auditor: ChangeAuditor, audit: Audit) -> None:
    change_auditor.judge_settled(audit)


@then("every change was approved by somebody who did not make it")
def _(change_auditor: ChangeAuditor, audit: Audit) -> None:
    change_auditor.judge_approved(audit)
