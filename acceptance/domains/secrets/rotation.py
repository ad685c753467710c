"""The operator who rotates the secrets: as it is written, and killed half-way again and again."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acceptance.domains.secrets.credential_checks import CredentialChecker
from acceptance.domains.secrets.drivers.background import Background
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import require
from acceptance.runbooks.reader import read_procedure
from acceptance.runbooks.runner import run_script, write_kubeconfig
from acceptance.waiting import eventually
from operations.rotation.state import ANNOTATION, PHASES

PAGE = "docs/operations/secret-rotation.md"
"""Where the procedure is written, in the repository."""

_OVERLAP = "3"
"""Seconds; the page says more, for visitors who read slowly."""
_HALF = "half"
"""Where a rotation is killed while some pods have the new values and others the old ones."""
_STOPS = ("offered", "switched", _HALF, "settled", "retired")
_LONG = "600"
"""An overlap, in seconds, in which a rotation does not end by itself."""
_REFUSED = EnvironmentFailure.exit_code


@dataclass(frozen=True)
class Attempt:
    """One start of the rotation, and what became of it."""

    stop: str
    """Where it was to be killed; empty if nowhere."""
    code: int | None
    """None if it was a script of the page, which tells only whether it failed."""
    said: str
    failure: str = ""

    @property
    def lines(self) -> tuple[dict[str, Any], ...]:
        """The lines of the audit that it wrote."""
        return tuple(found for line in self.said.splitlines() if (found := _parsed(line)))


@dataclass(frozen=True)
class Rotated:
    """A rotation from its begin to its end, in one attempt or more."""

    attempts: tuple[Attempt, ...]
    second: Attempt | None = None
    """One that was started while one of the attempts went on."""

    @property
    def lines(self) -> tuple[dict[str, Any], ...]:
        """The lines of the audit, in order."""
        return tuple(line for attempt in self.attempts for line in attempt.lines)

    @property
    def said(self) -> str:
        """All that was written, by all."""
        every = (*self.attempts, *((self.second,) if self.second else ()))
        return "\n".join(attempt.said for attempt in every)


class RotationOperator(CredentialChecker):
    """Somebody who gives the system new secrets while visitors come."""

    _scratch: Path | None = None

    def rotate(self) -> Rotated:
        """Follow the written procedure."""
        path = Path(self.system.repository) / PAGE
        require(path.is_file(), f"There is no {PAGE}.")
        page = read_procedure(path.read_text(encoding="utf-8"))
        attempts = [self._type(page.script(mark), mark) for mark in ("rotate", "audit")]
        self._learn()
        for attempt in attempts:
            self._keep(f"The written {attempt.stop}", attempt.said + attempt.failure, "text")
            require(
                not attempt.failure,
                f"The {attempt.stop} as written fails: {self._hidden(attempt.failure)}",
            )
        return Rotated(tuple(attempts))

    def rotate_interrupted(self) -> Rotated:
        """Begin a rotation, kill it at each of its stages, and let the last one come to its end.

        While it is at an early stage, another one is begun beside it.
        """
        attempts = [self._interrupted("begun")]
        first = self._start("first", _LONG)
        self._await(first, lambda: bool(_lines(first)), "the rotation goes on")
        beside = self._start("second")
        self._await(beside, lambda: beside.code is not None, "the second one ends")
        second = Attempt("", beside.code, beside.said)
        attempts.append(self._killed("beside another one", first))
        attempts += [self._interrupted(stop) for stop in _STOPS]
        last = self._start("last")
        self._await(last, lambda: last.code is not None, "the rotation ends")
        attempts.append(Attempt("", last.code, last.said))
        self._learn()
        told = [
            {"killed at": each.stop, "exit code": each.code, "wrote": each.said.splitlines()}
            for each in (*attempts, second)
        ]
        self._keep("Each attempt, and the second one beside the last", pretty(told))
        return Rotated(tuple(attempts), second)

    def judge_resumed(self, rotated: Rotated) -> None:
        """Each attempt was killed, the next one went on where it was, and the last one ended."""
        *killed, last = rotated.attempts
        require(killed, "No attempt was killed, so nothing was interrupted.")
        ids = {line["rotation"] for line in rotated.lines}
        require(len(ids) == 1, f"There were {len(ids)} rotations instead of one that went on.")
        for attempt in killed:
            require(
                attempt.code is not None and attempt.code < 0,
                f"The rotation ended before it was killed at {attempt.stop}: "
                f"{self._hidden(_tail(attempt.said))}",
            )
        require(last.code == 0, f"The last attempt failed: {self._hidden(_tail(last.said))}")
        first = [attempt.lines[0]["event"] for attempt in rotated.attempts if attempt.lines]
        wanted = ["begun", *(["resumed"] * len(killed))]
        require(first == wanted, f"The attempts began with {', '.join(first)}.")
        order = [PHASES.index(line["phase"]) for line in rotated.lines]
        require(order == sorted(order), "A later attempt began with an earlier phase.")

    def judge_alone(self, rotated: Rotated) -> None:
        """The rotation beside another one was refused, and did nothing."""
        second = rotated.second
        require(second, "No second rotation was begun.")
        assert second is not None
        require(
            second.code == _REFUSED and "under way already" in second.said and not second.lines,
            f"A second rotation was not refused: {self._hidden(_tail(second.said))}",
        )

    def _interrupted(self, stop: str) -> Attempt:
        """Start the rotation and kill it as soon as it has come to a stage."""
        child = self._start(stop)
        phase = "switched" if stop == _HALF else stop
        self._await(child, lambda: _reached(child, phase), f"the rotation reaches {stop}")
        if stop == _HALF:
            self._await(child, self._mixed, "some pods have the new values, others the old ones")
        return self._killed(stop, child)

    def _killed(self, stop: str, child: Background) -> Attempt:
        child.kill()
        self._learn()
        return Attempt(stop, child.code, child.said)

    def _mixed(self) -> bool:
        name = self.system.workloads.backend
        found = self._cluster.pod_objects(self.system.namespace, name)
        marks = [(pod["metadata"].get("annotations") or {}).get(ANNOTATION, "") for pod in found]
        new = [mark for mark in marks if mark.endswith(" switched")]
        return 0 < len(new) < len(marks)

    def _start(self, name: str, overlap: str = _OVERLAP) -> Background:
        place = self._place()
        child = Background(
            [
                *(sys.executable, "-m", "acceptance.cli", "rotate", "--overlap", overlap),
                *("--context", self.system.context, "--namespace", self.system.namespace),
            ],
            cwd=Path(self.system.repository),
            env={"KUBECONFIG": str(place / "kubeconfig")},
            log=place / f"{name}.txt",
        )
        self._undo.callback(child.kill)
        return child

    def _await(self, child: Background, done: Any, what: str) -> None:  # noqa: ANN401
        """Wait until it is so, or the program has ended, which is for the judgement to see."""
        eventually(
            lambda: child.code is not None or done(),
            bool,
            timeout=self._timeouts.rotation,
            what=what,
            describe=lambda _: self._hidden(_tail(child.said)) or "it has written nothing",
        )

    def _type(self, commands: str, mark: str) -> Attempt:
        require(commands.strip(), f"{PAGE} has no commands to {mark}.")
        place = self._place()
        ran = run_script(
            commands,
            Path(self.system.repository),
            {
                "KUBECONFIG": str(place / "kubeconfig"),
                "CONTEXT": self.system.context,
                "NAMESPACE": self.system.namespace,
                "OVERLAP": _OVERLAP,
            },
            timeout=self._timeouts.rotation,
            scratch=place,
        )
        return Attempt(mark, None, ran.said, ran.failure)

    def _place(self) -> Path:
        """Return the operator's folder, with a kubeconfig; what is begun here is ended at last."""
        if self._scratch is None:
            scratch = self._undo.enter_context(tempfile.TemporaryDirectory(prefix="rotation-"))
            self._scratch = Path(scratch)
            source, limit = Path(self.system.kubeconfig), self._timeouts.command
            target = self._scratch / "kubeconfig"
            write_kubeconfig(source, self.system.context, target, timeout=limit)
            self._undo.callback(self._finish)
        return self._scratch


def _reached(child: Background, phase: str) -> bool:
    wanted = PHASES.index(phase)
    return any(PHASES.index(line["phase"]) >= wanted for line in _lines(child))


def _lines(child: Background) -> tuple[dict[str, Any], ...]:
    return Attempt("", None, child.said).lines


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and {"event", "rotation"} <= found.keys() else None


def _tail(text: str) -> str:
    return " ".join(text.splitlines()[-3:]) or "it wrote nothing"
