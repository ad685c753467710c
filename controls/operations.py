"""The controls of TASK-001's Definition of Done, as far as it is about operating the system."""

from __future__ import annotations

from controls.control import Control
from controls.sabotages import criteria
from controls.sabotages import operations as do

_STAGING = "Staging is made from nothing and serves visitors with the release"
_LOAD = "The system performs as required at the stated load"
_METRICS = "The monitoring watches every backend pod"
_LOGS = "A visit is found in the log store"
_PAGE = "The written procedure has what an operator needs at night"
_RESTORE = "The written procedure brings back what was deleted"

CONTROLS = (
    Control("TASK-001-DOD-5", _STAGING, do.staging_without_ingress, "Staging has no ingress"),
    Control("TASK-001-DOD-5", _STAGING, do.a_wrong_route_in_staging, "The service does not answer"),
    Control(
        "TASK-001-DOD-5",
        _STAGING,
        do.another_image_in_staging,
        "staging runs frontend/prepare, which is no part of the release",
    ),
    Control(
        "TASK-001-DOD-6",
        _LOAD,
        criteria.one_backend,
        "1 backend pods serve, and the requirements are for 2",
    ),
    Control("TASK-001-DOD-6", _LOAD, do.a_slow_statement, r"95 of 100 requests took up to \d+ ms"),
    Control(
        "TASK-001-DOD-7",
        _METRICS,
        do.a_prometheus_that_scrapes_nothing,
        r"backend-\S+ is not watched",
    ),
    Control(
        "TASK-001-DOD-7", _METRICS, do.a_prometheus_without_pods, "does not say what it watches"
    ),
    Control("TASK-001-DOD-7", _LOGS, do.a_log_store_without_logs, "has no line of the visit"),
    Control("TASK-001-DOD-8", _PAGE, do.a_page_without_rto, "has no section RTO"),
    Control("TASK-001-DOD-8", _PAGE, do.a_loose_schedule, "cannot keep the loss below the RPO"),
    Control("TASK-001-DOD-8", _PAGE, do.an_old_rehearsal, "The last rehearsal was on 2020-02-29"),
    Control("TASK-001-DOD-8", _RESTORE, do.an_empty_backup, "The backup has no rows of checkouts"),
    Control(
        "TASK-001-DOD-8",
        _RESTORE,
        do.a_restore_that_exchanges_nothing,
        "The checkout is not there any more",
    ),
    Control(
        "TASK-001-DOD-8",
        _RESTORE,
        do.a_restore_that_leaves_copies,
        "The procedure leaves the databases",
    ),
)
