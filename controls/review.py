"""The controls of TASK-001's Definition of Done: review and documentation."""

from __future__ import annotations

from controls.control import Control
from controls.sabotages import review as do

_APPROVED = "Every change since the last release was approved by somebody else"
_COMPLETE = "Everything that can be deployed, set and run is documented"
_LINKED = "Every link of the documentation leads somewhere"
_TRIED = "What the documentation tells people to run is there and runs"
_CURRENT = "No page is older than what it documents"

CONTROLS = (
    Control(
        "TASK-001-DOD-1",
        _APPROVED,
        do.a_self_approval,
        r'own author only: \w{12} "Quick fix": Reviewed-by: Careless',
    ),
    Control(
        "TASK-001-DOD-1",
        _APPROVED,
        do.requested_changes,
        "asked to be changed: .*bob asked for changes in pull request 7",
    ),
    Control(
        "TASK-001-DOD-4",
        _COMPLETE,
        do.an_undocumented_workload,
        r"The workload `mailer` \(manifests/base/mailer.yaml\) is named nowhere",
    ),
    Control(
        "TASK-001-DOD-4",
        _COMPLETE,
        do.an_undocumented_setting,
        r"The setting `FEATURE_FLAG` \(manifests/base/configmap.yaml\) is named nowhere",
    ),
    Control(
        "TASK-001-DOD-4",
        _COMPLETE,
        do.an_undocumented_target,
        r"The target `make shine` \(Makefile\) is named nowhere",
    ),
    Control(
        "TASK-001-DOD-4",
        _LINKED,
        do.a_broken_link,
        r"docs/README.md:\d+: reference/settings.md: leads to .* which is not there",
    ),
    Control(
        "TASK-001-DOD-4",
        _LINKED,
        do.a_broken_anchor,
        "leads to #first-run, and CONTRIBUTING.md has no such heading",
    ),
    Control(
        "TASK-001-DOD-4",
        _TRIED,
        do.a_command_that_is_gone,
        r"\.md:\d+: `--keep-cluster`: pytest has no such option",
    ),
    Control(
        "TASK-001-DOD-4",
        _TRIED,
        do.a_command_that_fails,
        r"docs/reference/system.md:\d+: sh failed(?s:.*)api\.yaml",
    ),
    Control(
        "TASK-001-DOD-4",
        _CURRENT,
        do.a_stale_page,
        r"docs/reference/system.md was last changed in \w{12}, and what it documents changed later",
    ),
    Control(
        "TASK-001-DOD-4",
        _CURRENT,
        do.a_page_about_nothing,
        "docs/how-to/hope.md does not say what it documents",
    ),
)
