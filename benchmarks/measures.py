"""The measurements, each with the target that it is held against (none is asserted in a test)."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from acceptance.clusters.embedded.binaries import build_binaries
from acceptance.clusters.embedded.cluster import EmbeddedCluster
from acceptance.clusters.embedded.components import CONTEXT, Component, all_components
from acceptance.clusters.embedded.node import Node, start_node
from acceptance.clusters.nodes import ApiNodes, await_nodes
from acceptance.drivers.kubernetes import Kubernetes, pod_path
from acceptance.errors import EnvironmentFailure
from acceptance.process import tail
from acceptance.progress import Progress
from acceptance.settings import Settings
from acceptance.waiting import eventually
from fixtures.environment import Environment

_API_SERVER = ("etcd", "kube-apiserver")
_CHANGES = 20
_GIB = 2**30
_PAGES = "Pss:"


@dataclass(frozen=True)
class Figure:
    """One thing measured, several times."""

    name: str
    unit: str
    values: tuple[float, ...]
    target: float | None = None
    """The most that it may be."""

    @property
    def median(self) -> float:
        """The value in the middle."""
        return statistics.median(self.values)

    @property
    def held(self) -> bool | None:
        """Whether the median is within the target; None if there is none."""
        return None if self.target is None else self.median <= self.target


def start(settings: Settings, runs: int) -> list[Figure]:
    """From the first process to a Ready node, against the API server alone to /livez."""
    binaries = build_binaries(settings.root / "node", "kubernetes", settings.timeouts)
    alone, ready = [], []
    for _ in range(runs):  # in turns, so that a busy moment hits both
        alone.append(_seconds_to_livez(binaries, settings))
        ready.append(_seconds_to_ready(binaries, settings))
    ratios = tuple(r / a for r, a in zip(ready, alone, strict=True))
    return [
        Figure("API server alone to /livez", "s", tuple(alone)),
        Figure("node Ready", "s", tuple(ready), 5.0),
        Figure("node Ready / API server alone", "×", ratios, 1.5),
    ]


def notice(settings: Settings, _: int) -> list[Figure]:
    """From the API server's answer to a change until `eventually` has seen it."""
    cluster = EmbeddedCluster(settings)
    try:
        facts = cluster.start(Progress(5))
        client = Kubernetes(facts.kubeconfig, facts.context, timeout=settings.timeouts.api)
        try:
            values = tuple(_milliseconds_to_notice(client, number) for number in range(_CHANGES))
        finally:
            client.close()
    finally:
        cluster.stop()
    return [Figure("eventually notices a change", "ms", values, 50.0)]


def memory(settings: Settings, _: int) -> list[Figure]:
    """What the node and the system on it take: its processes, and its files in memory."""
    environment = Environment(settings, "embedded", keep=False)
    try:
        environment.start()
        if environment.failure is not None or environment.facts is None:
            raise environment.failure or EnvironmentFailure("The system did not start.")
        first = _first_process(environment.facts.kubeconfig)
        processes, files = _memory_of_processes(first), _files_in_memory(first)
    finally:
        environment.stop()
    total = processes + files
    return [
        Figure("memory of the processes", "GiB", (processes / _GIB,)),
        Figure("files in memory", "GiB", (files / _GIB,)),
        Figure("node and system", "GiB", (total / _GIB,), 3.0),
    ]


def run(settings: Settings, runs: int) -> list[Figure]:
    """From `make acceptance` to the finished report, with warm caches."""
    return [Figure("make acceptance, warm", "s", tuple(_runs(settings, runs, {})), 90.0)]


def cold(settings: Settings, _: int) -> list[Figure]:
    """The same with empty caches: everything is downloaded and built."""
    with tempfile.TemporaryDirectory(prefix="acceptance-bench-") as folder:
        empty = {
            "XDG_CACHE_HOME": f"{folder}/cache",
            "GOCACHE": f"{folder}/go-build",
            "GOMODCACHE": f"{folder}/go-mod",
            "GOFLAGS": "-modcacherw",
            "PIP_CACHE_DIR": f"{folder}/pip",
            "NPM_CONFIG_CACHE": f"{folder}/npm",
        }
        clone = Path(folder, "clone")
        subprocess.run(["git", "clone", "--quiet", settings.root, clone], check=True)
        (seconds,) = _runs(settings, 1, empty, clone)
    return [Figure("make acceptance, cold", "min", (seconds / 60,), 15.0)]


MEASURES: dict[str, Callable[[Settings, int], list[Figure]]] = {
    "start": start,
    "notice": notice,
    "memory": memory,
    "run": run,
    "cold": cold,
}


def _seconds_to_livez(binaries: Path, settings: Settings) -> float:
    def only(folder: Path, address: str) -> tuple[Component, ...]:
        return tuple(each for each in all_components(folder, address) if each.name in _API_SERVER)

    with _started(binaries, only) as (node, began):
        client = _client(node, settings)
        eventually(
            lambda: client.get("/livez").succeeded,
            bool,
            timeout=settings.timeouts.cluster_start,
            hopeless=lambda _: node.ended(),
            what="the API server alive",
            error=EnvironmentFailure,
        )
        client.close()
        return time.monotonic() - began


def _seconds_to_ready(binaries: Path, settings: Settings) -> float:
    with _started(binaries, all_components) as (node, began):
        nodes = ApiNodes(_kubeconfig(node), CONTEXT, timeout=settings.timeouts.api)
        try:
            await_nodes(nodes, timeout=settings.timeouts.cluster_start, remedy="run again")
        finally:
            nodes.close()
        return time.monotonic() - began


@contextmanager
def _started(
    binaries: Path, components: Callable[[Path, str], tuple[Component, ...]]
) -> Iterator[tuple[Node, float]]:
    began = time.monotonic()
    node = start_node(binaries, components=components)
    try:
        yield node, began
    finally:
        node.end()


def _kubeconfig(node: Node) -> Path:
    return node.run_directory / "pki" / "admin.kubeconfig"


def _client(node: Node, settings: Settings) -> Kubernetes:
    return Kubernetes(_kubeconfig(node), CONTEXT, timeout=settings.timeouts.api)


def _milliseconds_to_notice(client: Kubernetes, number: int) -> float:
    """Annotate a pod from a thread; the time runs from the API server's answer to it."""
    namespace, value = "kube-system", str(number)
    (found, *_) = client.pods(namespace)
    pod = pod_path(namespace, found.name)
    answered: list[float] = []

    def change() -> None:
        time.sleep(0.1)  # until the other side waits
        client.annotate(pod, "acceptance.checkout/mark", value)
        answered.append(time.monotonic())

    thread = threading.Thread(target=change)
    with client.watch_pods(namespace) as wake:
        time.sleep(0.1)  # the first events of a watch tell what there is already
        thread.start()
        eventually(
            lambda: (client.get(pod).json() or {}).get("metadata", {}).get("annotations", {}),
            lambda notes: notes.get("acceptance.checkout/mark") == value,
            timeout=10.0,
            wake=wake,
        )
        noticed = time.monotonic()
    thread.join()
    return max(0.0, noticed - answered[0]) * 1000


def _first_process(kubeconfig: Path) -> int:
    """Return the id of the first process inside of the node that a kubeconfig belongs to."""
    wanted = str(kubeconfig.parent.parent / "node.json")
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_text().split("\0")
            if wanted in command and command[0].endswith("python3"):
                return int(process.name)
    raise EnvironmentFailure("The node has no process any more. Try: run again.")


def _memory_of_processes(first: int) -> int:
    """Return the proportional set size of every process in the node's namespace and below."""
    namespace = Path(f"/proc/{first}/ns/pid").readlink()
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if namespace != (process / "ns" / "pid").readlink() and not _inside(process, first):
                continue
            lines = (process / "smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith(_PAGES)) * 1024
    return total


def _inside(process: Path, first: int) -> bool:
    """Whether a process has an ancestor in the node: containers have namespaces of their own."""
    namespace = Path(f"/proc/{first}/ns/pid").readlink()
    current = process
    while current.name not in {"0", "1"}:
        status = (current / "status").read_text().splitlines()
        parent = next(line.split()[1] for line in status if line.startswith("PPid:"))
        current = Path("/proc", parent)
        with suppress(OSError):
            if (current / "ns" / "pid").readlink() == namespace:
                return True
    return False


def _files_in_memory(first: int) -> int:
    """Return what the node's memory file systems hold."""
    found = [os.statvfs(f"/proc/{first}/root{folder}") for folder in ("/run", "/var/log")]
    return sum((each.f_blocks - each.f_bfree) * each.f_frsize for each in found)


def _runs(
    settings: Settings, runs: int, more: dict[str, str], root: Path | None = None
) -> Iterator[float]:
    for _ in range(runs):
        began = time.monotonic()
        done = subprocess.run(
            ["make", "acceptance", "CLUSTER=embedded"],
            cwd=root or settings.root,
            env={**os.environ, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - began
        if done.returncode:
            raise EnvironmentFailure(f"make acceptance failed.\n{tail(done.stdout)}")
        yield seconds
