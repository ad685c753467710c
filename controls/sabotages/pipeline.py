"""What goes wrong with the scan of each change: one function for each mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.delivery.drivers.exceptions import FILE
from acceptance.domains.delivery.pipeline import WORKFLOW
from acceptance.drivers.repository_copies import commit_all

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_SCAN = 'run: make scan ARGS="--sarif=reports/security.sarif"'
_SECONDS = 120.0


def a_scan_that_decides_nothing(saboteur: Saboteur) -> None:
    """Let the workflow go on whatever the scan says, because it is in the way today."""
    _change(saboteur, WORKFLOW, _SCAN, f"{_SCAN} || true")


def a_scan_that_may_fail(saboteur: Saboteur) -> None:
    """The same, by a word of the workflow's own."""
    _change(saboteur, WORKFLOW, _SCAN, f"continue-on-error: true\n        {_SCAN}")


def no_scan_for_secrets(saboteur: Saboteur) -> None:
    """Leave out the slowest scanner."""
    less = "--part=code --part=deployment --sarif"
    _change(saboteur, WORKFLOW, _SCAN, _SCAN.replace("--sarif", less))


def no_scan_of_pull_requests(saboteur: Saboteur) -> None:
    """Scan only what was pushed."""
    _change(saboteur, WORKFLOW, "  pull_request:\n", "")


def a_scan_of_one_branch(saboteur: Saboteur) -> None:
    """Scan only what is merged already."""
    _change(saboteur, WORKFLOW, "  push:\n", "  push:\n    branches: [main]\n")


def exceptions_that_grew_old(saboteur: Saboteur) -> None:
    """Renew no exception before its last day."""
    _change(saboteur, FILE, "expires = 2027-11-30", "expires = 2020-01-31")


def _change(saboteur: Saboteur, name: str, old: str, new: str) -> None:
    """Commit a change of a file in a copy; one that changes nothing is a defect of ours."""
    copy = saboteur.repository()
    text = (copy / name).read_text(encoding="utf-8")
    if old not in text:
        raise ValueError(f"{name} has nothing like {old}")
    (copy / name).write_text(text.replace(old, new), encoding="utf-8")
    commit_all(copy, "Make the build server more pleasant", timeout=_SECONDS)
