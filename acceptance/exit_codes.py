"""The exit codes of every command and of a run, in one place.

65 and 69 follow `sysexits.h` (EX_DATAERR, EX_UNAVAILABLE), 70 too (EX_SOFTWARE); 130 is what shells
report for SIGINT: 128 plus the number of the signal.
"""

from __future__ import annotations

PASSED = 0
"""Every selected scenario passed or said why it cannot be verified; with a gate: ready."""
UNMET = 1
"""An item is unmet, or a scenario never reported; also pytest's own code for failed tests."""
UNVERIFIED = 10
"""With a gate only: no item is unmet, and at least one is unverified."""
BROKEN_INPUT = 65
"""The tracker, the settings, a manifest or another input cannot be used."""
NO_ENVIRONMENT = 69
"""The environment could not be started, or was lost; no item is reported unmet because of it."""
DEFECT = 70
"""An error in the suite itself; no item is reported unmet because of it."""
INTERRUPTED = 130
"""The run was stopped by Ctrl-C or by a signal; the report is still written."""
