"""Steps about on-call: the page, and whom it reaches."""

from __future__ import annotations

from pytest_bdd import given, then, when

from acceptance.domains.observability import (
    AlertReception,
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
