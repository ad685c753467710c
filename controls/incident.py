"""The controls of the incident response."""

from __future__ import annotations

from controls.control import Control
from controls.sabotages import incident as do

_PAGE = (
    "TASK-002-DOD-5",
    "The written response to an incident has what people need who were never in one",
)
_DRILL = ("TASK-002-DOD-5", "A suspicious pod is contained, its evidence kept, and visitors served")

CONTROLS = (
    Control(*_PAGE, do.nobody_to_speak, "gives nobody the role speaker"),
    Control(*_PAGE, do.a_severity_without_a_time, "has no time to answer for SEV1"),
    Control(*_PAGE, do.an_old_drill, "The last drill was on 2020-02-29"),
    Control(*_DRILL, do.a_quarantine_in_name_only, "The quarantine as written fails"),
    Control(
        *_DRILL,
        do.a_suspect_that_is_deleted,
        r"The revoke as written fails: [\s\S]*pods \S+ not found",
    ),
    Control(*_DRILL, do.evidence_without_its_log, r"the evidence has no log\.txt"),
    Control(*_DRILL, do.evidence_with_secrets, r"processes\.txt holds a secret value"),
    Control(*_DRILL, do.evidence_without_a_seal, r"connections\.txt is not what its hash says"),
)
