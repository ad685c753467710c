"""Stops, continues and kills the processes of containers, from inside the node, by signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.client import Inaccessible, Refused
from acceptance.errors import EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.system import System

# A process belongs to a container if its cgroup has the container's id as a part of its path. A
# process that has ended meanwhile is none.
_SIGNAL = """
signal=$1
shift
reached=0
for process in /proc/[0-9]*; do
  for id in "$@"; do
    if grep -q "$id" "$process/cgroup" 2>/dev/null; then
      kill -s "$signal" "${process#/proc/}" 2>/dev/null && reached=$((reached + 1))
    fi
  done
done
echo "$reached"
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

    Raises what `signal_containers` does.
    """
    return signal_containers(system, ids, "KILL", timeout=timeout)


def signal_containers(system: System, ids: Sequence[str], signal: str, *, timeout: float) -> int:
    """Send a signal, as `KILL`, `STOP` or `CONT`, to every process of these containers.

    Returns to how many. Nothing can catch these signals; `timeout` is in seconds.

    Raises `Refused` where no command can be run on the node, or nothing got the signal.
    """
    if not system.inside:
        raise Inaccessible("no command can be run on the node")
    if not ids:
        raise Refused("no container runs")
    try:
        done = run([*system.inside, "sh", "-c", _SIGNAL, "sh", signal, *ids], timeout=timeout)
    except EnvironmentFailure as error:
        raise Inaccessible(error.message) from error
    reached = int(done.stdout.strip() or 0)
    if not reached:
        raise Refused("the node has no process of the container")
    return reached
