"""Runs commands in a node: reads the flags of its components, its files and its open ports.

The cluster's driver gives the beginning of the command that enters the node; nothing here knows
which kind of cluster it is. Only programs of both Debian and busybox are run.
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
"""Processes of containers are left out, as they have process namespaces of their own."""
_FIELD = "\x1f"
_STATE, _LISTENS = 3, "0A"  # of a line in /proc/net/tcp (Linux, proc_pid_net(5))
_STARTED = re.compile(r"Running (kube-[a-z-]+|kubelet|etcd) (--[^\n]*)")
"""The line that k3s logs when it starts a component in its own process."""


class Unobservable(EnvironmentFailure):
    """Something could not be observed; the message says why."""


@dataclass(frozen=True)
class NodeComponent:
    """A running component of the cluster, with its flags."""

    name: str
    user: str
    """The user of its process; empty if that is not known."""
    flags: tuple[tuple[str, str], ...]
    """Each without its dashes; a flag without a value has the value `true`."""

    def get(self, name: str) -> str | None:
        """Return the last value of a flag; None if it was not given."""
        return dict(self.flags).get(name)


@dataclass(frozen=True)
class NodeFileFacts:
    """A file or folder of the node."""

    path: str
    mode: int
    owner: str
    group: str
    folder: bool

    def __str__(self) -> str:
        """Name path, mode and owner."""
        return f"{self.path} {self.mode:o} {self.owner}:{self.group}"


class NodeShell:
    """A shell in one node."""

    def __init__(
        self,
        command: Sequence[str],
        journal: Sequence[str] = (),
        *,
        timeout: float,
        declared: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Get in by `command`, empty if there is no way; `timeout` in seconds is for each snapshot.

        `journal` is a command that writes what one program says that is all components. `declared`
        are the command lines of components that the API itself shows, as static pods.
        """
        self._command = tuple(command)
        self._journal = tuple(journal)
        self._timeout = timeout
        self._declared = dict(declared or {})

    def run(self, *argv: str) -> str:
        """Return the output of a command in the node; raises `Unobservable` if it cannot run."""
        if not self._command:
            raise Unobservable("there is no way into the nodes of this cluster")
        try:
            return run([*self._command, *argv], timeout=self._timeout).stdout
        except EnvironmentFailure as error:
            said = error.message.splitlines()[0]
            raise Unobservable(f"{shlex.join(argv)[:60]} failed in the node: {said}") from error

    @cached_property
    def components(self) -> tuple[NodeComponent, ...]:
        """Every running component; several times if it runs several times."""
        if not self._command:
            return tuple(
                NodeComponent(name, "", _flags(line[1:])) for name, line in self._declared.items()
            )
        found = []
        for line in self.run("sh", "-c", _PROCESSES).splitlines():
            user, _, text = line.partition(" ")
            argv = [part for part in text.split(_FIELD) if part]
            if argv:
                name = argv[0].rpartition("/")[2]
                found.append(NodeComponent(name, user, _flags(argv[1:])))
        return (*found, *self._logged())

    def named(self, name: str) -> tuple[NodeComponent, ...]:
        """Return every running component of this name; raises `Unobservable` if there is none."""
        found = tuple(each for each in self.components if each.name == name)
        if not found:
            where = "in the node" if self._command else "in the API"
            raise Unobservable(f"no {name} was found {where}")
        return found

    def runs(self, name: str) -> bool:
        """Whether such a component runs; raises `Unobservable` if that is not known."""
        if not self._command and not self._declared:
            raise Unobservable("there is no way into the nodes of this cluster")
        return any(each.name == name for each in self.components)

    def listening(self, port: int) -> tuple[str, ...]:
        """Return the addresses at which something listens on the TCP port `port`."""
        found = []
        for line in self.run("sh", "-c", "cat /proc/net/tcp /proc/net/tcp6").splitlines():
            parts = line.split()
            if len(parts) > _STATE and parts[_STATE] == _LISTENS:
                address, _, number = parts[1].rpartition(":")
                if int(number, 16) == port:
                    found.append(_address(address))
        return tuple(sorted(set(found)))

    def files(self, *paths: str) -> tuple[NodeFileFacts, ...]:
        """Return the files of `paths` and all below folders; raises `Unobservable` for none."""
        script = 'find "$@" -exec stat -L -c "%a %U %G %F|%n" {} + 2>/dev/null || true'
        found = []
        for line in self.run("sh", "-c", script, "sh", *paths).splitlines():
            about, _, path = line.partition("|")
            mode, owner, group, kind = about.split(maxsplit=3)
            found.append(NodeFileFacts(path, int(mode, 8), owner, group, kind == "directory"))
        if not found:
            raise Unobservable(f"there is nothing in {', '.join(paths)}")
        return tuple(found)

    def read(self, path: str) -> str:
        """Return a file's text; raises `Unobservable`."""
        return self.run("cat", path)

    def lines_with(self, path: str, text: str) -> str:
        """Return the lines of a file that contain `text`; raises `Unobservable`."""
        # grep exits with 1 if nothing matches, which is an answer too.
        return self.run("sh", "-c", 'grep -aF "$1" "$2" || test $? = 1', "sh", text, path)

    def _logged(self) -> list[NodeComponent]:
        if not self._journal:
            return []
        try:
            said = run(self._journal, timeout=self._timeout)
        except EnvironmentFailure as error:
            raise Unobservable(f"the node's log cannot be read: {error.message}") from error
        last = {
            match[1]: shlex.split(match[2].rstrip('"'))
            for match in _STARTED.finditer(f"{said.stdout}\n{said.stderr}")
        }
        return [NodeComponent(name, "", _flags(line)) for name, line in last.items()]


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
    """Read an address as the kernel writes it: hexadecimal words in the machine's byte order."""
    words = [raw[at : at + 8] for at in range(0, len(raw), 8)]
    packed = b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words)
    return str(ipaddress.ip_address(packed))
