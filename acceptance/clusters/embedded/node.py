"""Starts and ends the first process of the node, and runs commands in the node.

Killing that process cleans up: the kernel removes its namespaces with every process, mount,
interface and packet-filter rule. Only empty cgroups stay, and `sweep` removes them.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.clusters.embedded import init, network
from acceptance.clusters.embedded.components import all_components
from acceptance.clusters.embedded.configuration import write_configuration
from acceptance.clusters.embedded.node_layout import ETCD_USER, NODE_NAME
from acceptance.errors import EnvironmentFailure
from acceptance.process import dying_with_parent, tail

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acceptance.clusters.embedded.datapath import Datapath
    from acceptance.clusters.embedded.node_layout import Component

PREFIX = "checkout-acceptance-"
_CGROUPS = Path("/sys/fs/cgroup")
_END_SECONDS = 10.0


@dataclass(frozen=True)
class Node:
    """A started node, in which Kubernetes may not be ready yet."""

    process: subprocess.Popen[str]
    run_directory: Path
    link: network.Link
    _said: list[str] = field(default_factory=list)
    """Its last output, which only one thread can read, and only once."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cgroup(self) -> str:
        """The name of the cgroup of all its pods."""
        return self.run_directory.name

    def ended(self) -> str | None:
        """Return why the node ended, with the end of the component's log; None if it runs."""
        if self.process.poll() is None:
            return None
        with self._lock:
            if not self._said:
                assert self.process.stdout is not None
                self._said.append(self.process.stdout.read().strip() or "it was killed")
        (said,) = self._said
        log = self.run_directory / "logs" / f"{said.split()[0]}.log"
        details = f"\n{tail(log.read_text(errors='replace'))}" if log.exists() else ""
        return f"The node ended: {said.splitlines()[-1]}.{details}"

    def command(self, *argv: str) -> list[str]:
        """Return `argv` as a command that runs inside the node, and ends with it."""
        process = self.process.pid
        return [
            *("nsenter", f"--mount=/proc/{process}/ns/mnt", f"--net=/proc/{process}/ns/net"),
            *(f"--pid=/proc/{process}/ns/pid_for_children", *argv),
        ]

    def end(self) -> None:
        """Kill the node, and wait until the kernel has removed everything."""
        _kill(self.process)
        network.disconnect(self.link)
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                with suppress(OSError):
                    stream.close()
        remove_cgroups(self.cgroup)
        shutil.rmtree(self.run_directory, ignore_errors=True)


def start_node(
    binaries: Path,
    datapath: Datapath,
    *,
    keep: bool = False,
    components: Callable[[Path, str, Datapath], Sequence[Component]] = all_components,
) -> Node:
    """Start a node with the programs in `binaries`; with `keep` it outlives this process.

    `components` returns the components that run in it.

    Raises `EnvironmentFailure` if its namespaces cannot be made.
    """
    sweep()
    run_directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    process: subprocess.Popen[str] | None = None
    try:
        (run_directory / "owner").write_text(str(os.getpid()), encoding="ascii")
        with network.reserved_link() as link:
            write_configuration(
                run_directory,
                address=link.node_address,
                cgroup=run_directory.name,
                datapath=datapath,
            )
            config = {
                "run_directory": str(run_directory),
                "cgroup": run_directory.name,
                "name": NODE_NAME,
                "store_user": ETCD_USER,
                "keep": keep,
                "address": f"{link.node_address}/24",
                "gateway": link.host_address,
                "sources": str(datapath.sources or ""),
                "components": [
                    asdict(each) for each in components(binaries, link.node_address, datapath)
                ],
            }
            (run_directory / "node.json").write_text(json.dumps(config), encoding="utf-8")
            command = [
                *("unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--kill-child"),
                *("--mount-proc", "catatonit", "--", sys.executable, "-I", init.__file__),
                str(run_directory / "node.json"),
            ]
            process = subprocess.Popen(
                command if keep else dying_with_parent(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
            _expect(process, "namespaces")
            network.connect(link, process.pid)
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        _expect(process, "started")
        if keep:
            (run_directory / "owner").write_text(str(process.pid), encoding="ascii")
    except BaseException:
        if process is not None:
            _kill(process)
        remove_cgroups(run_directory.name)
        shutil.rmtree(run_directory, ignore_errors=True)
        raise
    return Node(process, run_directory, link)


def _expect(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    said = process.stdout.readline().strip()
    if said != word:
        rest = "" if process.poll() is None else process.stdout.read()
        raise EnvironmentFailure(
            f"The node's namespaces could not be prepared: {said} {rest}".strip()
            + ". Try: make doctor"
        )


def _kill(process: subprocess.Popen[str]) -> None:
    """Kill the node and wait for its first process, which ends last."""
    first = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    watched = False
    with ExitStack() as stack:
        ends = select.poll()
        with suppress(OSError):  # the node has already ended
            for child in first.read_text(encoding="ascii").split():
                descriptor = os.pidfd_open(int(child))
                stack.callback(os.close, descriptor)
                ends.register(descriptor, select.POLLIN)
                watched = True
        process.kill()
        process.wait(_END_SECONDS)
        if watched:
            ends.poll(_END_SECONDS * 1000)


def sweep() -> None:
    """Remove folders and empty cgroups of runs whose process has ended."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError, ValueError):
            owner = int((folder / "owner").read_text(encoding="ascii"))
            if not Path(f"/proc/{owner}").exists():
                shutil.rmtree(folder, ignore_errors=True)
    for pattern in (f"{PREFIX}*", f"*/{PREFIX}*"):
        for group in _CGROUPS.glob(pattern):
            if not (Path(tempfile.gettempdir()) / group.name).exists():
                remove_cgroups(group.name)


def remove_cgroups(name: str) -> None:
    """Remove the cgroups of one node, the innermost first; those in use stay."""
    for root in (_CGROUPS / name, *_CGROUPS.glob(f"*/{name}")):
        for folder, _, _ in os.walk(root, topdown=False):
            with suppress(OSError):
                Path(folder).rmdir()
