"""The controls of the security scan on the build server (TASK-002-AC-6)."""

from __future__ import annotations

from controls.control import Control
from controls.sabotages import pipeline as do

_ITEM = "TASK-002-AC-6"
_BLOCKS = "The build server blocks <change>"
_SECRET = (_ITEM, f"{_BLOCKS} [a push with a hard-coded secret]")
_CONTAINER = (_ITEM, f"{_BLOCKS} [a pull request with a privileged container]")
_CODE = (_ITEM, f"{_BLOCKS} [a push with dangerous code]")
_AROUND = (_ITEM, "No change gets around the security scan")

CONTROLS = (
    Control(*_SECRET, do.no_scan_for_secrets, "passes without having looked at secrets"),
    Control(
        *_CONTAINER,
        do.no_scan_of_pull_requests,
        r"Nothing in \.github/workflows/security\.yml runs on pull_request",
    ),
    Control(
        *_CODE,
        do.a_scan_that_decides_nothing,
        r"let \(B602\) in checkout/receipts\.py:5 pass",
    ),
    Control(
        *_CODE,
        do.exceptions_that_grew_old,
        r"blocks the sources as they are: CRITICAL .* expired on 2020-01-31",
    ),
    Control(*_AROUND, do.a_scan_that_may_fail, r"Scan may fail \(continue-on-error\)"),
    Control(*_AROUND, do.no_scan_of_pull_requests, "it does not run on pull_request"),
    Control(*_AROUND, do.a_scan_of_one_branch, "it runs on push with branches only"),
)
