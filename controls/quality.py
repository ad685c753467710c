"""The controls of the tests and the security scan in TASK-001's Definition of Done."""

from __future__ import annotations

from controls.control import Control
from controls.sabotages import quality as do

_TESTS = ("TASK-001-DOD-2", "The system's own tests pass now")
_SCAN = ("TASK-001-DOD-3", "A scan of everything that is to be released finds nothing critical")

CONTROLS = (
    Control(
        *_TESTS,
        do.a_failing_test,
        r"1 of \d+ backend unit tests failed, first tests\.test_domain: test_of_a_promise",
    ),
    Control(
        *_TESTS,
        do.integration_switched_off,
        r"No backend integration test was executed: all \d\d+ were skipped",
    ),
    Control(*_TESTS, do.a_suite_without_tests, "No frontend test was executed: there is none"),
    Control(
        *_TESTS,
        do.a_pretended_database,
        "name no PostgreSQL that they ran on: a dictionary in memory",
    ),
    Control(
        *_SCAN,
        do.a_privileged_container,
        r"checkov: Container should not be privileged .* in Deployment\.checkout\.backend",
    ),
    Control(*_SCAN, do.a_committed_secret, r"AWS Access Key\) in deploy\.env:1"),
    Control(*_SCAN, do.dangerous_code, r"shell=True.*checkout_backend/receipts\.py:5"),
    Control(*_SCAN, do.an_outdated_image, r"the security update .* is not installed .*outdated/"),
    Control(*_SCAN, do.an_expired_exception, "The exception for .* expired on 2020-01-31"),
    Control(
        *_SCAN,
        do.a_missing_scanner,
        r"Nobody could look at the deployment \(checkov: checkov is not installed",
        verdict="unverified",
    ),
    Control(
        *_SCAN,
        do.an_image_nobody_has,
        r"Nobody could look at the images \(security updates: localhost/elsewhere:1 is not here",
        verdict="unverified",
    ),
)
