"""Steps about the security documentation: every claim is followed to its proof."""

from __future__ import annotations

from pytest_bdd import then, when

from acceptance.domains.documentation.threat_review import Model, Shown, ThreatModelReviewer


@when("the security engineer follows every threat to its proof", target_fixture="model")
def _(threat_model_reviewer: ThreatModelReviewer) -> Model:
    return threat_model_reviewer.follow_threats()


@then("somebody thought of every kind of threat at every boundary")
def _(threat_model_reviewer: ThreatModelReviewer, model: Model) -> None:
    threat_model_reviewer.judge_complete(model)


@then("every accepted risk has an owner and is not past its day")
def _(threat_model_reviewer: ThreatModelReviewer, model: Model) -> None:
    threat_model_reviewer.judge_accepted(model)


@then("every threat has a mitigation and a proof that exists")
def _(threat_model_reviewer: ThreatModelReviewer, model: Model) -> None:
    threat_model_reviewer.judge_proved(model)


@when(
    "the security engineer compares the pages with the tables that are proved",
    target_fixture="compared",
)
def _(threat_model_reviewer: ThreatModelReviewer) -> tuple[Shown, ...]:
    return threat_model_reviewer.compare_pages()


@then("every page shows its table as it is proved")
def _(threat_model_reviewer: ThreatModelReviewer, compared: tuple[Shown, ...]) -> None:
    threat_model_reviewer.judge_current(compared)
