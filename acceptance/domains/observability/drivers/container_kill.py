"""Kills the processes of containers from inside the node, by a signal that nothing can catch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.client import Refused
from acceptance.errors import EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.system import System

# A process belongs to a container if its cgroup has the container's id as a part of its path. A
# process that has ended meanwhile is none.
_KILL = """
killed=0
for process in /proc/[0-9]*; do
  for id in "$@"; do
    if grep -q "$id" "$process/cgroup" 2>/dev/null; then
      kill -9 "${process#/proc/}" 2>/dev/null && killed=$((killed + 1))
    fi
  done
done
echo "$killed"
"""


def container_ids(pod: Mapping[str, Any], container: str = "") -> tuple[str, ...]:
    """Return the ids of the running containers of a pod, or of the one with this name."""
    return tuple(
        str(each["containerID"]).rpartition("/")[2]
        for each in (pod.get("status") or {}).get("containerStatuses") or ()
        if "running" in (each.get("state") or {})
        and each.get("containerID")
        and container in {"", each["name"]}
    )


def kill_containers(system: System, ids: Sequence[str], *, timeout: float) -> int:
    """Kill every process of these containers, and return how many there were.

    Raises `Refused` where no command can be run on the node, or nothing was killed.
    """
    if not system.inside:
        raise Refused("no command can be run on the node")
    if not ids:
        raise Refused("no container runs")
    try:
        done = run([*system.inside, "sh", "-c", _KILL, "sh", *ids], timeout=timeout)
    except EnvironmentFailure as error:
        raise Refused(error.message) from error
    killed = int(done.stdout.strip() or 0)
    if not killed:
        raise Refused("the node has no process of the container")
    return killed
