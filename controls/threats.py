"""The controls of the security documentation and of the alerting."""

from __future__ import annotations

from controls.control import Control
from controls.sabotages import alerting, threats

_MODEL = ("TASK-002-DOD-4", "Every threat is met by something that is proved")
_PAGES = ("TASK-002-DOD-4", "Roles and connections are documented as they are proved")
_TOLD = ("TASK-002-DOD-6", "Somebody is told of an attack")

CONTROLS = (
    Control(*_MODEL, threats.a_threat_without_a_proof, "T11 has no proof"),
    Control(*_MODEL, threats.a_proof_that_is_gone, "T11 rests on .*, which is no scenario of"),
    Control(
        *_MODEL, threats.a_boundary_half_looked_at, "Nobody thought of spoofing at the boundary B7"
    ),
    Control(*_MODEL, threats.a_risk_nobody_looks_at_again, "R1 is accepted by nobody"),
    Control(*_PAGES, threats.an_outdated_page, r"roles\.md is not what is proved"),
    Control(*_PAGES, threats.a_page_of_its_own, r"network\.md shows no table of a scenario"),
    Control(
        *_TOLD,
        alerting.alerts_about_nothing,
        "None of 0 alerting rules has the category security",
    ),
    Control(*_TOLD, alerting.alerts_for_nobody, "Nobody is told: the receivers are null"),
)
