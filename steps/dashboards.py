"""Steps about the dashboards of Grafana."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, then, when

from acceptance.domains.observability import (
    AlertReception,
    BeforeTraffic,
    DashboardOperator,
    DashboardReviewer,
    DashboardsAfterTraffic,
    DeployedDashboards,
    GrafanaOperator,
    PanelRow,
    PanelWatcher,
    ServedState,
    WatchedPanel,
    read_panel_rows,
)


@when(
    "the operator reads the dashboards that Grafana is given", target_fixture="deployed_dashboards"
)
def _(dashboard_operator: DashboardOperator) -> DeployedDashboards:
    return dashboard_operator.read_dashboards()


@then("they are those of the repository")
def _(dashboard_operator: DashboardOperator, deployed_dashboards: DeployedDashboards) -> None:
    dashboard_operator.assert_as_in_repository(deployed_dashboards)


@then("their data source is the Prometheus that watches the system")
def _(dashboard_operator: DashboardOperator, deployed_dashboards: DeployedDashboards) -> None:
    dashboard_operator.assert_data_source(deployed_dashboards)


@then("every panel has a description and thresholds")
def _(dashboard_operator: DashboardOperator, deployed_dashboards: DeployedDashboards) -> None:
    dashboard_operator.assert_panels_complete(deployed_dashboards)


@then("every panel has the unit of what it shows")
def _(dashboard_operator: DashboardOperator, deployed_dashboards: DeployedDashboards) -> None:
    dashboard_operator.assert_units(deployed_dashboards)


@given("these panels count what visitors do", target_fixture="counting_panels")
def _(datatable: Sequence[Sequence[str]]) -> tuple[PanelRow, ...]:
    return read_panel_rows(datatable)


@given("only these other panels may show zero", target_fixture="quiet_panels")
def _(datatable: Sequence[Sequence[str]]) -> tuple[PanelRow, ...]:
    return read_panel_rows(datatable)


@given("the operator has noted what the dashboards count", target_fixture="before_traffic")
def _(dashboard_reviewer: DashboardReviewer) -> BeforeTraffic:
    return dashboard_reviewer.note_before_traffic()


@when(
    "visitors create, read and pay checkouts, make mistakes and meet errors, "
    "a known number of times",
    target_fixture="dashboards_after",
)
def _(
    dashboard_reviewer: DashboardReviewer,
    before_traffic: BeforeTraffic,
    counting_panels: tuple[PanelRow, ...],
) -> DashboardsAfterTraffic:
    return dashboard_reviewer.send_traffic(before_traffic, counting_panels)


@then("every variable lists values, and each of them leads to data")
def _(dashboard_reviewer: DashboardReviewer, dashboards_after: DashboardsAfterTraffic) -> None:
    dashboard_reviewer.assert_variables(dashboards_after)


@then("every query of every panel has an answer")
def _(dashboard_reviewer: DashboardReviewer, dashboards_after: DashboardsAfterTraffic) -> None:
    dashboard_reviewer.assert_answers(dashboards_after)


@then("these panels have counted exactly what the visitors did")
def _(
    dashboard_reviewer: DashboardReviewer,
    dashboards_after: DashboardsAfterTraffic,
    counting_panels: tuple[PanelRow, ...],
) -> None:
    dashboard_reviewer.assert_counted(dashboards_after, counting_panels)


@then("no other panel shows zero")
def _(
    dashboard_reviewer: DashboardReviewer,
    dashboards_after: DashboardsAfterTraffic,
    counting_panels: tuple[PanelRow, ...],
    quiet_panels: tuple[PanelRow, ...],
) -> None:
    dashboard_reviewer.assert_nothing_else_zero(dashboards_after, counting_panels, quiet_panels)


@when("each of these things is wrong for a while", target_fixture="watched_panels")
def _(
    panel_watcher: PanelWatcher,
    alert_reception: AlertReception,
    datatable: Sequence[Sequence[str]],
) -> tuple[WatchedPanel, ...]:
    return panel_watcher.watch_panels(alert_reception, read_panel_rows(datatable))


@then("its panel rises meanwhile")
def _(panel_watcher: PanelWatcher, watched_panels: tuple[WatchedPanel, ...]) -> None:
    panel_watcher.assert_risen(watched_panels)


@when("the operator asks Grafana for its dashboards", target_fixture="served_state")
def _(grafana_operator: GrafanaOperator) -> ServedState:
    return grafana_operator.read_served()


@then("Grafana serves every deployed dashboard as it is deployed")
def _(grafana_operator: GrafanaOperator, served_state: ServedState) -> None:
    grafana_operator.assert_served(served_state)


@then("Grafana reaches the Prometheus that watches the system")
def _(grafana_operator: GrafanaOperator, served_state: ServedState) -> None:
    grafana_operator.assert_source_answers(served_state)
