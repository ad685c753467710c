"""The record of a rotation: each attempt, how it ended and what it wrote."""

from __future__ import annotations

from dataclasses import dataclass

from acceptance.domains.secrets.drivers.rotation_state import AuditLine, read_audit_lines


@dataclass(frozen=True)
class RotationAttempt:
    """One start of the rotation, and its end."""

    stop: str
    """Where it was to be killed; empty if nowhere."""
    code: int | None
    """The exit code, negative for a signal; None for a run of the page to its end."""
    output: str
    failure: str = ""

    @property
    def lines(self) -> tuple[AuditLine, ...]:
        """The lines of the audit that it wrote."""
        return read_audit_lines(self.output)


@dataclass(frozen=True)
class RotationRun:
    """A rotation from its beginning to its end, in one attempt or more."""

    attempts: tuple[RotationAttempt, ...]
    second: RotationAttempt | None = None
    """One that was started while one of the attempts was running."""

    @property
    def lines(self) -> tuple[AuditLine, ...]:
        """The lines of the audit of all attempts, in order."""
        return tuple(line for attempt in self.attempts for line in attempt.lines)

    @property
    def output(self) -> str:
        """All that all of them wrote."""
        every = (*self.attempts, *((self.second,) if self.second else ()))
        return "\n".join(attempt.output for attempt in every)
