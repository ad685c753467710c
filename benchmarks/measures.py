"""Measures the suite's speed and size, each with its target (no test asserts one)."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import sync_playwright

from acceptance.clusters.embedded.binaries import build_binaries, build_cilium
from acceptance.clusters.embedded.cluster import EmbeddedCluster, let_datapath_start
from acceptance.clusters.embedded.components import all_components
from acceptance.clusters.embedded.datapath import Datapath, bridge, cilium, keep_compiled
from acceptance.clusters.embedded.node import Node, start_node
from acceptance.clusters.embedded.node_layout import CONTEXT, Component
from acceptance.clusters.nodes import ApiNodes, await_nodes
from acceptance.drivers.browser import launch
from acceptance.drivers.kubernetes.client import Kubernetes
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import EnvironmentFailure
from acceptance.process import tail
from acceptance.progress import Progress
from acceptance.readiness.report import write_reports
from acceptance.readiness.tracker import parse, parse_bytes
from acceptance.settings import Settings
from acceptance.waiting import eventually
from benchmarks.figures import Figure
from benchmarks.monitoring import monitoring
from benchmarks.red import red
from fixtures.environment import Environment
from tests.support.report_sample import large_run, run_facts

_API_SERVER = ("etcd", "kube-apiserver")
_CHANGES = 20
_GIB = 2**30
_PAGES = "Pss:"


def start(settings: Settings, runs: int) -> list[Figure]:
    """Measure the start of a node until Ready, with each datapath, against the API server alone."""
    pinned = settings.root / "node"
    progress = Progress(2)
    with progress.step("Kubernetes", cacheable=True) as step:
        binaries = build_binaries(pinned, "kubernetes", settings.timeouts, step)
    with progress.step("Cilium", cacheable=True) as step:
        enforcing = cilium(build_cilium(pinned, settings.timeouts, step))
    alone, ready, enforced = [], [], []
    for _ in range(runs):  # in turns, so that other load affects all of them
        alone.append(_seconds_to_livez(binaries, settings))
        ready.append(_seconds_to_ready(binaries, bridge(binaries), settings))
        enforced.append(_seconds_to_ready(binaries, enforcing, settings))
    ratios = tuple(r / a for r, a in zip(ready, alone, strict=True))
    slower = tuple(e / r for e, r in zip(enforced, ready, strict=True))
    return [
        Figure("API server alone to /livez", "s", tuple(alone)),
        Figure("node Ready, bridge", "s", tuple(ready), 5.0),
        Figure("node Ready, bridge / API server alone", "×", ratios, 1.5),
        Figure("node Ready, Cilium", "s", tuple(enforced), 12.0),
        Figure("node Ready, Cilium / bridge", "×", slower),
    ]


def notice(settings: Settings, _: int) -> list[Figure]:
    """Measure the time from the API server's answer to a change until `eventually` notices it."""
    cluster = EmbeddedCluster(settings)
    try:
        facts = cluster.start(Progress(cluster.steps))
        client = Kubernetes(facts.kubeconfig, facts.context, timeout=settings.timeouts.api)
        try:
            values = tuple(_milliseconds_to_notice(client, number) for number in range(_CHANGES))
        finally:
            client.close()
    finally:
        cluster.stop()
    return [Figure("eventually notices a change", "ms", values, 50.0)]


def memory(settings: Settings, _: int) -> list[Figure]:
    """Measure the memory of the node and the system: their processes, and their files in memory."""
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
    """Measure `make acceptance` until the finished report, with warm caches.

    The target is for a task's acceptance criteria; the Definition of Done has no target.
    """
    chosen = _first_criteria(settings)
    return [
        Figure("the acceptance criteria, warm", "s", tuple(_runs(settings, runs, chosen)), 90.0),
        Figure("make acceptance, warm", "s", tuple(_runs(settings, runs, {}))),
    ]


def cold(settings: Settings, _: int) -> list[Figure]:
    """Measure the first task's acceptance criteria with empty caches, including all builds."""
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
        (seconds,) = _runs(settings, 1, empty | _first_criteria(settings), clone)
    return [Figure("the acceptance criteria, cold", "min", (seconds / 60,), 15.0)]


def tracker(_: Settings, runs: int) -> list[Figure]:
    """Measure the parsing of a tracker with 10,000 items and damaged emoji."""
    lines = ["# A large tracker"]
    for task in range(500):
        lines += ["", f"## TASK-{task}: Do {task}", "- **Status**: Todo", ""]
        lines += ["**Acceptance Criteria**:", *(f"- [ ] It does {n}" for n in range(10)), ""]
        lines += ["**Definition of Done**:", *(f"- [ ] âœ… It has {n}" for n in range(10))]
    source = "\n".join(lines).encode()
    seconds = []
    for _run in range(runs):
        began = time.perf_counter()
        found = parse_bytes(source, Path("tracker.md"))
        seconds.append(time.perf_counter() - began)
        assert len(found.items) == 20 * len(found.tasks)
    return [Figure("a tracker of 10,000 items, read", "s", tuple(seconds), 2.0)]


def report(_: Settings, runs: int) -> list[Figure]:
    """Measure a report of 5,000 items and 50 runs: written, then opened and filtered."""
    size = 0
    written: list[float] = []
    opened: list[float] = []
    filtered: list[float] = []
    searched: list[float] = []
    with tempfile.TemporaryDirectory(prefix="acceptance-bench-") as folder:
        reports = Path(folder)
        tracker, verdicts = large_run(5000, 50, reports)
        page = reports / "readiness.html"
        for _number in range(runs):
            began = time.monotonic()
            write_reports(run_facts(), tracker, verdicts, reports)
            written.append(time.monotonic() - began)
            size = page.stat().st_size
            figures = _seconds_in_the_browser(page)
            for values, value in zip((opened, filtered, searched), figures, strict=True):
                values.append(value)
    return [
        Figure("report of 5,000 items written", "s", tuple(written), 3.0),
        Figure("its page, without evidence", "MB", (size / 1e6,), 5.0),
        Figure("its page opened", "s", tuple(opened), 1.0),
        Figure("its page filtered", "s", tuple(filtered), 1.0),
        Figure("its page searched", "s", tuple(searched), 1.0),
    ]


MEASURES: dict[str, Callable[[Settings, int], list[Figure]]] = {
    "start": start,
    "notice": notice,
    "memory": memory,
    "monitoring": monitoring,
    "run": run,
    "red": red,
    "cold": cold,
    "tracker": tracker,
    "report": report,
}


def _seconds_to_livez(binaries: Path, settings: Settings) -> float:
    def only(folder: Path, address: str, datapath: Datapath) -> tuple[Component, ...]:
        every = all_components(folder, address, datapath)
        return tuple(each for each in every if each.name in _API_SERVER)

    with _started(binaries, bridge(binaries), only) as (node, began):
        client = _client(node, settings)
        eventually(
            lambda: client.liveness().succeeded,
            bool,
            timeout=settings.timeouts.cluster_start,
            unrecoverable=lambda _: node.ended(),
            what="the API server alive",
            error=EnvironmentFailure,
        )
        client.close()
        return time.monotonic() - began


def _seconds_to_ready(binaries: Path, datapath: Datapath, settings: Settings) -> float:
    with _started(binaries, datapath, all_components) as (node, began):
        let_datapath_start(node, datapath, settings.timeouts)
        nodes = ApiNodes(_kubeconfig(node), CONTEXT, timeout=settings.timeouts.api)
        try:
            await_nodes(nodes, timeout=settings.timeouts.cluster_start, remedy="run again")
        finally:
            nodes.close()
        seconds = time.monotonic() - began
        keep_compiled(node.run_directory)
        return seconds


def _seconds_in_the_browser(path: Path) -> tuple[float, float, float]:
    """Return the seconds until the page is painted, and until a filter and a search are."""
    # Wait for the second frame, because the first callback runs before anything is painted.
    painted = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    change = f"""async ([id, value]) => {{
        const field = document.getElementById(id);
        field.value = value;
        const began = performance.now();
        field.dispatchEvent(new Event("input", {{bubbles: true}}));
        await {painted};
        return (performance.now() - began) / 1000;
    }}"""
    with sync_playwright() as playwright:
        browser = launch(playwright, "MAP * ~NOTFOUND")
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            began = time.monotonic()
            page.goto(path.as_uri())
            page.evaluate(painted)
            opened = time.monotonic() - began
            filtered = float(page.evaluate(change, ["fv", "unmet"]))
            searched = float(page.evaluate(change, ["q", "TASK-007 criterion 11"]))
        finally:
            browser.close()
    return opened, filtered, searched


@contextmanager
def _started(
    binaries: Path,
    datapath: Datapath,
    components: Callable[[Path, str, Datapath], tuple[Component, ...]],
) -> Iterator[tuple[Node, float]]:
    began = time.monotonic()
    node = start_node(binaries, datapath, components=components)
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
    pod = api_path("pods", namespace, found.name)
    answered: list[float] = []

    def change() -> None:
        time.sleep(0.1)  # let the other thread begin to wait
        client.patch(pod, {"metadata": {"annotations": {"acceptance.checkout/mark": value}}})
        answered.append(time.monotonic())

    thread = threading.Thread(target=change)
    with client.watch(namespace) as wake:
        time.sleep(0.1)  # the first events of a watch are the existing objects
        thread.start()
        eventually(
            lambda: (client.read(pod) or {}).get("metadata", {}).get("annotations", {}),
            lambda notes: notes.get("acceptance.checkout/mark") == value,
            timeout=10.0,
            wake=wake,
        )
        noticed = time.monotonic()
    thread.join()
    return max(0.0, noticed - answered[0]) * 1000


def _first_process(kubeconfig: Path) -> int:
    """Return the id of the first process inside the node of a kubeconfig."""
    wanted = str(kubeconfig.parent.parent / "node.json")
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_text().split("\0")
            if wanted in command and command[1] == "-I":  # without the processes that started it
                return int(process.name)
    raise EnvironmentFailure("The node has no processes any more. Try: run again.")


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
    """Return the bytes in the node's memory file systems."""
    found = [os.statvfs(f"/proc/{first}/root{folder}") for folder in ("/run", "/var/log")]
    return sum((each.f_blocks - each.f_bfree) * each.f_frsize for each in found)


def _first_criteria(settings: Settings) -> dict[str, str]:
    """Return the make variable that chooses the first task's acceptance criteria."""
    items = parse(settings.tracker).items
    chosen = [each.id for each in items if each.kind == "AC" and each.task == items[0].task]
    return {"ARGS": f"-m '{' or '.join(chosen)}'"}


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
