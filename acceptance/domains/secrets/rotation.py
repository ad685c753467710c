"""Rotates the secrets by the runbook: once to the end, and once killed in every phase."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.secrets.credential_checks import CredentialChecker
from acceptance.domains.secrets.drivers.background import BackgroundProgram
from acceptance.domains.secrets.drivers.rotation_state import (
    PHASES,
    AuditLine,
    read_audit_lines,
    read_pod_phases,
)
from acceptance.domains.secrets.rotation_audit import RotationAuditor
from acceptance.domains.secrets.rotation_run import RotationAttempt, RotationRun
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import require
from acceptance.runbooks.reader import load_runbook
from acceptance.runbooks.runner import open_shell
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.runbooks.runner import RunbookShell

PAGE = "docs/operations/secret-rotation.md"
"""The runbook, in the sources that the system was deployed from."""

_ROTATE, _AUDIT = "rotate", "audit"
"""The marks of the runbook's commands."""
_OVERLAP = "3"
"""Seconds; the runbook says more, for visitors who read slowly."""
_LONG_OVERLAP = "600"
"""Seconds in which a rotation does not end by itself."""
_NO_OVERLAP = "0"
_MIXED = "half of the pods"
"""Where a rotation is killed while some pods have the new values and others the old ones."""
_STOPS = ("offered", "switched", _MIXED, "settled", "retired")
_REFUSED = EnvironmentFailure.exit_code


class RotationOperator(CredentialChecker, RotationAuditor):
    """Rotates the secrets as the runbook says, while visitors are served."""

    _opened: RunbookShell | None = None

    def rotate(self) -> RotationRun:
        """Follow the runbook from beginning to end."""
        attempts = [self._follow(mark) for mark in (_ROTATE, _AUDIT)]
        self._read_secret()
        for attempt in attempts:
            self._keep(
                f"Runbook commands: {attempt.stop}", attempt.output + attempt.failure, "text"
            )
            require(
                not attempt.failure,
                f"The runbook's commands to {attempt.stop} fail: {self._hidden(attempt.failure)}",
            )
        return RotationRun(tuple(attempts))

    def rotate_interrupted(self) -> RotationRun:
        """Rotate, kill the rotation in every phase, and let the last attempt finish.

        In an early phase, a second rotation is started at the same time.
        """
        attempts = [self._interrupt("begun")]
        first = self._start("first", _LONG_OVERLAP)
        self._await(first, lambda: bool(_lines(first)), "the rotation resumes")
        beside = self._start("second")
        self._await(beside, lambda: beside.code is not None, "the second rotation ends")
        second = RotationAttempt("", beside.code, beside.output)
        attempts.append(self._kill("beside a second rotation", first))
        attempts += [self._interrupt(stop) for stop in _STOPS]
        last = self._start("last")
        self._await(last, lambda: last.code is not None, "the rotation ends")
        attempts.append(RotationAttempt("", last.code, last.output))
        self._read_secret()
        kept = [
            {"killed at": each.stop, "exit code": each.code, "output": each.output.splitlines()}
            for each in (*attempts, second)
        ]
        self._keep("Attempts to rotate, and the second rotation at the end", pretty(kept))
        return RotationRun(tuple(attempts), second)

    def assert_resumed(self, rotation: RotationRun) -> None:
        """Each attempt was killed, the next one resumed, and the last one finished."""
        *killed, last = rotation.attempts
        require(killed, "No attempt was killed, so nothing was interrupted.")
        ids = {line.rotation for line in rotation.lines}
        require(len(ids) == 1, f"There were {len(ids)} rotations instead of one that resumed.")
        for attempt in killed:
            require(
                attempt.code is not None and attempt.code < 0,
                f"The rotation ended before it was killed at {attempt.stop}: "
                f"{self._hidden(_tail(attempt.output))}",
            )
        require(last.code == 0, f"The last attempt failed: {self._hidden(_tail(last.output))}")
        first = [attempt.lines[0].event for attempt in rotation.attempts if attempt.lines]
        expected = ["begun", *(["resumed"] * len(killed))]
        require(first == expected, f"The attempts began with {', '.join(first)}.")
        unknown = {line.phase for line in rotation.lines} - set(PHASES)
        require(not unknown, f"The rotation names unknown phases: {', '.join(sorted(unknown))}.")
        order = [PHASES.index(line.phase) for line in rotation.lines]
        require(order == sorted(order), "A later attempt began with an earlier phase.")

    def assert_second_refused(self, rotation: RotationRun) -> None:
        """The rotation that was started beside another one was refused, and did nothing."""
        second = rotation.second
        require(second, "No second rotation was started.")
        assert second is not None
        require(
            second.code == _REFUSED and "under way already" in second.output and not second.lines,
            f"A second rotation was not refused: {self._hidden(_tail(second.output))}",
        )

    def _interrupt(self, stop: str) -> RotationAttempt:
        """Start the rotation and kill it as soon as it has reached `stop`."""
        program = self._start(stop)
        phase = "switched" if stop == _MIXED else stop
        self._await(program, lambda: _reached(program, phase), f"the rotation reaches {phase}")
        if stop == _MIXED:
            self._await(program, self._pods_mixed, "some pods have the new values, others the old")
        return self._kill(stop, program)

    def _kill(self, stop: str, program: BackgroundProgram) -> RotationAttempt:
        program.kill()
        self._read_secret()
        return RotationAttempt(stop, program.code, program.output)

    def _pods_mixed(self) -> bool:
        namespace, backend = self.system.namespace, self.system.workloads.backend
        phases = read_pod_phases(self._cluster, namespace, backend)
        return 0 < phases.count("switched") < len(phases)

    def _start(self, name: str, overlap: str = _OVERLAP) -> BackgroundProgram:
        """Start the runbook's command to rotate, and return while it runs."""
        runbook, shell = load_runbook(self.system.sources, PAGE), self._shell(overlap)
        program = BackgroundProgram(
            shell.command(runbook, _ROTATE),
            cwd=shell.folder,
            env=shell.environment,
            log=shell.scratch / f"{name}.txt",
        )
        self._undo.callback(program.kill)
        return program

    def _await(self, program: BackgroundProgram, done: Callable[[], bool], what: str) -> None:
        """Wait until it is `done` or the program has ended, which the judgement will see."""
        eventually(
            lambda: program.code is not None or done(),
            bool,
            timeout=self._timeouts.rotation,
            what=what,
            describe=lambda _: self._hidden(_tail(program.output)),
        )

    def _follow(self, mark: str) -> RotationAttempt:
        done = self._shell(_OVERLAP).run(load_runbook(self.system.sources, PAGE), mark)
        return RotationAttempt(mark, None, done.output, done.failure)

    def _shell(self, overlap: str) -> RunbookShell:
        """Return a shell in the sources, with the overlap that the runbook asks for in seconds.

        From now on, a rotation that is left unfinished is finished when the scenario ends.
        """
        if self._opened is None:
            scratch = self._undo.enter_context(tempfile.TemporaryDirectory(prefix="rotation-"))
            self._opened = open_shell(
                Path(self.system.kubeconfig),
                self.system.context,
                Path(scratch),
                self.system.sources,
                {"CONTEXT": self.system.context, "NAMESPACE": self.system.namespace},
                timeout=self._timeouts.rotation,
                kubectl_timeout=self._timeouts.command,
            )
            self._undo.callback(self._finish)
        return replace(self._opened, variables={**self._opened.variables, "OVERLAP": overlap})

    def _finish(self) -> None:
        """Finish an interrupted rotation, with the command of this project and not of a copy."""
        if not self._read_secret().under_way:
            return
        root = self._context.settings.root
        shell = replace(self._shell(_NO_OVERLAP), folder=root)
        done = shell.run(load_runbook(root, PAGE), _ROTATE)
        self._read_secret()
        if not done.succeeded:
            self._keep("Why the rotation stays unfinished", self._hidden(done.failure), "text")


def _reached(program: BackgroundProgram, phase: str) -> bool:
    passed = PHASES[PHASES.index(phase) :]
    return any(line.phase in passed for line in _lines(program))


def _lines(program: BackgroundProgram) -> tuple[AuditLine, ...]:
    return read_audit_lines(program.output)


def _tail(text: str) -> str:
    return " ".join(text.splitlines()[-3:]) or "it wrote nothing"
