"""Steps about the programs of the monitoring: that they run, and what they keep when killed."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, then, when

from acceptance.domains.observability import (
    AlertKeeper,
    AlertReception,
    CollectorAbsence,
    CountedVisitors,
    CountedVisits,
    CounterState,
    KeptAlerts,
    KeptTime,
    KeptTimeInspector,
    KilledPrograms,
    LineKeeper,
    MeasurementKeeper,
    Measurements,
    ProgramKiller,
    RefusalCounter,
    RefusedAccount,
    StackInspector,
    StackInventory,
    WritingPod,
)
from acceptance.domains.traffic import BrowserVisitor, SteadyTraffic


@when(
    "the operator compares the monitoring with what the repository has for this cluster",
    target_fixture="stack_inventory",
)
def _(stack_inspector: StackInspector) -> StackInventory:
    return stack_inspector.read_inventory()


@then("every program of the repository runs, with its images and all of its pods")
def _(stack_inspector: StackInspector, stack_inventory: StackInventory) -> None:
    stack_inspector.assert_as_in_repository(stack_inventory)


@then("no other program runs in the namespaces of the monitoring")
def _(stack_inspector: StackInspector, stack_inventory: StackInventory) -> None:
    stack_inspector.assert_nothing_else(stack_inventory)


@then("none of them is being started again")
def _(stack_inspector: StackInspector, stack_inventory: StackInventory) -> None:
    stack_inspector.assert_steady(stack_inventory)


@given("one alert has arrived there, and another one is silenced", target_fixture="kept_alerts")
def _(alert_keeper: AlertKeeper, alert_reception: AlertReception) -> KeptAlerts:
    return alert_keeper.send_alerts(alert_reception)


@given("the operator has noted what Prometheus has measured", target_fixture="measurements")
def _(measurement_keeper: MeasurementKeeper) -> Measurements:
    return measurement_keeper.note_measurements()


@given("visitors make checkouts over and over", target_fixture="counted_visits")
def _(counted_visitors: CountedVisitors, counters: CounterState) -> CountedVisits:
    return counted_visitors.make_checkouts(counters)


@given("an account is refused over and over", target_fixture="refused_account")
def _(refusal_counter: RefusalCounter, alert_reception: AlertReception) -> RefusedAccount:
    return refusal_counter.begin_refusals(alert_reception)


@given("a pod is writing numbered lines", target_fixture="writing_pod")
def _(line_keeper: LineKeeper) -> WritingPod:
    return line_keeper.begin_lines()


@when("each of these programs is killed", target_fixture="killed_programs")
def _(
    program_killer: ProgramKiller, datatable: Sequence[Sequence[str]], traffic: SteadyTraffic
) -> KilledPrograms:
    return program_killer.kill_programs(datatable, traffic)


@then("no visitor waited for Jaeger while it was away")
def _(
    collector_absence: CollectorAbsence, traffic: SteadyTraffic, killed_programs: KilledPrograms
) -> None:
    collector_absence.assert_nobody_waited(
        collector_absence.compare_waits(traffic, killed_programs)
    )


@then("Prometheus has what it had measured before")
def _(
    measurement_keeper: MeasurementKeeper,
    measurements: Measurements,
    killed_programs: KilledPrograms,
) -> None:
    measurement_keeper.assert_measurements_kept(measurements, killed_programs)


@then("Prometheus has counted every checkout and every request for one")
def _(
    counted_visitors: CountedVisitors,
    counted_visits: CountedVisits,
    killed_programs: KilledPrograms,
) -> None:
    sent = counted_visitors.count_visits(counted_visits, killed_programs)
    counted_visitors.assert_requests_counted(sent)
    counted_visitors.assert_checkouts_counted(sent)


@then("the silence still holds, and the alert that had arrived is not sent again")
def _(
    alert_keeper: AlertKeeper,
    alert_reception: AlertReception,
    kept_alerts: KeptAlerts,
    killed_programs: KilledPrograms,
) -> None:
    alert_keeper.assert_alerts_kept(
        alert_keeper.send_again(alert_reception, kept_alerts, killed_programs)
    )


@then("the log store has every line of the pod once")
def _(line_keeper: LineKeeper, writing_pod: WritingPod, killed_programs: KilledPrograms) -> None:
    line_keeper.assert_each_once(line_keeper.find_lines(writing_pod, killed_programs))


@then("every refused request is counted once")
def _(
    refusal_counter: RefusalCounter,
    refused_account: RefusedAccount,
    killed_programs: KilledPrograms,
) -> None:
    refusal_counter.assert_each_counted_once(
        refusal_counter.count_refusals(refused_account, killed_programs)
    )


@then("every program that was scraped is scraped again within three intervals")
def _(program_killer: ProgramKiller, killed_programs: KilledPrograms) -> None:
    program_killer.assert_scraped_again(killed_programs)


@then("a checkout that is made afterwards is one whole trace")
def _(collector_absence: CollectorAbsence, browser_visitor: BrowserVisitor) -> None:
    collector_absence.await_recording()
    collector_absence.assert_traced_again(browser_visitor.complete_checkout("a desktop"))


@when(
    "the operator asks the programs of the monitoring for how long they keep what they have",
    target_fixture="kept_times",
)
def _(kept_time_inspector: KeptTimeInspector) -> tuple[KeptTime, ...]:
    return kept_time_inspector.read_kept_times()


@then("they keep it for so long or longer, and an alert until it is repeated:")
def _(
    kept_time_inspector: KeptTimeInspector,
    kept_times: tuple[KeptTime, ...],
    datatable: Sequence[Sequence[str]],
) -> None:
    kept_time_inspector.assert_kept_long_enough(kept_times, datatable)
