"""Steps about the documentation: complete, connected, right and up to date."""

from __future__ import annotations

from pytest_bdd import then, when

from acceptance.domains.documentation.review import Coverage, Finding, Librarian, Trial
from acceptance.domains.documentation.staleness import Age


@when(
    "the librarian compares the documentation with what can be deployed, set and run",
    target_fixture="coverage",
)
def _(librarian: Librarian) -> Coverage:
    return librarian.compare_contents()


@then("every workload is documented")
def _(librarian: Librarian, coverage: Coverage) -> None:
    librarian.judge_documented(coverage, "workload")


@then("every setting is documented")
def _(librarian: Librarian, coverage: Coverage) -> None:
    librarian.judge_documented(coverage, "setting")


@then("every make target is documented")
def _(librarian: Librarian, coverage: Coverage) -> None:
    librarian.judge_documented(coverage, "target")


@when("the librarian follows every link of the documentation", target_fixture="links")
def _(librarian: Librarian) -> tuple[Finding, ...]:
    return librarian.follow_links()


@then("every link inside of the repository leads to what is there")
def _(librarian: Librarian, links: tuple[Finding, ...]) -> None:
    librarian.judge_links(links)


@when("the librarian tries what the documentation tells people to run", target_fixture="trial")
def _(librarian: Librarian) -> Trial:
    return librarian.try_commands()


@then("everything that the documentation mentions is there")
def _(librarian: Librarian, trial: Trial) -> None:
    librarian.judge_mentioned(trial)


@then("every command that it marks to be run succeeds")
def _(librarian: Librarian, trial: Trial) -> None:
    librarian.judge_runs(trial)


@when("the librarian compares the age of each page with what it documents", target_fixture="ages")
def _(librarian: Librarian) -> tuple[Age, ...]:
    return librarian.compare_ages()


@then("every page has seen the last change of what it documents")
def _(librarian: Librarian, ages: tuple[Age, ...]) -> None:
    librarian.judge_ages(ages)
