"""Steps about alerts: their rules, their way to a receiver, and their end."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, parsers, then, when

from acceptance.domains.observability import (
    AlertFollower,
    AlertListener,
    AlertReception,
    AlertRouter,
    CutWay,
    DeadMansSwitchTester,
    FollowedAlert,
    GroupedAlerts,
    InhibitedAlert,
    InhibitionTester,
    Misdeeds,
    QuietTime,
    RuleInspector,
    RuleSourceInspector,
    RuleState,
    RuleTestInspector,
    RuleTests,
    SecurityAlertTester,
    SilencedAlert,
    SoundSystemWatcher,
    UninhibitedAlert,
    UnitTests,
)


@given("a receiver of this run gets every alert", target_fixture="alert_reception")
def _(alert_listener: AlertListener) -> AlertReception:
    return alert_listener.receive_alerts()


@when("the operator reads the rules of Prometheus", target_fixture="rule_state")
def _(rule_inspector: RuleInspector) -> RuleState:
    return rule_inspector.read_rules()


@then("they are the rules of the repository, and can be evaluated")
def _(rule_inspector: RuleInspector, rule_state: RuleState) -> None:
    rule_inspector.assert_as_declared(rule_state)


@then("rules and routes are what their source gives, for production too")
def _(rule_source_inspector: RuleSourceInspector) -> None:
    rule_source_inspector.assert_rendered()


@then("Alertmanager has the routes of the repository")
def _(rule_source_inspector: RuleSourceInspector) -> None:
    rule_source_inspector.assert_routes_deployed()


@then("an alert fires for every job that finds nothing to scrape")
def _(rule_source_inspector: RuleSourceInspector, rule_state: RuleState) -> None:
    rule_source_inspector.assert_jobs_named(rule_state)


@when("the operator runs the unit tests of the rules", target_fixture="unit_tests")
def _(rule_inspector: RuleInspector) -> UnitTests:
    return rule_inspector.run_unit_tests()


@then("the unit tests of each rule pass")
def _(rule_inspector: RuleInspector, unit_tests: UnitTests) -> None:
    rule_inspector.assert_unit_tests_pass(unit_tests)


@then("each alert says what is wrong, how bad it is, and where to read what to do")
def _(rule_inspector: RuleInspector, rule_state: RuleState) -> None:
    rule_inspector.assert_alerts_explained(rule_state)


@then("each alert that fires is passed on to Alertmanager as it is")
def _(rule_inspector: RuleInspector) -> None:
    rule_inspector.assert_passed_on()


@then("exactly these alerts are critical:")
def _(
    rule_inspector: RuleInspector, rule_state: RuleState, datatable: Sequence[Sequence[str]]
) -> None:
    rule_inspector.assert_critical(rule_state, [name for (name,) in datatable[1:]])


@then("each metric that they read is measured, but for these:")
def _(
    rule_inspector: RuleInspector, rule_state: RuleState, datatable: Sequence[Sequence[str]]
) -> None:
    rule_inspector.assert_measured(rule_state, datatable)


@when(
    "the operator breaks a copy of each critical rule in each of these ways",
    target_fixture="rule_tests",
)
def _(
    rule_test_inspector: RuleTestInspector, datatable: Sequence[Sequence[str]]
) -> tuple[RuleTests, ...]:
    return rule_test_inspector.break_critical_rules([way for (way,) in datatable[1:]])


@then("every critical rule has tests, which pass while it is whole")
def _(rule_test_inspector: RuleTestInspector, rule_tests: tuple[RuleTests, ...]) -> None:
    rule_test_inspector.assert_whole_rules_pass(rule_tests)


@then("they fail, and name the alert, whatever is broken")
def _(rule_test_inspector: RuleTestInspector, rule_tests: tuple[RuleTests, ...]) -> None:
    rule_test_inspector.assert_breakage_noticed(rule_tests)


@when("each of these causes is brought about and cured", target_fixture="followed_alerts")
def _(
    alert_follower: AlertFollower,
    alert_reception: AlertReception,
    datatable: Sequence[Sequence[str]],
) -> tuple[FollowedAlert, ...]:
    return alert_follower.follow_critical_alerts(alert_reception, datatable)


@then("each alert arrived at its receivers and at no others")
def _(alert_follower: AlertFollower, followed_alerts: tuple[FollowedAlert, ...]) -> None:
    alert_follower.assert_arrived_at_receivers(followed_alerts)


@then("each alert arrived as soon as its rule and its route allow")
def _(alert_follower: AlertFollower, followed_alerts: tuple[FollowedAlert, ...]) -> None:
    alert_follower.assert_arrived_in_time(followed_alerts)


@then("its receivers were told when it was cured")
def _(alert_follower: AlertFollower, followed_alerts: tuple[FollowedAlert, ...]) -> None:
    alert_follower.assert_ended_after_cure(followed_alerts)


@when("visitors use the sound system", target_fixture="quiet_time")
def _(sound_system_watcher: SoundSystemWatcher, alert_reception: AlertReception) -> QuietTime:
    return sound_system_watcher.watch_sound_system(alert_reception)


@then("nothing but the dead man's switch fires or arrives")
def _(sound_system_watcher: SoundSystemWatcher, quiet_time: QuietTime) -> None:
    sound_system_watcher.assert_quiet(quiet_time)


@when("three alerts of one group are sent at once", target_fixture="grouped_alerts")
def _(alert_router: AlertRouter, alert_reception: AlertReception) -> GroupedAlerts:
    return alert_router.send_group(alert_reception)


@then("they arrive in one notification")
def _(alert_router: AlertRouter, grouped_alerts: GroupedAlerts) -> None:
    alert_router.assert_one_notification(grouped_alerts)


@given("these alerts keep others quiet", target_fixture="inhibitions")
def _(datatable: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    return datatable


@when("the first alert of each row is sent with the second", target_fixture="inhibited_alerts")
def _(
    inhibition_tester: InhibitionTester,
    alert_reception: AlertReception,
    inhibitions: Sequence[Sequence[str]],
) -> tuple[InhibitedAlert, ...]:
    return inhibition_tester.try_inhibitions(alert_reception, inhibitions)


@then("the second arrives only after the end of the first")
def _(inhibition_tester: InhibitionTester, inhibited_alerts: tuple[InhibitedAlert, ...]) -> None:
    inhibition_tester.assert_inhibited(inhibited_alerts)


@then("by the rules of Alertmanager, no other alert can keep one quiet")
def _(inhibition_tester: InhibitionTester, inhibitions: Sequence[Sequence[str]]) -> None:
    inhibition_tester.assert_no_others(inhibitions)


@when("the second alert of each row is sent while the first fires", target_fixture="uninhibited")
def _(
    inhibition_tester: InhibitionTester,
    alert_reception: AlertReception,
    datatable: Sequence[Sequence[str]],
) -> tuple[UninhibitedAlert, ...]:
    return inhibition_tester.try_others(alert_reception, datatable)


@then("the second arrives meanwhile")
def _(inhibition_tester: InhibitionTester, uninhibited: tuple[UninhibitedAlert, ...]) -> None:
    inhibition_tester.assert_uninhibited(uninhibited)


@when("the alert of one pod is silenced for a while", target_fixture="silenced_alert")
def _(alert_router: AlertRouter, alert_reception: AlertReception) -> SilencedAlert:
    return alert_router.try_silence(alert_reception)


@then("it arrives only after that, and the alert of another pod at once")
def _(alert_router: AlertRouter, silenced_alert: SilencedAlert) -> None:
    alert_router.assert_silence_holds(silenced_alert)


@when(parsers.parse("for a while {what}"), target_fixture="cut_way")
def _(
    dead_mans_switch_tester: DeadMansSwitchTester, alert_reception: AlertReception, what: str
) -> CutWay:
    return dead_mans_switch_tester.cut(what, alert_reception)


@then("somebody outside is told within two intervals of the last sign of life")
def _(dead_mans_switch_tester: DeadMansSwitchTester, cut_way: CutWay) -> None:
    dead_mans_switch_tester.assert_told_in_time(cut_way)


@then("after the repair there are signs of life again")
def _(dead_mans_switch_tester: DeadMansSwitchTester, cut_way: CutWay) -> None:
    dead_mans_switch_tester.assert_heard_again(cut_way)


@when("these accounts do this", target_fixture="misdeeds")
def _(
    security_alert_tester: SecurityAlertTester,
    alert_reception: AlertReception,
    datatable: Sequence[Sequence[str]],
) -> Misdeeds:
    return security_alert_tester.misbehave(alert_reception, datatable)


@then("the receiver of the security team is told who did what, how often, and when")
def _(security_alert_tester: SecurityAlertTester, misdeeds: Misdeeds) -> None:
    security_alert_tester.assert_told(misdeeds)


@then("it is told nothing of whom has not done it")
def _(security_alert_tester: SecurityAlertTester, misdeeds: Misdeeds) -> None:
    security_alert_tester.assert_nobody_else_accused(misdeeds)


@then("there are security alert rules and each of them works")
def _(security_alert_tester: SecurityAlertTester) -> None:
    security_alert_tester.assert_security_rules_work()
