"""Sabotages that the domain documentation must detect: of pages, links and the threat model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.documentation.threat_model_review import PAGE, TABLE_PAGES
from controls import edits
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_PROOF = "TASK-002-DOD-2: Slow connections are closed while visitors are served"
_TABLE = "<!-- table: end -->"
_FEATURES = "features/task_002_security_hardening"
_SETTINGS = "What the documentation says of settings is what is configured"
_THREATS = "Every threat has a mitigation that is proved"
_SYSTEM_PAGE = "docs/reference/system.md"


@control(
    "TASK-001-DOD-4",
    "Everything that can be deployed, set and run is documented",
    expects=r"No page documents the workload `mailer` \(manifests/base/mailer.yaml\)",
)
def an_undocumented_workload(saboteur: Saboteur) -> None:
    """Deploy one more workload, and document it nowhere."""
    copy = saboteur.repository()
    manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: mailer\n"
    (copy / "manifests/base/mailer.yaml").write_text(manifest, encoding="utf-8")
    edits.commit(copy, "Send mails")


@control(
    "TASK-001-DOD-4",
    "Everything that can be deployed, set and run is documented",
    expects=r"No page documents the setting `FEATURE_FLAG` \(manifests/base/configmap.yaml\)",
)
def an_undocumented_setting(saboteur: Saboteur) -> None:
    """Give the backend a setting, and document it nowhere."""
    copy = saboteur.repository()
    edits.append(copy / "manifests/base/configmap.yaml", '  FEATURE_FLAG: "on"\n')
    edits.commit(copy, "A flag")


@control(
    "TASK-001-DOD-4",
    "Everything that can be deployed, set and run is documented",
    expects=r"No page documents the target `make shine` \(Makefile\)",
)
def an_undocumented_target(saboteur: Saboteur) -> None:
    """Add a make target, and document it nowhere."""
    copy = saboteur.repository()
    edits.append(copy / "Makefile", "\n.PHONY: shine\nshine: ## Make everything shine\n\t@true\n")
    edits.commit(copy, "Shine")


@control(
    "TASK-001-DOD-4",
    "No link in the documentation is broken",
    expects=r"docs/README.md:\d+: docs/reference/settings.md: there is no such file",
)
def a_broken_link(saboteur: Saboteur) -> None:
    """Rename a page, and leave the links to it unchanged."""
    copy = saboteur.repository()
    page = copy / "docs/reference/settings.md"
    page.rename(page.with_name("configuration.md"))
    edits.commit(copy, "A better name")


@control(
    "TASK-001-DOD-4",
    "No link in the documentation is broken",
    expects=r"CONTRIBUTING.md#first-run: CONTRIBUTING.md has no such heading",
)
def a_broken_anchor(saboteur: Saboteur) -> None:
    """Reword a heading that other pages link to."""
    copy = saboteur.repository()
    edits.replace(copy / "CONTRIBUTING.md", "## First run", "## Getting started", once=False)
    edits.commit(copy, "A better heading")


@control(
    "TASK-001-DOD-4",
    "What the documentation tells people to run exists and works",
    expects=r"\.md:\d+: `--keep-cluster`: pytest has no such option",
)
def a_renamed_option(saboteur: Saboteur) -> None:
    """Rename an option of pytest, and leave the pages unchanged."""
    copy = saboteur.repository()
    renamed = '"--leave-cluster", dest="keep_cluster"'
    edits.replace(copy / "fixtures/plugin.py", '"--keep-cluster"', renamed, once=False)
    edits.commit(copy, "A better option")


@control(
    "TASK-001-DOD-4",
    "What the documentation tells people to run exists and works",
    expects=r"docs/reference/system.md:\d+: sh failed(?s:.*)api\.yaml",
)
def a_command_that_fails(saboteur: Saboteur) -> None:
    """Rename a file in a kustomization only, so that a documented command fails."""
    copy = saboteur.repository()
    edits.replace(
        copy / "manifests/base/kustomization.yaml", "- backend.yaml", "- api.yaml", once=False
    )
    edits.commit(copy, "Half of a rename")


@control(
    "TASK-001-DOD-4",
    "No page is older than what it documents",
    expects=(
        r"docs/reference/system.md was last changed in \w{12}, "
        "and what it documents changed later"
    ),
)
def a_stale_page(saboteur: Saboteur) -> None:
    """Change what a page documents, and leave the page unchanged."""
    copy = saboteur.repository()
    # Else nothing that changes on the day of the last check counts.
    edits.substitute(copy / "docs/reference/system.md", (r"<!-- checked: .* -->\n", ""))
    edits.commit(copy, "Nobody checked this page")
    edits.replace(
        copy / "manifests/base/configmap.yaml", "LOG_LEVEL: info", "LOG_LEVEL: debug", once=False
    )
    edits.commit(copy, "Log everything")


@control(
    "TASK-001-DOD-4",
    "No page is older than what it documents",
    expects="docs/how-to/hope.md does not say what it documents",
)
def a_page_that_declares_no_subject(saboteur: Saboteur) -> None:
    """Add a page that does not say what it documents, so that it can never be stale."""
    copy = saboteur.repository()
    (copy / "docs/how-to/hope.md").write_text("# Hope\n", encoding="utf-8")
    edits.commit(copy, "Hope")


@control(
    "TASK-002-DOD-4", "Every threat has a mitigation that is proved", expects="T11 has no proof"
)
def a_threat_without_a_proof(saboteur: Saboteur) -> None:
    """List a threat without a proof of its mitigation."""
    saboteur.edit(PAGE, f"| {_PROOF} |", "| |")


@control(
    "TASK-002-DOD-4",
    "Every threat has a mitigation that is proved",
    expects="T11 rests on .*, which is no scenario of",
)
def a_proof_that_was_renamed(saboteur: Saboteur) -> None:
    """Rename a scenario, and leave its old name in the threat model."""
    path = f"{_FEATURES}/definition_of_done.feature"
    saboteur.edit(path, "Slow connections are closed while", "Connections are closed while")


@control(
    "TASK-002-DOD-4",
    "Every threat has a mitigation that is proved",
    expects="No threat of the kind spoofing is listed at the boundary B7",
)
def a_trust_boundary_without_threats(saboteur: Saboteur) -> None:
    """Add a trust boundary, and list no threat at it."""
    saboteur.edit(
        PAGE, "\n## Threats\n", "| B7 | the team and its phone | nobody |\n\n## Threats\n"
    )


@control(
    "TASK-002-DOD-4",
    "Every threat has a mitigation that is proved",
    expects="R1 has no owner",
)
def an_expired_risk_without_owner(saboteur: Saboteur) -> None:
    """Accept a risk without an owner, and let it expire."""
    saboteur.edit(
        PAGE,
        "for the team's own people only. | Development Team | 2027-05-31",
        "| | 2020-01-31",
    )


@control(
    "TASK-002-DOD-4",
    "Documented roles and connections match what is proved",
    expects=r"roles\.md differs from its scenario\'s table",
)
def a_generated_table_edited_by_hand(saboteur: Saboteur) -> None:
    """Add a row to a generated table by hand."""
    saboteur.edit(TABLE_PAGES[0], _TABLE, f"| everybody | anything |\n{_TABLE}")


@control(
    "TASK-002-DOD-4",
    "Documented roles and connections match what is proved",
    expects=r"network\.md shows no scenario\'s table",
)
def a_handwritten_page_in_place_of_a_generated_table(saboteur: Saboteur) -> None:
    """Replace a page that has a generated table by one without it."""
    path = saboteur.repository() / TABLE_PAGES[1]
    path.write_text("# Who reaches whom\n\nEverybody whom they should.\n", encoding="utf-8")


@control(
    "TASK-001-DOD-4",
    _SETTINGS,
    expects="`DATABASE_PASSWORD`: it is said to be used by no longer used; leave it empty",
)
def a_setting_that_is_said_to_be_unused(saboteur: Saboteur) -> None:
    """Say in its row that a password is no longer used."""
    edits.substitute(
        saboteur.repository() / _SYSTEM_PAGE,
        (r"(\| `DATABASE_PASSWORD` \|)[^\n]*", r"\1 no longer used; leave it empty |"),
    )


@control("TASK-001-DOD-4", _SETTINGS, expects="`SIGNING_KEY`: .*no longer needed. is said of it")
def a_sentence_that_misleads(saboteur: Saboteur) -> None:
    """Say in a sentence that a key is no longer needed, and leave the table as it is."""
    page = saboteur.repository() / _SYSTEM_PAGE
    edits.append(page, "\nSince the last release, `SIGNING_KEY` is no longer needed.\n")


@control(
    "TASK-001-DOD-4",
    _SETTINGS,
    expects="`DATABASE_POOL_SIZE`: its default is said to be 80, and is 8",
)
def a_default_that_is_another(saboteur: Saboteur) -> None:
    """Write another default than the one in the code."""
    saboteur.edit(_SYSTEM_PAGE, "| `DATABASE_POOL_SIZE` | 8 |", "| `DATABASE_POOL_SIZE` | 80 |")


@control(
    "TASK-001-DOD-4", _SETTINGS, expects=r"docs/reference/logs\.md differs from what is configured"
)
def logs_that_are_kept_shorter(saboteur: Saboteur) -> None:
    """Keep logs for two days, and say fourteen."""
    saboteur.edit("manifests/components/elasticsearch/lifecycle.json", '"14d"', '"2d"')


@control("TASK-002-DOD-4", _THREATS, expects="T01 has no mitigation: .TBD. is left in it")
def a_threat_model_that_is_only_filled_in(saboteur: Saboteur) -> None:
    """Mitigate nothing yet."""
    edits.substitute(
        saboteur.repository() / PAGE,
        (r"(?m)^(\| T\d+ (?:\|[^|]*){3}\|)[^|]*\|", r"\1 TBD |"),
    )


@control("TASK-002-DOD-4", _THREATS, expects=r"T01 has the mitigation that \d+ threats have")
def one_mitigation_for_every_threat(saboteur: Saboteur) -> None:
    """Write one sentence, and copy it into every row."""
    edits.substitute(
        saboteur.repository() / PAGE,
        (r"(?m)^(\| T\d+ (?:\|[^|]*){3}\|)[^|]*\|", r"\1 the usual security measures |"),
    )


@control("TASK-002-DOD-4", _THREATS, expects="the mitigation of T30 repeats the threat")
def a_mitigation_that_repeats_the_threat(saboteur: Saboteur) -> None:
    """Copy a threat into the column of its mitigation."""
    saboteur.edit(
        PAGE,
        "| limits for every container |",
        "| A pod uses up the node's memory or CPU. |",
    )


@control("TASK-002-DOD-4", _THREATS, expects="R2 .* 9999-12-31 is further ahead than a year")
def a_risk_that_is_accepted_for_ever(saboteur: Saboteur) -> None:
    """Accept a risk until a day on which nobody looks at it again."""
    serves = "the system serves the required load. | DevOps/Security Team | "
    saboteur.edit(PAGE, f"{serves}2027-05-31", f"{serves}9999-12-31")


@control("TASK-002-DOD-4", _THREATS, expects="R6 is owned by Risk Committee, a role that nobody")
def a_risk_of_nobody(saboteur: Saboteur) -> None:
    """Let a committee own a risk that does not exist."""
    mirror = "there is no private mirror. | "
    saboteur.edit(PAGE, f"{mirror}DevOps/Security Team", f"{mirror}Risk Committee")
