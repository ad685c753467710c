"""Steps about the documentation: complete, connected, right and up to date."""

from __future__ import annotations

from pytest_bdd import then, when

from acceptance.domains.documentation.review import Coverage, DocumentationReviewer, Finding, Trial
from acceptance.domains.documentation.staleness import Age


@when(
    "the librarian compares the documentation with what can be deployed, set and run",
    target_fixture="coverage",
)
def _(documentation_reviewer: DocumentationReviewer) -> Coverage:
    return documentation_reviewer.compare_contents()


@then("every workload is documented")
def _(documentation_reviewer: DocumentationReviewer, coverage: Coverage) -> None:
    documentation_reviewer.judge_documented(coverage, "workload")


@then("every setting is documented")
def _(documentation_reviewer: DocumentationReviewer, coverage: Coverage) -> None:
    documentation_reviewer.judge_documented(coverage, "setting")


@then("every make target is documented")
def _(documentation_reviewer: DocumentationReviewer, coverage: Coverage) -> None:
    documentation_reviewer.judge_documented(coverage, "target")


@when("the librarian follows every link of the documentation", target_fixture="links")
def _(documentation_reviewer: DocumentationReviewer) -> tuple[Finding, ...]:
    return documentation_reviewer.follow_links()


@then("every link inside of the repository leads to what is there")
def _(documentation_reviewer: DocumentationReviewer, links: tuple[Finding, ...]) -> None:
    documentation_reviewer.judge_links(links)


@when("the librarian tries what the documentation tells people to run", target_fixture="trial")
def _(documentation_reviewer: DocumentationReviewer) -> Trial:
    return documentation_reviewer.try_commands()


@then("everything that the documentation mentions is there")
def _(documentation_reviewer: DocumentationReviewer, trial: Trial) -> None:
    documentation_reviewer.judge_mentioned(trial)


@then("every command that it marks to be run succeeds")
def _(documentation_reviewer: DocumentationReviewer, trial: Trial) -> None:
    documentation_reviewer.judge_runs(trial)


@when("the librarian compares the age of each page with what it documents", target_fixture="ages")
def _(documentation_reviewer: DocumentationReviewer) -> tuple[Age, ...]:
    return documentation_reviewer.compare_ages()


@then("every page has seen the last change of what it documents")
def _(documentation_reviewer: DocumentationReviewer, ages: tuple[Age, ...]) -> None:
    documentation_reviewer.judge_ages(ages)
