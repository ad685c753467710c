"""Sabotages of the pages that somebody on call follows when an alert fires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_PAGES = "docs/operations/alerts"
_READ = "Every alert has a page that says everything"
_PROGRAMS = "The pages about single programs lead to the cause and cure it"
_ACCOUNTS = "The pages about crashes and accounts lead to the cause and cure it"
_SLOWNESS = "The page about slowness leads to the cause and cures it"
_OUTAGES = "The pages about outages lead to the cause and cure it"
_SILENCE = "The page about silence leads to the cause and cures it"


@control("TASK-003-DOD-4", _READ, expects=r"There is no docs/operations/alerts/crash-loop\.md")
def a_page_under_another_name(saboteur: Saboteur) -> None:
    """Rename a page, and leave the address in the alert as it is."""
    page = saboteur.repository() / _PAGES / "crash-loop.md"
    page.rename(page.with_name("crashes.md"))


@control("TASK-003-DOD-4", _READ, expects="is not about BackupUnknown")
def a_page_that_was_copied(saboteur: Saboteur) -> None:
    """Make the page of an alert from that of another one, and adapt only its title."""
    saboteur.edit(f"{_PAGES}/backup-unknown.md", "Alert: `BackupUnknown`", "Alert: `BackupTooOld`")


@control("TASK-003-DOD-4", _OUTAGES, expects="the cure of .*no-ready-backend.* does not end")
def a_cure_for_another_cause(saboteur: Saboteur) -> None:
    """Restart pods in the cure, which starts none where none is wanted."""
    saboteur.edit(
        f"{_PAGES}/no-ready-backend.md",
        'kubectl --namespace "$NAMESPACE" scale deployment/backend --replicas=2',
        'kubectl --namespace "$NAMESPACE" rollout restart deployment/backend',
    )


@control("TASK-003-DOD-4", _SILENCE, expects="the diagnosis of .*dead-mans-switch.* cannot work")
def an_option_that_does_not_exist(saboteur: Saboteur) -> None:
    """Misspell an option of a command whose failure the page takes for an answer."""
    saboteur.edit(
        f"{_PAGES}/dead-mans-switch.md",
        "logs deployment/alertmanager --tail=50",
        "logs deployment/alertmanager --tails=50",
    )


@control("TASK-003-DOD-4", _OUTAGES, expects="the diagnosis of .*database-away.* does not show")
def a_diagnosis_of_another_program(saboteur: Saboteur) -> None:
    """Look at the wrong workload, whose answer is right."""
    saboteur.edit(
        f"{_PAGES}/database-away.md",
        'kubectl --namespace "$NAMESPACE" get statefulset/database\n',
        'kubectl --namespace "$NAMESPACE" get deployment/backend\n',
    )


@control("TASK-003-DOD-4", _PROGRAMS, expects="the cure of .*volume-filling.* does not end")
def a_cure_that_finds_no_file(saboteur: Saboteur) -> None:
    """Look for dumps by the ending that they had in the past."""
    saboteur.edit(f"{_PAGES}/volume-filling.md", "-name '*.dump' -o", "-name '*.sql' -o")


@control("TASK-003-DOD-4", _SLOWNESS, expects="the cure of .*latency-budget-burn.* does not end")
def a_lock_that_is_only_looked_at(saboteur: Saboteur) -> None:
    """List the sessions that hold the lock, and end none of them."""
    saboteur.edit(
        f"{_PAGES}/latency-budget-burn.md",
        "SELECT pid, pg_terminate_backend(pid)\n",
        "SELECT pid, pg_backend_pid()\n",
    )


@control("TASK-003-DOD-4", _ACCOUNTS, expects="the cure of .*secret-read.* does not end")
def a_right_that_is_only_described(saboteur: Saboteur) -> None:
    """Show the binding that lets an account read a Secret, and leave it."""
    saboteur.edit(f"{_PAGES}/secret-read.md", "delete rolebinding", "describe rolebinding")
