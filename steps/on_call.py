"""Steps about on-call: the pages that somebody follows, and whom alerts reach."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, then, when

from acceptance.domains.observability import (
    AlertPageContentReader,
    AlertPageFollower,
    AlertPageReader,
    AlertPages,
    AlertReception,
    FollowedPages,
    OnCallInspector,
    ReceivedAlert,
    RouteState,
    Runbook,
)


@given("the operator has read the on-call page", target_fixture="on_call_page")
@when("the operator reads the on-call page", target_fixture="on_call_page")
def _(on_call_inspector: OnCallInspector) -> Runbook:
    return on_call_inspector.read_page()


@then("it says everything that somebody on call needs")
def _(on_call_inspector: OnCallInspector, on_call_page: Runbook) -> None:
    on_call_inspector.assert_complete(on_call_page)


@then("every severity of an alert is answered in time")
def _(on_call_inspector: OnCallInspector, on_call_page: Runbook) -> None:
    on_call_inspector.assert_severities_answered(on_call_page)


@when("the operator compares its routes with Alertmanager's", target_fixture="route_state")
def _(on_call_inspector: OnCallInspector, on_call_page: Runbook) -> RouteState:
    return on_call_inspector.read_routes(on_call_page)


@then("Alertmanager sends each alert where the page says")
def _(on_call_inspector: OnCallInspector, route_state: RouteState) -> None:
    on_call_inspector.assert_routes_as_written(route_state)


@then("the page says where every alert goes")
def _(on_call_inspector: OnCallInspector, route_state: RouteState) -> None:
    on_call_inspector.assert_every_alert_written(route_state)


@when("the operator makes the contact check as the page says", target_fixture="contacts")
def _(
    on_call_inspector: OnCallInspector, on_call_page: Runbook, alert_reception: AlertReception
) -> tuple[ReceivedAlert, ...]:
    return on_call_inspector.check_contacts(on_call_page, alert_reception)


@then("it arrives at the receiver of each severity")
def _(on_call_inspector: OnCallInspector, contacts: tuple[ReceivedAlert, ...]) -> None:
    on_call_inspector.assert_contacts_reached(contacts)


@when("the operator reads the page of every alert", target_fixture="alert_pages")
def _(alert_page_reader: AlertPageReader) -> AlertPages:
    return alert_page_reader.read_pages()


@then("each page says everything that somebody on call needs")
def _(alert_page_reader: AlertPageReader, alert_pages: AlertPages) -> None:
    alert_page_reader.assert_pages_complete(alert_pages)


@then("each says how soon somebody answers, as the on-call page does")
def _(alert_page_reader: AlertPageReader, alert_pages: AlertPages) -> None:
    alert_page_reader.assert_escalation_in_time(alert_pages)


@then("each says the thresholds of its alert in production")
def _(alert_page_reader: AlertPageReader, alert_pages: AlertPages) -> None:
    alert_page_reader.assert_numbers_told(alert_pages)


@then("there is no page of an alert that does not exist")
def _(alert_page_reader: AlertPageReader, alert_pages: AlertPages) -> None:
    alert_page_reader.assert_no_other_page(alert_pages)


@then("no two say the same, and each is about its own alert")
def _(alert_page_content_reader: AlertPageContentReader, alert_pages: AlertPages) -> None:
    alert_page_content_reader.assert_meanings_own(alert_pages)


@then("each of their queries selects something")
def _(alert_page_content_reader: AlertPageContentReader, alert_pages: AlertPages) -> None:
    alert_page_content_reader.assert_queries_answered(alert_pages)


@then(
    "these are all alerts, and the page of each is followed below, or it says why not:",
    target_fixture="followed_marks",
)
def _(
    alert_page_reader: AlertPageReader,
    alert_pages: AlertPages,
    datatable: Sequence[Sequence[str]],
) -> Sequence[Sequence[str]]:
    alert_page_reader.assert_all_named(alert_pages, datatable)
    return datatable


@then("the diagnosis of a page that is not followed can be run, and shows something")
def _(
    alert_page_content_reader: AlertPageContentReader,
    alert_pages: AlertPages,
    followed_marks: Sequence[Sequence[str]],
) -> None:
    alert_page_content_reader.assert_diagnoses_work(alert_pages, followed_marks)


@then("no command that is not followed can do harm")
def _(
    alert_page_content_reader: AlertPageContentReader,
    alert_pages: AlertPages,
    followed_marks: Sequence[Sequence[str]],
) -> None:
    alert_page_content_reader.assert_harmless(alert_pages, followed_marks)


@when(
    "each of these causes is brought about, and the page of its alert is followed",
    target_fixture="followed_pages",
)
def _(alert_page_follower: AlertPageFollower, datatable: Sequence[Sequence[str]]) -> FollowedPages:
    return alert_page_follower.follow_pages(datatable)


@then("the diagnosis of each page shows the cause while the alert fires")
def _(alert_page_follower: AlertPageFollower, followed_pages: FollowedPages) -> None:
    alert_page_follower.assert_diagnosed(followed_pages)


@then("the cure of each page ends its alert")
def _(alert_page_follower: AlertPageFollower, followed_pages: FollowedPages) -> None:
    alert_page_follower.assert_cured(followed_pages)


@then("everything else is there and watched as before")
def _(alert_page_follower: AlertPageFollower, followed_pages: FollowedPages) -> None:
    alert_page_follower.assert_nothing_lost(followed_pages)
