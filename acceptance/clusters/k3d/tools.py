"""Checks the programs that k3d needs, and explains their failures."""

from __future__ import annotations

import re

from acceptance.errors import EnvironmentFailure
from acceptance.process import run, tail

OLDEST = (5, 5)
"""The first k3d that reads k3d.io/v1alpha5."""
TAKEN = re.compile(r"port is already allocated|address already in use", re.IGNORECASE)
"""Messages of docker and k3d about a port that another program uses."""
_FULL = re.compile(r"no space left on device", re.IGNORECASE)
_NO_RIGHT = re.compile(r"permission denied while trying to connect", re.IGNORECASE)
_NO_ENGINE = re.compile(r"cannot connect to the docker daemon|docker API at", re.IGNORECASE)


def require_engine(timeout: float) -> None:
    """Raise `EnvironmentFailure` unless the Docker engine answers within `timeout` seconds."""
    try:
        run(["docker", "info", "--format", "{{.ServerVersion}}"], timeout=timeout)
    except EnvironmentFailure as error:
        raise explain(error, "The Docker engine does not answer") from error


def require_version(timeout: float) -> None:
    """Raise `EnvironmentFailure` for a k3d that cannot read the config file's version."""
    said = run(["k3d", "version"], timeout=timeout).stdout
    match = re.search(r"k3d version v?(\d+)\.(\d+)", said)
    wanted = ".".join(map(str, OLDEST))
    if match is None:
        message = f"k3d does not print its version: {tail(said, 1)!r}. Try: install k3d {wanted}."
        raise EnvironmentFailure(message)
    if (int(match[1]), int(match[2])) < OLDEST:
        message = f"k3d {match[1]}.{match[2]} is too old. Try: install k3d {wanted} or newer."
        raise EnvironmentFailure(message)


def explain(error: EnvironmentFailure, what: str) -> EnvironmentFailure:
    """Return the failure with its cause and remedy, if they can be found in the output."""
    said = error.message
    if _NO_RIGHT.search(said):
        reason = "this user may not use the Docker engine. Try: join the group docker, or be root."
    elif _NO_ENGINE.search(said):
        reason = "the Docker engine does not answer. Try: start it, and see that docker info works."
    elif _FULL.search(said):
        reason = "the disk of the Docker engine is full. Try: docker system df"
    elif TAKEN.search(said):
        reason = "a port is in use by another program. Try: ss -ltnp, or simply run again."
    else:
        return EnvironmentFailure(f"{what}: {said}")
    return EnvironmentFailure(f"{what}: {reason}\n{tail(said)}")
