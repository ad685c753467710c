"""Steps about central logging, of the domain observability."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from acceptance.domains.observability import (
    ContainerLog,
    Deletion,
    LogEntry,
    LogEntryInspector,
    LogOperator,
    LogRetentionTester,
    NumberedLines,
    RequestEntries,
    ShippedLogInspector,
    TroubledLines,
    TroubledLogOperator,
)
from acceptance.domains.traffic import ServedRequest, SteadyTraffic, Visitor


@given("the log store has taken the lines of another pod")
def _(log_operator: LogOperator) -> None:
    log_operator.run_in()


@when("a pod writes 10,000 numbered lines", target_fixture="numbered_lines")
def _(log_operator: LogOperator) -> NumberedLines:
    return log_operator.write_lines()


@when(
    "a pod writes 10,000 numbered lines until its log is rotated", target_fixture="numbered_lines"
)
def _(log_operator: LogOperator) -> NumberedLines:
    return log_operator.write_lines_until_rotation()


@when(
    "a pod writes 10,000 numbered lines and the log shipper is killed meanwhile",
    target_fixture="numbered_lines",
)
def _(log_operator: LogOperator) -> NumberedLines:
    return log_operator.write_lines_and_kill_shipper()


@when(
    parsers.parse("a pod writes 10,000 numbered lines while {trouble}"),
    target_fixture="troubled_lines",
)
def _(
    troubled_log_operator: TroubledLogOperator, traffic: SteadyTraffic, trouble: str
) -> TroubledLines:
    return troubled_log_operator.write_lines_during(trouble, traffic)


@when(
    "a pod writes numbered lines and dies in the middle of another", target_fixture="numbered_lines"
)
def _(log_operator: LogOperator) -> NumberedLines:
    return log_operator.break_off()


@then("the log store has each line once")
def _(log_operator: LogOperator, numbered_lines: NumberedLines) -> None:
    log_operator.assert_each_once(numbered_lines)


@then(parsers.parse("99 % of the lines were found within {seconds:d} seconds"))
def _(log_operator: LogOperator, numbered_lines: NumberedLines, seconds: int) -> None:
    log_operator.assert_found_within(numbered_lines, seconds)


@then("the log store has each of these lines once")
def _(troubled_log_operator: TroubledLogOperator, troubled_lines: TroubledLines) -> None:
    troubled_log_operator.assert_each_once(troubled_lines.lines)


@then(parsers.parse("99 % of these lines were found within {seconds:d} seconds"))
def _(
    troubled_log_operator: TroubledLogOperator, troubled_lines: TroubledLines, seconds: int
) -> None:
    troubled_log_operator.assert_found_within(troubled_lines.lines, seconds)


@then("no visitor waited for the log")
def _(troubled_log_operator: TroubledLogOperator, troubled_lines: TroubledLines) -> None:
    troubled_log_operator.assert_nobody_waited(troubled_lines)


@then("the log store has the beginning of the broken line")
def _(log_operator: LogOperator, numbered_lines: NumberedLines) -> None:
    log_operator.assert_broken_line_kept(numbered_lines)


@given("a visitor was served by a backend pod", target_fixture="served_request")
def _(visitor: Visitor) -> ServedRequest:
    return visitor.visit_with_known_pod()


@when(
    "the operator searches the log store for the id of the request",
    target_fixture="request_entries",
)
def _(log_entry_inspector: LogEntryInspector, served_request: ServedRequest) -> RequestEntries:
    return log_entry_inspector.find_request(served_request)


@then("its only entry is from this pod and has the fields of the pod's own line")
def _(log_entry_inspector: LogEntryInspector, request_entries: RequestEntries) -> None:
    log_entry_inspector.assert_request_entry(request_entries)


@when("a pod writes a stack trace and a long line", target_fixture="log_entries")
def _(log_entry_inspector: LogEntryInspector) -> tuple[LogEntry, ...]:
    return log_entry_inspector.write_trace()


@then("the log store has each of them as one whole entry")
def _(log_entry_inspector: LogEntryInspector, log_entries: tuple[LogEntry, ...]) -> None:
    log_entry_inspector.assert_whole_entries(log_entries)


@when("the operator looks for the last lines of every container", target_fixture="container_logs")
def _(shipped_log_inspector: ShippedLogInspector) -> tuple[ContainerLog, ...]:
    return shipped_log_inspector.compare_every_container()


@then("the log store has a line of each, with the time at which it was written")
def _(shipped_log_inspector: ShippedLogInspector, container_logs: tuple[ContainerLog, ...]) -> None:
    shipped_log_inspector.assert_every_container_shipped(container_logs)


@when(
    "a pod writes 2,000 numbered lines while the log store is away, and is removed when the "
    "shipper is replaced",
    target_fixture="numbered_lines",
)
def _(troubled_log_operator: TroubledLogOperator) -> NumberedLines:
    return troubled_log_operator.write_and_replace_shipper(2000)


@when(
    "the operator runs the deletion of old logs, with logs of 14 and of 15 days ago",
    target_fixture="deletion",
)
def _(log_retention_tester: LogRetentionTester) -> Deletion:
    return log_retention_tester.delete_old_logs(14, 15)


@then("what is more than 14 days old is gone, and nothing else")
def _(log_retention_tester: LogRetentionTester, deletion: Deletion) -> None:
    log_retention_tester.assert_deleted(deletion, 14)


@then("the deletion runs every day")
def _(log_retention_tester: LogRetentionTester, deletion: Deletion) -> None:
    log_retention_tester.assert_deleted_every_day(deletion)
