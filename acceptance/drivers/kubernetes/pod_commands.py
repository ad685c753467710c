"""Runs commands in the containers of pods with kubectl, and tells whose fault a failure is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from acceptance.build.kubectl import kubectl
from acceptance.errors import EnvironmentFailure, SystemFailure
from acceptance.process import ProgramFailed, ProgramTimeout

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_BY_THE_POD = re.compile(
    r"command terminated with exit code \d+|\(NotFound\)|container not found|"
    r"is not valid for pod|cannot exec (?:into|in) a|pod is not running|container is not running|"
    r"unable to forward port|lost connection to pod|OCI runtime exec failed"
)
"""What kubectl says when it has reached the API server, and the pod is at fault."""
_NO_PROGRAM = re.compile(
    r"there is no \S+ in this image|executable file not found|no such file or directory|"
    r"terminated with exit code 12[67]\b"
)


def execute_in_pod(  # noqa: PLR0917 (where the command runs, and the command)
    kubeconfig: Path,
    context: str,
    namespace: str,
    pod: str,
    container: str,
    command: Sequence[str],
    *,
    timeout: float,
) -> str:
    """Return the output of a command in a container; `timeout` is in seconds.

    Raises `SystemFailure` if the command fails or does not end, or the container does not run;
    `EnvironmentFailure` if kubectl or the API server is the reason.
    """
    where = [f"--namespace={namespace}", "exec", pod, f"--container={container}", "--"]
    try:
        return kubectl(kubeconfig, context, [*where, *command], timeout=timeout)
    except ProgramTimeout as error:
        message = f"A command in {pod}/{container} did not end within {timeout:g} s."
        raise SystemFailure(message) from error
    except ProgramFailed as error:
        raise failure_of_pod(f"A command in {pod}/{container} failed: {error.said}") from error


def failure_of_pod(said: str) -> SystemFailure | EnvironmentFailure:
    """Return the failure that kubectl has worded, which the pod or the environment has caused."""
    return SystemFailure(said) if _BY_THE_POD.search(said) else EnvironmentFailure(said)


def lacks_program(error: SystemFailure) -> bool:
    """Return whether a command failed because the image has no such program."""
    return _NO_PROGRAM.search(error.message) is not None
