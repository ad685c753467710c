"""Reads what a container has used, from the kernel's own accounts (cgroup version 1 or 2)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from acceptance.errors import EnvironmentFailure

_ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class ContainerUsage:
    """The accounts of one container."""

    cpu: Path
    memory: Path

    def cpu_seconds(self) -> float:
        """Return the processor time since its start, of all its processes."""
        nanoseconds = self.cpu / "cpuacct.usage"
        if nanoseconds.exists():
            return int(nanoseconds.read_text()) / 1e9
        return _fields(self.cpu / "cpu.stat")["usage_usec"] / 1e6

    def working_set(self) -> int:
        """Return the bytes in memory that cannot be given back at once, as the kubelet counts."""
        used = self.memory / "memory.usage_in_bytes"
        fields = _fields(self.memory / "memory.stat")
        if used.exists():
            return int(used.read_text()) - fields["total_inactive_file"]
        return int((self.memory / "memory.current").read_text()) - fields["inactive_file"]


def usage_of(container: str, root: Path = _ROOT) -> ContainerUsage:
    """Return the accounts of the container with the id `container`.

    Raises `EnvironmentFailure` if the kernel has none, as for a container of another machine.
    """
    found = [
        next((root / controller).glob(f"**/{container}"), None)
        if (root / controller).is_dir()
        else next(root.glob(f"**/{container}"), None)
        for controller in ("cpuacct", "memory")
    ]
    cpu, memory = found
    if cpu is None or memory is None:
        raise EnvironmentFailure(
            f"There is no cgroup of the container {container[:12]}. Try: the embedded cluster."
        )
    return ContainerUsage(cpu, memory)


def _fields(path: Path) -> dict[str, int]:
    lines = (line.split() for line in path.read_text().splitlines())
    return {name: int(value) for name, value in lines}
