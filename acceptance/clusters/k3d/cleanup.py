"""Names k3d clusters after the process that created them, and removes them completely."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from acceptance.errors import EnvironmentFailure
from acceptance.process import run

_NAME = re.compile(r"^(?P<kind>run|keep)-(?P<host>[0-9a-f]{6})-(?P<pid>\d+)-(?P<start>[0-9a-f]+)$")
LABEL = "k3d.cluster"
"""The label with the cluster's name that k3d gives every container, the registry included."""

_START_TIME = 19  # of the fields after the program's name: field 22 of proc_pid_stat(5)


@dataclass(frozen=True)
class ClusterOwner:
    """The process that created a cluster, by its id and start time, because ids are reused."""

    host: str
    """Six digits for this machine and process namespace: several may share a Docker engine."""
    pid: int
    start: str
    """When the process started, in hexadecimal clock ticks since boot."""

    def cluster_name(self, *, keep: bool) -> str:
        """Return the name of this owner's cluster; k3d allows 32 characters."""
        return f"{'keep' if keep else 'run'}-{self.host}-{self.pid}-{self.start}"

    def is_alive(self) -> bool:
        """Return whether exactly this process still runs."""
        return _start_of(self.pid) == self.start


def this_process() -> ClusterOwner:
    """Return this process as an owner."""
    return ClusterOwner(_host(), os.getpid(), _start_of(os.getpid()) or "0")


def owner_of(name: str) -> ClusterOwner | None:
    """Return the owner of the cluster `name`; None if it is kept, or not from a run."""
    match = _NAME.match(name)
    if match is None or match["kind"] == "keep":
        return None
    return ClusterOwner(match["host"], int(match["pid"]), match["start"])


def stale_clusters(timeout: float) -> tuple[str, ...]:
    """Return the names of clusters that killed runs on this machine left behind.

    Raises `EnvironmentFailure` when docker does not answer.
    """
    form = f'{{{{.Label "{LABEL}"}}}}'
    argv = ["docker", "ps", "--all", "--filter", "label=app=k3d", "--format", form]
    names = sorted(set(run(argv, timeout=timeout).stdout.split()))
    here = _host()
    owners = {name: owner_of(name) for name in names}
    return tuple(
        name
        for name, owner in owners.items()
        if owner is not None and owner.host == here and not owner.is_alive()
    )


def remove(name: str, timeout: float) -> None:
    """Remove the cluster `name` with its registry, in any state.

    Each command may take `timeout` seconds. k3d may miss parts of an incomplete cluster; these are
    then removed by their label and names.

    Raises `EnvironmentFailure` if something is left afterwards.
    """
    problem = ""
    try:
        run(["k3d", "cluster", "delete", name], timeout=timeout)
    except EnvironmentFailure as error:
        problem = error.message  # reported only if something is left
    try:
        if ids := _containers(name, timeout):
            run(["docker", "rm", "--force", "--volumes", *ids], timeout=timeout)
        network, volume = f"k3d-{name}", f"k3d-{name}-images"
        if network in _listed("network", timeout):
            run(["docker", "network", "rm", network], timeout=timeout)
        if volume in _listed("volume", timeout):
            run(["docker", "volume", "rm", volume], timeout=timeout)
        left = _containers(name, timeout)
    except EnvironmentFailure as error:
        message = f"The cluster {name} may still exist. Try: k3d cluster delete {name}"
        raise EnvironmentFailure(f"{message}\n{problem or error.message}") from error
    if left:
        message = f"Containers of the cluster {name} cannot be removed: {', '.join(left)}."
        raise EnvironmentFailure(f"{message} Try: docker rm --force {' '.join(left)}")


def _containers(name: str, timeout: float) -> list[str]:
    argv = ["docker", "ps", "--all", "--quiet", "--filter", f"label={LABEL}={name}"]
    return run(argv, timeout=timeout).stdout.split()


def _listed(what: str, timeout: float) -> list[str]:
    # Compared here, because docker's name filter also finds names that only contain it.
    return run(["docker", what, "ls", "--format", "{{.Name}}"], timeout=timeout).stdout.split()


def _host() -> str:
    facts = []
    for path, read in (("/etc/machine-id", Path.read_text), ("/proc/self/ns/pid", os.readlink)):
        try:
            facts.append(read(Path(path)))
        except OSError:
            facts.append("-")
    return hashlib.sha256("\0".join([*facts, os.uname().nodename]).encode()).hexdigest()[:6]


def _start_of(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None if Path("/proc/self").exists() else _portable_start(pid)
    # The name before the last bracket may contain spaces and brackets.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else f"{int(fields[_START_TIME]):x}"


def _portable_start(pid: int) -> str | None:
    """Without /proc (macOS) a process is identified by its id alone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "0"
