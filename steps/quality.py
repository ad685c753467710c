"""Steps about the quality of what is to be released: its tests and its security."""

from __future__ import annotations

from pytest_bdd import then, when

from acceptance.domains.delivery.drivers.suites import SuiteFacts
from acceptance.domains.delivery.scanning import Scans
from acceptance.domains.delivery.security_scan import SecurityScanner
from acceptance.domains.delivery.tester import SuiteTester


@when("the tester runs all tests of the system", target_fixture="suites")
def _(suite_tester: SuiteTester) -> tuple[SuiteFacts, ...]:
    return suite_tester.run_tests()


@then("tests of every kind were executed and none failed")
def _(suite_tester: SuiteTester, suites: tuple[SuiteFacts, ...]) -> None:
    suite_tester.judge_passed(suites)


@then("the integration tests ran against a real database")
def _(suite_tester: SuiteTester, suites: tuple[SuiteFacts, ...]) -> None:
    suite_tester.judge_integrated(suites)


@when("the security engineer has everything scanned that is to be released", target_fixture="scans")
def _(security_scanner: SecurityScanner) -> Scans:
    return security_scanner.scan()


@then("nothing critical was found that no reviewed exception allows")
def _(security_scanner: SecurityScanner, scans: Scans) -> None:
    security_scanner.judge_critical(scans)


@then("the code, the deployment, the files for secrets and the images were really looked at")
def _(security_scanner: SecurityScanner, scans: Scans) -> None:
    security_scanner.judge_thorough(scans)
