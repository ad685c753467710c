"""Steps about who may ask the programs with metrics, of the domain observability."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, then, when

from acceptance.domains.observability import (
    AskedProgram,
    MetricsClientTester,
    ScrapedImpostor,
    ScrapeImpostorTester,
)


@given("Prometheus knows the programs that it scrapes by their certificates")
def _(metrics_client_tester: MetricsClientTester) -> None:
    metrics_client_tester.require_programs()


@when(
    "each of its clients and several strangers ask every one of them",
    target_fixture="asked_programs",
)
def _(metrics_client_tester: MetricsClientTester) -> Sequence[AskedProgram]:
    return metrics_client_tester.ask_as_everybody()


@then("they answer exactly these:")
def _(
    metrics_client_tester: MetricsClientTester,
    asked_programs: tuple[AskedProgram, ...],
    datatable: Sequence[Sequence[str]],
) -> None:
    metrics_client_tester.assert_answered(asked_programs, datatable)


@given("an impostor of Alertmanager that serves everybody who does not verify its certificate")
def _(scrape_impostor_tester: ScrapeImpostorTester) -> None:
    scrape_impostor_tester.start_impostor()


@when("Prometheus finds the impostor", target_fixture="scraped_impostor")
def _(scrape_impostor_tester: ScrapeImpostorTester) -> ScrapedImpostor:
    return scrape_impostor_tester.watch_impostor()


@then("Prometheus asks the impostor nothing")
def _(scrape_impostor_tester: ScrapeImpostorTester, scraped_impostor: ScrapedImpostor) -> None:
    scrape_impostor_tester.assert_nothing_asked(scraped_impostor)


@then("Prometheus says that the certificate of the impostor is wrong")
def _(scrape_impostor_tester: ScrapeImpostorTester, scraped_impostor: ScrapedImpostor) -> None:
    scrape_impostor_tester.assert_reported_down(scraped_impostor)
