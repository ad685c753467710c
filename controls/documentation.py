"""Sabotages of what the domain documentation judges: pages, links and the threat model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.documentation.threat_review import PAGE, SHOWN
from controls import edits
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_PROOF = "TASK-002-DOD-2: Slow attackers are cut while visitors are served"
_TABLE = "<!-- table: end -->"
_FEATURES = "features/task_002_security_hardening"


@control(
    "TASK-001-DOD-4",
    "Everything that can be deployed, set and run is documented",
    expects=r"The workload `mailer` \(manifests/base/mailer.yaml\) is named nowhere",
)
def an_undocumented_workload(saboteur: Saboteur) -> None:
    """Deploy one thing more, and write about it nowhere."""
    copy = saboteur.repository()
    manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: mailer\n"
    (copy / "manifests/base/mailer.yaml").write_text(manifest, encoding="utf-8")
    edits.commit(copy, "Send mails")


@control(
    "TASK-001-DOD-4",
    "Everything that can be deployed, set and run is documented",
    expects=r"The setting `FEATURE_FLAG` \(manifests/base/configmap.yaml\) is named nowhere",
)
def an_undocumented_setting(saboteur: Saboteur) -> None:
    """Give the backend a setting that only its author knows."""
    copy = saboteur.repository()
    edits.append(copy / "manifests/base/configmap.yaml", '  FEATURE_FLAG: "on"\n')
    edits.commit(copy, "A flag")


@control(
    "TASK-001-DOD-4",
    "Everything that can be deployed, set and run is documented",
    expects=r"The target `make shine` \(Makefile\) is named nowhere",
)
def an_undocumented_target(saboteur: Saboteur) -> None:
    """Add a make target and tell nobody."""
    copy = saboteur.repository()
    edits.append(copy / "Makefile", "\n.PHONY: shine\nshine: ## Make everything shine\n\t@true\n")
    edits.commit(copy, "Shine")


@control(
    "TASK-001-DOD-4",
    "Every link of the documentation leads somewhere",
    expects=r"docs/README.md:\d+: reference/settings.md: leads to .* which is not there",
)
def a_broken_link(saboteur: Saboteur) -> None:
    """Rename a page, and leave the links to it as they were."""
    copy = saboteur.repository()
    page = copy / "docs/reference/settings.md"
    page.rename(page.with_name("configuration.md"))
    edits.commit(copy, "A better name")


@control(
    "TASK-001-DOD-4",
    "Every link of the documentation leads somewhere",
    expects="leads to #first-run, and CONTRIBUTING.md has no such heading",
)
def a_broken_anchor(saboteur: Saboteur) -> None:
    """Reword a heading that other pages link to."""
    copy = saboteur.repository()
    edits.replace(copy / "CONTRIBUTING.md", "## First run", "## Getting started", once=False)
    edits.commit(copy, "A better heading")


@control(
    "TASK-001-DOD-4",
    "What the documentation tells people to run is there and runs",
    expects=r"\.md:\d+: `--keep-cluster`: pytest has no such option",
)
def a_command_that_is_gone(saboteur: Saboteur) -> None:
    """Rename an option of pytest, and leave the pages as they were."""
    copy = saboteur.repository()
    renamed = '"--leave-cluster", dest="keep_cluster"'
    edits.replace(copy / "fixtures/plugin.py", '"--keep-cluster"', renamed, once=False)
    edits.commit(copy, "A better option")


@control(
    "TASK-001-DOD-4",
    "What the documentation tells people to run is there and runs",
    expects=r"docs/reference/system.md:\d+: sh failed(?s:.*)api\.yaml",
)
def a_command_that_fails(saboteur: Saboteur) -> None:
    """Move what a documented command needs."""
    copy = saboteur.repository()
    edits.replace(
        copy / "manifests/base/kustomization.yaml", "- backend.yaml", "- api.yaml", once=False
    )
    edits.commit(copy, "Half of a rename")


@control(
    "TASK-001-DOD-4",
    "No page is older than what it documents",
    expects=r"docs/reference/system.md was last changed in \w{12}, and what it documents changed later",
)
def a_stale_page(saboteur: Saboteur) -> None:
    """Change what a page documents, and leave the page as it was."""
    copy = saboteur.repository()
    edits.replace(
        copy / "manifests/base/configmap.yaml", "LOG_LEVEL: info", "LOG_LEVEL: debug", once=False
    )
    edits.commit(copy, "Log everything")


@control(
    "TASK-001-DOD-4",
    "No page is older than what it documents",
    expects="docs/how-to/hope.md does not say what it documents",
)
def a_page_about_nothing(saboteur: Saboteur) -> None:
    """Write a page that never says what it documents, so that it can never be out of date."""
    copy = saboteur.repository()
    (copy / "docs/how-to/hope.md").write_text("# Hope\n", encoding="utf-8")
    edits.commit(copy, "Hope")


@control(
    "TASK-002-DOD-4", "Every threat is met by something that is proved", expects="T11 has no proof"
)
def a_threat_without_a_proof(saboteur: Saboteur) -> None:
    """Write down a threat, and nothing that shows that it is met."""
    saboteur.edit(PAGE, f"| {_PROOF} |", "| |")


@control(
    "TASK-002-DOD-4",
    "Every threat is met by something that is proved",
    expects="T11 rests on .*, which is no scenario of",
)
def a_proof_that_is_gone(saboteur: Saboteur) -> None:
    """Rename a scenario, and leave its old name in the threat model."""
    path = f"{_FEATURES}/definition_of_done.feature"
    saboteur.edit(path, "Slow attackers are cut while", "Attackers are cut while")


@control(
    "TASK-002-DOD-4",
    "Every threat is met by something that is proved",
    expects="Nobody thought of spoofing at the boundary B7",
)
def a_boundary_half_looked_at(saboteur: Saboteur) -> None:
    """Draw a new boundary, and think of one kind of threat only."""
    saboteur.edit(
        PAGE, "\n## Threats\n", "| B7 | the team and its phone | nobody |\n\n## Threats\n"
    )


@control(
    "TASK-002-DOD-4",
    "Every threat is met by something that is proved",
    expects="R1 is accepted by nobody",
)
def a_risk_nobody_looks_at_again(saboteur: Saboteur) -> None:
    """Accept a risk, and forget it."""
    saboteur.edit(
        PAGE,
        "for the team's own people only. | Development Team | 2027-05-31",
        "| | 2020-01-31",
    )


@control(
    "TASK-002-DOD-4",
    "Roles and connections are documented as they are proved",
    expects=r"roles\.md is not what is proved",
)
def an_outdated_page(saboteur: Saboteur) -> None:
    """Correct a generated page by hand."""
    saboteur.edit(SHOWN[0], _TABLE, f"| everybody | anything |\n{_TABLE}")


@control(
    "TASK-002-DOD-4",
    "Roles and connections are documented as they are proved",
    expects=r"network\.md shows no table of a scenario",
)
def a_page_of_its_own(saboteur: Saboteur) -> None:
    """Write a page by hand where one is generated."""
    path = saboteur.repository() / SHOWN[1]
    path.write_text("# Who reaches whom\n\nEverybody whom they should.\n", encoding="utf-8")
