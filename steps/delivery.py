"""Steps about delivery: reviews, tests, security scans, the CI workflow and staging."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from acceptance.domains.delivery import (
    Attempt,
    BypassTester,
    ChangeAudit,
    ChangeAuditor,
    PipelineEngineer,
    ProposedChange,
    ScanResult,
    SecurityScanner,
    StagingEnvironment,
    StagingOperator,
    StagingVisit,
    SuiteFacts,
    SuiteTester,
    WorkflowFacts,
)


@when(
    "the auditor looks for an approval of every change since the last release",
    target_fixture="audit",
)
def _(change_auditor: ChangeAuditor) -> ChangeAudit:
    return change_auditor.audit()


@then("no change is approved by its own author only")
def _(change_auditor: ChangeAuditor, audit: ChangeAudit) -> None:
    change_auditor.assert_no_self_approval(audit)


@then("no reviewer's last decision is a request for changes")
def _(change_auditor: ChangeAuditor, audit: ChangeAudit) -> None:
    change_auditor.assert_no_changes_requested(audit)


@then("every change was approved by somebody other than its author")
def _(change_auditor: ChangeAuditor, audit: ChangeAudit) -> None:
    change_auditor.assert_all_approved(audit)


@when("the tester runs all tests of the system", target_fixture="suites")
def _(suite_tester: SuiteTester) -> tuple[SuiteFacts, ...]:
    return suite_tester.run_tests()


@then("no test is missing or skipped without a reviewed exception")
def _(suite_tester: SuiteTester, suites: tuple[SuiteFacts, ...]) -> None:
    suite_tester.assert_none_missing(suites)


@then("tests of every kind ran and none failed")
def _(suite_tester: SuiteTester, suites: tuple[SuiteFacts, ...]) -> None:
    suite_tester.assert_all_passed(suites)


@then("the integration tests ran against a real database")
def _(suite_tester: SuiteTester, suites: tuple[SuiteFacts, ...]) -> None:
    suite_tester.assert_real_database(suites)


@when("the security engineer scans everything in the release", target_fixture="scan_result")
def _(security_scanner: SecurityScanner) -> ScanResult:
    return security_scanner.scan()


@then("every critical finding has a reviewed exception")
def _(security_scanner: SecurityScanner, scan_result: ScanResult) -> None:
    security_scanner.assert_nothing_critical(scan_result)


@then("the code, the deployment, the files for secrets and the images were all scanned")
def _(security_scanner: SecurityScanner, scan_result: ScanResult) -> None:
    security_scanner.assert_every_part_scanned(scan_result)


@given(parsers.parse("the security workflow passes before {change}"))
def _(pipeline_engineer: PipelineEngineer, change: str) -> None:
    pipeline_engineer.assert_passes_unchanged(pipeline_engineer.run_unchanged(change))


@when(parsers.parse("a developer proposes {change}"), target_fixture="proposed")
def _(pipeline_engineer: PipelineEngineer, change: str) -> ProposedChange:
    return pipeline_engineer.propose(change)


@then("the security workflow blocks it")
def _(pipeline_engineer: PipelineEngineer, proposed: ProposedChange) -> None:
    pipeline_engineer.assert_blocked(proposed)


@then("it reports the finding and its place")
def _(pipeline_engineer: PipelineEngineer, proposed: ProposedChange) -> None:
    pipeline_engineer.assert_finding_reported(proposed)


@then("it uploads the finding as SARIF")
def _(pipeline_engineer: PipelineEngineer, proposed: ProposedChange) -> None:
    pipeline_engineer.assert_finding_uploaded(proposed)


@when(
    "the pipeline engineer looks for ways to bypass the security workflow",
    target_fixture="workflow",
)
def _(pipeline_engineer: PipelineEngineer) -> WorkflowFacts:
    return pipeline_engineer.read_workflow()


@then("it runs on every push and every pull request")
def _(pipeline_engineer: PipelineEngineer, workflow: WorkflowFacts) -> None:
    pipeline_engineer.assert_runs_on_every_change(workflow)


@then("none of its steps may fail or be skipped")
def _(pipeline_engineer: PipelineEngineer, workflow: WorkflowFacts) -> None:
    pipeline_engineer.assert_no_step_optional(workflow)


@given("the security workflow blocks a plain change", target_fixture="plain_attempt")
def _(bypass_tester: BypassTester) -> Attempt:
    plain = bypass_tester.offer_plain_change()
    bypass_tester.assert_plain_change_blocked(plain)
    return plain


@when("developers offer changes of every look", target_fixture="attempts")
def _(bypass_tester: BypassTester) -> tuple[Attempt, ...]:
    return bypass_tester.offer_changes()


@then("the security workflow scans and blocks each of them alike")
def _(bypass_tester: BypassTester, attempts: tuple[Attempt, ...], plain_attempt: Attempt) -> None:
    bypass_tester.assert_same_scan(attempts, plain_attempt)


@given("the operator has deployed a new staging environment", target_fixture="staging")
def _(staging_operator: StagingOperator) -> StagingEnvironment:
    return staging_operator.deploy_staging()


@when("a visitor of staging opens the page and pays a checkout", target_fixture="staging_visit")
def _(staging_operator: StagingOperator, staging: StagingEnvironment) -> StagingVisit:
    return staging_operator.visit_staging(staging)


@then("the visitor finds the paid checkout in staging again")
def _(staging_operator: StagingOperator, staging_visit: StagingVisit) -> None:
    staging_operator.assert_checkout_found(staging_visit)


@then("every workload of staging is at full strength")
def _(staging_operator: StagingOperator, staging: StagingEnvironment) -> None:
    staging_operator.assert_full_strength(staging)


@then("staging runs exactly the images of the release")
def _(staging_operator: StagingOperator, staging: StagingEnvironment) -> None:
    staging_operator.assert_release_images(staging)
