"""Inspects a running container with a shell in it: its processes, rights, files and variables.

The shell reads /proc, so the kernel answers and not a manifest (proc_pid_status(5), namespaces(7)).
No value of a variable or a file leaves the container that is secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from acceptance.drivers.container_credentials import PROGRAMS, parse_credentials, search_script
from acceptance.drivers.kubernetes.pod_commands import execute_in_pod, lacks_program
from acceptance.errors import EnvironmentFailure, SystemFailure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from acceptance.drivers.container_credentials import FoundCredential

CAPABILITY_SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
NAMESPACES = ("ipc", "mnt", "net", "pid", "uts")
READ_ONLY = "Read-only file system"
WRITABLE = "/dev/shm"  # noqa: S108 (every container may write there: it proves that the probe works)
_TRIED = (WRITABLE, "/", "/etc", "/usr", "/var")
_MARK = "== "
_SCRIPT = r"""
export LC_ALL=C
for program in cat env readlink @PROGRAMS@; do
  command -v "$program" >/dev/null || { echo "there is no $program in this image" >&2; exit 1; }
done
variables() {
  { env -0; cat /proc/1/environ; } | tr '\0' '\n' | grep -aE '^[A-Za-z_][A-Za-z0-9_]*='
}
echo "== shell $$"
echo "== hostname"; cat /proc/sys/kernel/hostname
echo "== addresses"; cat /proc/net/fib_trie
for folder in @TRIED@; do
  echo "== write $folder"
  probe="${folder%/}/.acceptance-probe"
  if (: > "$probe") 2>&1; then rm -f "$probe"; fi
done
# Some servers write over the environment that they were given; this shell was given the same.
echo "== variables"; variables | cut -d= -f1 | sort -u
echo "== credentials"
@CREDENTIALS@
for process in /proc/[0-9]*; do
  status=$(cat "$process/status" 2>/dev/null) || continue
  echo "== process ${process#/proc/}"
  echo "$status"
  for kind in @NAMESPACES@; do
    echo "ns/$kind: $(readlink "$process/ns/$kind" 2>/dev/null)"
  done
done
"""


@dataclass(frozen=True)
class ProcessFacts:
    """One process, as the kernel describes it."""

    pid: int
    name: str
    users: tuple[int, ...]
    """Real, effective, saved and file-system user."""
    groups: tuple[int, ...]
    """Real, effective, saved and file-system group, and the supplementary groups."""
    capabilities: tuple[tuple[str, int], ...]
    """Each set as a bit mask."""
    no_new_privileges: bool
    seccomp: int
    """0 is none, 2 is a filter."""
    namespaces: tuple[tuple[str, str], ...]
    """(kind, identity); the identity is empty if the process may not be inspected."""


@dataclass(frozen=True)
class ContainerInspection:
    """What the shell in one container has found."""

    pod: str
    container: str
    hostname: str
    addresses: tuple[str, ...]
    processes: tuple[ProcessFacts, ...]
    """Without the shell and its children."""
    writes: tuple[tuple[str, str], ...]
    """(folder, why it is not writable; empty if it is)."""
    variables: tuple[str, ...]
    """The names of the first process's environment variables."""
    credentials: tuple[FoundCredential, ...]
    """Files and variables that contain something like a credential."""

    def namespace(self, kind: str) -> str:
        """Return the identity of a namespace of the container's first process."""
        first = [each for each in self.processes if each.pid == 1]
        return dict(first[0].namespaces).get(kind, "") if first else ""


def inspect_container(
    kubeconfig: Path, context: str, namespace: str, pod: str, container: str, *, timeout: float
) -> ContainerInspection:
    """Inspect a running container; `timeout` is in seconds.

    Raises `EnvironmentFailure` if its image has no shell, or not the programs that are needed, and
    `SystemFailure` if the container does not run.
    """
    script = _SCRIPT
    for name, value in (
        ("TRIED", " ".join(_TRIED)),
        ("PROGRAMS", " ".join(PROGRAMS)),
        ("CREDENTIALS", search_script()),
        ("NAMESPACES", " ".join(NAMESPACES)),
    ):
        script = script.replace(f"@{name}@", value)
    where = (kubeconfig, context, namespace, pod, container)
    try:
        said = execute_in_pod(*where, ["sh", "-c", script], timeout=timeout)
    except SystemFailure as error:
        # An image without a shell is no fault of the system: what is needed here is missing.
        if lacks_program(error):
            raise EnvironmentFailure(error.message) from error
        raise
    return parse_inspection(pod, container, said)


def parse_inspection(pod: str, container: str, said: str) -> ContainerInspection:
    """Parse the output of the script."""
    parts = dict(_parts(said))
    shell = next(int(title.split()[1]) for title in parts if title.startswith("shell "))
    processes = [
        (fields, _process(int(title.split()[1]), fields))
        for title, lines in parts.items()
        if title.startswith("process ") and (fields := _fields(lines))
    ]
    return ContainerInspection(
        pod,
        container,
        hostname="".join(parts["hostname"]),
        addresses=_local_addresses(parts["addresses"]),
        processes=tuple(
            process
            for fields, process in processes
            if shell not in {process.pid, int(fields.get("PPid", 0))}
        ),
        writes=tuple(
            (title.partition(" ")[2], " ".join(lines))
            for title, lines in parts.items()
            if title.startswith("write ")
        ),
        variables=tuple(parts["variables"]),
        credentials=parse_credentials(parts["credentials"], parts["variables"]),
    )


def _parts(said: str) -> Iterator[tuple[str, list[str]]]:
    lines: list[str] = []
    for line in said.splitlines():
        if line.startswith(_MARK):
            lines = []
            yield line.removeprefix(_MARK), lines
        else:
            lines.append(line)


def _fields(lines: list[str]) -> dict[str, str]:
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _process(pid: int, fields: dict[str, str]) -> ProcessFacts:
    def numbers(name: str) -> tuple[int, ...]:
        return tuple(map(int, fields[name].split()))

    return ProcessFacts(
        pid,
        fields["Name"],
        users=numbers("Uid"),
        groups=(*numbers("Gid"), *numbers("Groups")),
        capabilities=tuple((name, int(fields[name], 16)) for name in CAPABILITY_SETS),
        no_new_privileges=fields["NoNewPrivs"] == "1",
        seccomp=int(fields["Seccomp"]),
        namespaces=tuple((kind, fields.get(f"ns/{kind}", "")) for kind in NAMESPACES),
    )


def _local_addresses(trie: list[str]) -> tuple[str, ...]:
    """Return the local addresses, each of which is in the line before `host LOCAL`."""
    found = {
        match[1]: None
        for before, line in pairwise(trie)
        if line.rstrip().endswith("host LOCAL") and (match := re.search(r"\|-- (\S+)", before))
    }
    return tuple(found)
