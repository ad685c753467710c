"""Looks into a node: which processes run there with which flags, who may read which files.

Whoever made the cluster says how to get in, as the beginning of a command; nothing here knows
which kind of cluster it is. Only programs that Debian and busybox both have are run.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PROCESSES = """
own=$(readlink /proc/1/ns/pid)
for each in /proc/[0-9]*; do
  if [ "$(readlink "$each/ns/pid" 2>/dev/null)" = "$own" ]; then
    printf '%s ' "$(stat -c %U "$each" 2>/dev/null)"; tr '\\0' '\\037' < "$each/cmdline"; echo
  fi
done 2>/dev/null"""
"""Containers have a process namespace of their own: what they call themselves says nothing."""
_FIELD = "\x1f"
_STATE, _LISTENS = 3, "0A"  # of a line in /proc/net/tcp (Linux, proc_pid_net(5))
_STARTED = re.compile(r"Running (kube-[a-z-]+|kubelet|etcd) (--[^\n]*)")
"""The line with which k3s starts a component inside of itself."""


class Unseen(Exception):
    """What was to be looked at could not be; the message says why."""


@dataclass(frozen=True)
class Component:
    """A component of the cluster as it was started."""

    name: str
    user: str
    """Whose process it is; empty if that is not known."""
    flags: tuple[tuple[str, str], ...]
    """Each without its dashes; a flag without a value is `true`."""

    def get(self, name: str) -> str | None:
        """Return the last value of a flag; None if it was not given."""
        return dict(self.flags).get(name)


@dataclass(frozen=True)
class FileFacts:
    """A file or folder of the node."""

    path: str
    mode: int
    owner: str
    group: str
    folder: bool

    def __str__(self) -> str:
        """Say who may do what with it."""
        return f"{self.path} {self.mode:o} {self.owner}:{self.group}"


class Inside:
    """One node; all that is asked of it twice is looked at once."""

    def __init__(
        self,
        command: Sequence[str],
        journal: Sequence[str] = (),
        *,
        timeout: float,
        declared: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Get in by `command`, empty if there is no way; `timeout` in seconds is for each look.

        `journal` is a command that writes what one program says that is all components. `declared`
        are the command lines of components that the API itself shows, as static pods.
        """
        self._command = tuple(command)
        self._journal = tuple(journal)
        self._timeout = timeout
        self._declared = dict(declared or {})

    def run(self, *argv: str) -> str:
        """Return what a command wrote inside; raises `Unseen` if it failed or nobody gets in."""
        if not self._command:
            raise Unseen("nobody can look into the nodes of this cluster")
        try:
            return run([*self._command, *argv], timeout=self._timeout).stdout
        except EnvironmentFailure as error:
            said = error.message.splitlines()[0]
            raise Unseen(f"{shlex.join(argv)[:60]} failed in the node: {said}") from error

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """Every component that was started, several times if it runs several times."""
        if not self._command:
            return tuple(
                Component(name, "", _flags(line[1:])) for name, line in self._declared.items()
            )
        found = []
        for line in self.run("sh", "-c", _PROCESSES).splitlines():
            user, _, text = line.partition(" ")
            argv = [part for part in text.split(_FIELD) if part]
            if argv:
                name = argv[0].rpartition("/")[2]
                found.append(Component(name, user, _flags(argv[1:])))
        return (*found, *self._told())

    def named(self, name: str) -> tuple[Component, ...]:
        """Return every running component of this name; raises `Unseen` if none can be seen."""
        found = tuple(each for each in self.components if each.name == name)
        if not found:
            where = "in its node" if self._command else "in the API"
            raise Unseen(f"no {name} can be seen {where}")
        return found

    def runs(self, name: str) -> bool:
        """Whether such a component runs; raises `Unseen` where nobody can look."""
        if not self._command and not self._declared:
            raise Unseen("nobody can look into the nodes of this cluster")
        return any(each.name == name for each in self.components)

    def listening(self, port: int) -> tuple[str, ...]:
        """Return the addresses at which something takes connections of TCP to `port`."""
        found = []
        for line in self.run("sh", "-c", "cat /proc/net/tcp /proc/net/tcp6").splitlines():
            parts = line.split()
            if len(parts) > _STATE and parts[_STATE] == _LISTENS:
                address, _, number = parts[1].rpartition(":")
                if int(number, 16) == port:
                    found.append(_address(address))
        return tuple(sorted(set(found)))

    def files(self, *paths: str) -> tuple[FileFacts, ...]:
        """Return the files `paths` and what is below those that are folders; `Unseen` if none."""
        script = 'find "$@" -exec stat -L -c "%a %U %G %F|%n" {} + 2>/dev/null || true'
        found = []
        for line in self.run("sh", "-c", script, "sh", *paths).splitlines():
            about, _, path = line.partition("|")
            mode, owner, group, kind = about.split(maxsplit=3)
            found.append(FileFacts(path, int(mode, 8), owner, group, kind == "directory"))
        if not found:
            raise Unseen(f"there is nothing in {', '.join(paths)}")
        return tuple(found)

    def read(self, path: str) -> str:
        """Return a file's text; raises `Unseen`."""
        return self.run("cat", path)

    def _told(self) -> list[Component]:
        if not self._journal:
            return []
        try:
            said = run(self._journal, timeout=self._timeout)
        except EnvironmentFailure as error:
            raise Unseen(f"the node's journal cannot be read: {error.message}") from error
        last = {
            match[1]: shlex.split(match[2].rstrip('"'))
            for match in _STARTED.finditer(f"{said.stdout}\n{said.stderr}")
        }
        return [Component(name, "", _flags(line)) for name, line in last.items()]


def _flags(argv: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Read --name=value, --name value and --name."""
    found = []
    for at, part in enumerate(argv):
        if not part.startswith("-") or part.strip("-") == "":
            continue
        name, equals, value = part.lstrip("-").partition("=")
        following = argv[at + 1] if at + 1 < len(argv) else "-"
        if not equals:
            value = "true" if following.startswith("-") else following
        found.append((name, value))
    return tuple(found)


def _address(raw: str) -> str:
    """Read an address as the kernel writes it: hexadecimal, in words of the machine's order."""
    words = [raw[at : at + 8] for at in range(0, len(raw), 8)]
    packed = b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words)
    return str(ipaddress.ip_address(packed))
