"""What goes wrong with security documentation: one function for each mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.documentation.threat_review import PAGE, SHOWN

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_PROOF = "TASK-002-DOD-2: Slow attackers are cut while visitors are served"
_TABLE = "<!-- table: end -->"
_FEATURES = "features/task_002_security_hardening"


def a_threat_without_a_proof(saboteur: Saboteur) -> None:
    """Write down a threat, and nothing that shows that it is met."""
    _rewrite(saboteur, PAGE, f"| {_PROOF} |", "| |")


def a_proof_that_is_gone(saboteur: Saboteur) -> None:
    """Rename a scenario, and leave its old name in the threat model."""
    path = f"{_FEATURES}/definition_of_done.feature"
    _rewrite(saboteur, path, "Slow attackers are cut while", "Attackers are cut while")


def a_boundary_half_looked_at(saboteur: Saboteur) -> None:
    """Draw a new boundary, and think of one kind of threat only."""
    _rewrite(
        saboteur, PAGE, "\n## Threats\n", "| B7 | the team and its phone | nobody |\n\n## Threats\n"
    )


def a_risk_nobody_looks_at_again(saboteur: Saboteur) -> None:
    """Accept a risk, and forget it."""
    _rewrite(
        saboteur,
        PAGE,
        "for the team's own people only. | Development Team | 2027-05-31",
        "| | 2020-01-31",
    )


def an_outdated_page(saboteur: Saboteur) -> None:
    """Correct a generated page by hand."""
    _rewrite(saboteur, SHOWN[0], _TABLE, f"| everybody | anything |\n{_TABLE}")


def a_page_of_its_own(saboteur: Saboteur) -> None:
    """Write a page by hand where one is generated."""
    path = saboteur.repository() / SHOWN[1]
    path.write_text("# Who reaches whom\n\nEverybody whom they should.\n", encoding="utf-8")


def _rewrite(saboteur: Saboteur, page: str, old: str, new: str) -> None:
    path = saboteur.repository() / page
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{page} has {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")
