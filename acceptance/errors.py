"""The errors that end a run early, each with its exit code.

A criterion that does not hold is not one of them: it is an `AssertionError` of an actor, becomes
the verdict *unmet*, and ends the run with pytest's own exit code 1. `acceptance.exit_codes` has all
exit codes.
"""

from __future__ import annotations

from typing import ClassVar

from acceptance import exit_codes


class AcceptanceError(Exception):
    """A run that cannot go on; `message` is shown instead of a traceback."""

    exit_code: ClassVar[int] = exit_codes.DEFECT

    def __init__(self, message: str) -> None:
        """Keep `message`: the cause, and the remedy where there is one."""
        super().__init__(message)
        self.message = message


class BrokenInput(AcceptanceError):
    """What the team wrote cannot be used: the tracker, the settings, a manifest (exit code 65)."""

    exit_code: ClassVar[int] = exit_codes.BROKEN_INPUT


class EnvironmentFailure(AcceptanceError):
    """The environment could not be started: cluster, registry, space, rights (exit code 69)."""

    exit_code: ClassVar[int] = exit_codes.NO_ENVIRONMENT


class BuildFailure(EnvironmentFailure):
    """An image or a binary of the environment could not be built (exit code 69)."""


class Interrupted(AcceptanceError):
    """Somebody stopped the run, by Ctrl-C or by a signal (exit code 130)."""

    exit_code: ClassVar[int] = exit_codes.INTERRUPTED
