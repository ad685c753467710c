"""Steps about load and the performance requirements."""

from __future__ import annotations

from pytest_bdd import given, then, when

from acceptance.domains.performance import LoadMeasurement, LoadTester, Performance


@given("the team has stated performance requirements", target_fixture="required")
def _(load_tester: LoadTester) -> Performance:
    return load_tester.read_requirements()


@when("the stated number of visitors uses the system", target_fixture="measured")
def _(load_tester: LoadTester, required: Performance) -> LoadMeasurement:
    return load_tester.measure(required)


@then("the stated number of backend pods served them")
def _(load_tester: LoadTester, measured: LoadMeasurement) -> None:
    load_tester.assert_replicas(measured)


@then("there were enough requests to judge")
def _(load_tester: LoadTester, measured: LoadMeasurement) -> None:
    load_tester.assert_enough_requests(measured)


@then("the 95th percentile of the response times is within its limit")
def _(load_tester: LoadTester, measured: LoadMeasurement) -> None:
    load_tester.assert_p95(measured)


@then("the throughput is at least the required one")
def _(load_tester: LoadTester, measured: LoadMeasurement) -> None:
    load_tester.assert_throughput(measured)


@then("the error rate is within its limit")
def _(load_tester: LoadTester, measured: LoadMeasurement) -> None:
    load_tester.assert_error_rate(measured)
