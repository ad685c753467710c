"""Steps about the documentation: its contents, links, commands, staleness, and the threat model."""

from __future__ import annotations

from pytest_bdd import then, when

from acceptance.domains.documentation import (
    DocumentationCoverage,
    DocumentationReviewer,
    MentionReview,
    PageFinding,
    SettingClaims,
    SettingsReviewer,
    Staleness,
    TableComparison,
    ThreatModelFacts,
    ThreatModelReviewer,
)


@when(
    "the reviewer looks up in the documentation what can be deployed, set and run",
    target_fixture="coverage",
)
def _(documentation_reviewer: DocumentationReviewer) -> DocumentationCoverage:
    return documentation_reviewer.look_up_documentables()


@then("every workload is documented")
def _(documentation_reviewer: DocumentationReviewer, coverage: DocumentationCoverage) -> None:
    documentation_reviewer.assert_documented(coverage, "workload")


@then("every setting is documented")
def _(documentation_reviewer: DocumentationReviewer, coverage: DocumentationCoverage) -> None:
    documentation_reviewer.assert_documented(coverage, "setting")


@then("every make target is documented")
def _(documentation_reviewer: DocumentationReviewer, coverage: DocumentationCoverage) -> None:
    documentation_reviewer.assert_documented(coverage, "target")


@when(
    "the reviewer compares what the documentation says of settings with the configuration",
    target_fixture="setting_claims",
)
def _(settings_reviewer: SettingsReviewer) -> SettingClaims:
    return settings_reviewer.compare_settings()


@then("every value, default and user of a setting is told as it is configured")
def _(settings_reviewer: SettingsReviewer, setting_claims: SettingClaims) -> None:
    settings_reviewer.assert_tables_true(setting_claims)


@then("no sentence contradicts the configuration")
def _(settings_reviewer: SettingsReviewer, setting_claims: SettingClaims) -> None:
    settings_reviewer.assert_sentences_true(setting_claims)


@then("every table that is made from the configuration is current")
def _(settings_reviewer: SettingsReviewer, setting_claims: SettingClaims) -> None:
    settings_reviewer.assert_generated_current(setting_claims)


@when("the reviewer follows every link of the documentation", target_fixture="links")
def _(documentation_reviewer: DocumentationReviewer) -> tuple[PageFinding, ...]:
    return documentation_reviewer.check_links()


@then("no link inside the repository is broken")
def _(documentation_reviewer: DocumentationReviewer, links: tuple[PageFinding, ...]) -> None:
    documentation_reviewer.assert_no_broken_link(links)


@when(
    "the reviewer checks the commands and files that the documentation mentions",
    target_fixture="mention_review",
)
def _(documentation_reviewer: DocumentationReviewer) -> MentionReview:
    return documentation_reviewer.check_mentions()


@then("everything that the documentation mentions exists")
def _(documentation_reviewer: DocumentationReviewer, mention_review: MentionReview) -> None:
    documentation_reviewer.assert_mentions_exist(mention_review)


@then("every command that it marks to be run succeeds")
def _(documentation_reviewer: DocumentationReviewer, mention_review: MentionReview) -> None:
    documentation_reviewer.assert_commands_succeed(mention_review)


@when(
    "the reviewer compares each page with the changes of what it documents",
    target_fixture="staleness",
)
def _(documentation_reviewer: DocumentationReviewer) -> tuple[Staleness, ...]:
    return documentation_reviewer.check_staleness()


@then("no page is older than the last change of what it documents")
def _(documentation_reviewer: DocumentationReviewer, staleness: tuple[Staleness, ...]) -> None:
    documentation_reviewer.assert_no_stale_page(staleness)


@when("the security engineer looks up the proof of every threat", target_fixture="threat_model")
def _(threat_model_reviewer: ThreatModelReviewer) -> ThreatModelFacts:
    return threat_model_reviewer.look_up_proofs()


@then("every kind of threat is considered at every trust boundary")
def _(threat_model_reviewer: ThreatModelReviewer, threat_model: ThreatModelFacts) -> None:
    threat_model_reviewer.assert_every_kind_considered(threat_model)


@then("every accepted risk has an owner and ends within a year")
def _(threat_model_reviewer: ThreatModelReviewer, threat_model: ThreatModelFacts) -> None:
    threat_model_reviewer.assert_accepted_risks_current(threat_model)


@then("every threat has a mitigation of its own and a proof that exists")
def _(threat_model_reviewer: ThreatModelReviewer, threat_model: ThreatModelFacts) -> None:
    threat_model_reviewer.assert_every_threat_proved(threat_model)


@then("the item is met only if this run proves every proof")
def _(threat_model_reviewer: ThreatModelReviewer, threat_model: ThreatModelFacts) -> None:
    threat_model_reviewer.rest_on_proofs(threat_model)


@when(
    "the security engineer compares the tables on pages with the tables that are proved",
    target_fixture="compared_tables",
)
def _(threat_model_reviewer: ThreatModelReviewer) -> tuple[TableComparison, ...]:
    return threat_model_reviewer.compare_tables()


@then("every page shows its table as it is proved")
def _(
    threat_model_reviewer: ThreatModelReviewer, compared_tables: tuple[TableComparison, ...]
) -> None:
    threat_model_reviewer.assert_tables_current(compared_tables)
