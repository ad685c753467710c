"""Runs the commands of runbooks in a shell, in a folder and with a kubeconfig of its own."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acceptance.build.kubectl import kubectl, kubectl_program
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import require
from acceptance.process import run
from acceptance.runbooks.checks import required_commands

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acceptance.judgement import Recorder
    from acceptance.runbooks.reader import Runbook

_BASH = ("bash", "-euo", "pipefail")
_TEMPORARY = "tmp"


@dataclass(frozen=True)
class CommandRun:
    """What running the commands with one mark led to."""

    mark: str
    commands: str
    output: str
    """All that they wrote to both streams, in order."""
    failure: str
    """Why they ended early: exit code or deadline, and the last lines; empty if they did not."""
    seconds: float

    @property
    def succeeded(self) -> bool:
        """Whether all commands ended with the exit code 0."""
        return not self.failure


@dataclass(frozen=True)
class RunbookShell:
    """A shell as a runbook asks for it: bash that ends at the first failure, and kubectl."""

    scratch: Path
    """Where the kubeconfig, the last commands, their output and their temporary files are."""
    folder: Path
    """Where the commands run."""
    timeout: float
    """Seconds for the commands of one mark."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What the runbook tells the operator to export."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables, the kubeconfig that names the cluster, and the place of temporary files.

        A command that is killed leaves them behind, private keys among them: they go with
        `scratch`.
        """
        return {
            "KUBECONFIG": str(self.scratch / "kubeconfig"),
            "TMPDIR": str(self.scratch / _TEMPORARY),
            **self.variables,
        }

    def command(self, runbook: Runbook, mark: str) -> list[str]:
        """Return the program with its arguments that runs the commands with a mark."""
        return [*_BASH, "-c", required_commands(runbook, mark)]

    def run(self, runbook: Runbook, mark: str) -> CommandRun:
        """Run the commands with a mark; the shell and all that it started are gone at the end.

        Raises `AssertionError` if the runbook has no such commands.
        """
        commands = required_commands(runbook, mark)
        script, log = self.scratch / "commands.sh", self.scratch / "output.txt"
        script.write_text(commands, encoding="utf-8")
        log.unlink(missing_ok=True)
        path = os.pathsep.join([str(kubectl_program().parent), os.environ.get("PATH", os.defpath)])
        started = time.monotonic()
        failure = ""
        try:
            run(
                [*_BASH, script],
                timeout=self.timeout,
                env={"PATH": path, **self.environment},
                cwd=self.folder,
                log=log,
                remedy=f"Try: the commands to {mark} in {runbook.page}, by hand.",
            )
        except EnvironmentFailure as error:
            failure = error.message
        seconds = time.monotonic() - started
        output = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        return CommandRun(mark, commands, output, failure, seconds)

    def follow(self, runbook: Runbook, mark: str, keep: Recorder) -> CommandRun:
        """Run the commands with a mark, keep what they wrote, and require that they succeed."""
        done = self.run(runbook, mark)
        lines = [done.commands, f"--- output, in {done.seconds:.1f} s:", done.output, done.failure]
        keep(f"Runbook commands: {mark}", "\n".join(lines), "text")
        require(done.succeeded, f"The runbook's commands to {mark} fail: {done.failure}")
        return done


def open_shell(
    kubeconfig: Path,
    context: str,
    scratch: Path,
    folder: Path,
    variables: Mapping[str, str],
    *,
    timeout: float,
    kubectl_timeout: float,
) -> RunbookShell:
    """Return a shell on the cluster that `context` of `kubeconfig` names.

    The commands name no context, so the shell gets a kubeconfig that has only this one; it is
    written into `scratch`. `timeout` is for the commands of one mark, `kubectl_timeout` for writing
    the kubeconfig; both in seconds.
    """
    (scratch / _TEMPORARY).mkdir(mode=0o700)
    target = scratch / "kubeconfig"
    options = ["config", "view", "--minify", "--flatten", "--raw"]
    text = kubectl(kubeconfig, context, options, timeout=kubectl_timeout)
    target.touch(mode=0o600)  # it holds credentials
    target.write_text(text, encoding="utf-8")
    return RunbookShell(scratch, folder, timeout, variables)
