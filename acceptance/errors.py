"""The errors whose message is for a person, each with its exit code and with who is to blame.

A command ends with the exit code. In a scenario the class decides the verdict: what the system did
wrong is *unmet*, what the environment or the suite did wrong is *unverified* (ADR 33). A criterion
that does not hold is none of them: it is an `AssertionError` of an actor, and *unmet*.
`acceptance.exit_codes` has all exit codes.
"""

from __future__ import annotations

from typing import ClassVar

from acceptance import exit_codes


class AcceptanceError(Exception):
    """What cannot go on; `message` is shown instead of a traceback."""

    exit_code: ClassVar[int] = exit_codes.DEFECT

    def __init__(self, message: str) -> None:
        """Keep `message`: the cause, and the remedy where there is one."""
        super().__init__(message)
        self.message = message


class BrokenInput(AcceptanceError):
    """What the team wrote cannot be used: the tracker, the settings, a manifest (exit code 65)."""

    exit_code: ClassVar[int] = exit_codes.BROKEN_INPUT


class EnvironmentFailure(AcceptanceError):
    """The environment lacks or loses something: cluster, tool, space, rights (exit code 69).

    Never what the system under test can cause.
    """

    exit_code: ClassVar[int] = exit_codes.NO_ENVIRONMENT


class BuildFailure(EnvironmentFailure):
    """An image or a binary of the environment could not be built (exit code 69)."""


class SystemFailure(AcceptanceError):
    """The system under test did not do what a driver asked of it (exit code 1, unmet).

    For drivers, which do not judge: in a scenario it counts as a failed check.
    """

    exit_code: ClassVar[int] = exit_codes.UNMET


class Interrupted(AcceptanceError):
    """Somebody stopped the run, by Ctrl-C or by a signal (exit code 130)."""

    exit_code: ClassVar[int] = exit_codes.INTERRUPTED


def blames_system(error: BaseException) -> bool:
    """Return whether an error is the system's, and not the environment's as well.

    `Inaccessible` is both: where the environment has a part in it, it is to blame.
    """
    return isinstance(error, SystemFailure) and not isinstance(error, EnvironmentFailure)
