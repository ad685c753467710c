"""Connects from where a pod is: a program in it relays, and kubectl forwards to the program."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build.kubectl import kubectl_program
from acceptance.drivers import database
from acceptance.errors import EnvironmentFailure
from acceptance.process import dying_with_parent, lines_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acceptance.settings import Timeouts
    from acceptance.system import System

_PROGRAM = (Path(__file__).parent / "relay_program.py").read_text(encoding="utf-8")


@dataclass(frozen=True)
class RelayPod:
    """A running pod, in whose image there is Python."""

    namespace: str
    name: str
    container: str


@dataclass(frozen=True)
class PodRelay:
    """A local port that leads to the target, by way of the pod."""

    port: int
    unreachable: str
    """Why the pod does not reach the target; empty if it does."""


@contextmanager
def relayed(
    system: System, pod: RelayPod, address: str, port: int, timeouts: Timeouts
) -> Iterator[PodRelay]:
    """Relay to a port of `address` while the body runs.

    Raises `EnvironmentFailure` if the pod does not run the program.
    """
    command = [str(kubectl_program()), f"--kubeconfig={system.kubeconfig}"]
    command += [f"--context={system.context}", f"--namespace={pod.namespace}"]
    command += ["exec", "--stdin", pod.name, f"--container={pod.container}", "--"]
    command += ["python3", "-I", "-S", "-c", _PROGRAM, address, str(port)]
    child = subprocess.Popen(
        dying_with_parent(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,  # or a line that was read ahead would not wake the selector
        start_new_session=True,
    )
    try:
        said = _first_line(child, time.monotonic() + timeouts.execute)
        if said["unreachable"]:
            yield PodRelay(0, str(said["unreachable"]))
            return
        where = (Path(system.kubeconfig), system.context, pod.namespace, pod.name)
        with database.forwarded(*where, int(str(said["port"])), timeout=timeouts.query) as local:
            yield PodRelay(local, "")
    finally:
        _end(child, timeouts.query)


def _first_line(child: subprocess.Popen[bytes], deadline: float) -> dict[str, object]:
    said = b""
    for line in lines_until(child, deadline):
        try:
            found = json.loads(line)
        except ValueError:  # kubectl, which warns or fails
            said += line
            continue
        if isinstance(found, dict):
            return found
    message = said.decode("utf-8", "replace").strip() or "it said nothing"
    raise EnvironmentFailure(f"Python in the pod does not relay connections: {message}.")


def _end(child: subprocess.Popen[bytes], timeout: float) -> None:
    """Close its input, which ends the program in the pod, and then kubectl."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.close()
    try:
        child.wait(timeout)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    child.stdout.close()
