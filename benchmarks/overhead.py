"""Measures what metrics, logs and traces cost the backend: the same image, each switched on alone.

The backends run side by side, with the limits of the deployed one and on its database. One client
on the node sends the same requests to all of them in turns (`benchmarks.alternation`).
"""

from __future__ import annotations

import copy
import json
import statistics
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acceptance.deployment.rollout import await_rollout
from acceptance.drivers.kubernetes.client import Kubernetes
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import EnvironmentFailure
from acceptance.process import run
from acceptance.settings import Timeouts
from acceptance.system import System
from benchmarks import alternation
from benchmarks.cgroups import ContainerUsage, usage_of
from benchmarks.figures import Figure, PairedRound, paired_ratio

_OFF = {
    "metrics": ("METRICS", "off"),
    "logs": ("LOG_LEVEL", "warning"),
    "traces": ("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
}
"""The variable that switches a signal off; as a warning, no request is logged."""
BARE = "bare"
COMPARED = {"metrics": {"metrics"}, "logs": {"logs"}, "traces": {"traces"}, "all": set(_OFF)}
"""The backends that are compared with the bare one, and what is switched on in each."""
_MARK = "checkout.benchmark/signals"
_SETTLE_SECONDS = 1.5
"""After a round: longer than the backend collects spans before it sends them."""
_BLOCKS = 2000
_COUNTED = "http_requests_total{"
_LOGGED = '"event": "request"'
_LAST_LINES = 20
_ROUTES = {"read": "read a checkout", "page": "read a page of 20", "pay": "begin, fill and pay one"}


@dataclass(frozen=True)
class _Backend:
    pod: str
    place: tuple[str, int]
    usage: ContainerUsage


@dataclass(frozen=True)
class _Round:
    """What one round measured, by the name of the backend."""

    seconds: Mapping[str, Sequence[float]]
    cpu: Mapping[str, float]
    """Processor seconds for each unit of the route."""
    traced: Collection[str]


def overhead(
    client: Kubernetes, system: System, timeouts: Timeouts, *, rounds: int, seconds: float
) -> list[Figure]:
    """Return the cost of the signals, of `rounds` rounds of `seconds` for each route.

    Raises `EnvironmentFailure` if a backend does not start, answers with an error, or does not send
    exactly the signals that are switched on in it.
    """
    with _side_by_side(client, system, timeouts) as backends:
        found: dict[str, list[_Round]] = {route: [] for route in _ROUTES}
        for number in range(rounds):
            for route in _ROUTES:  # in turns, so that other load affects all of them
                found[route].append(_round(system, backends, route, number, seconds))
        _require_signals(client, system.namespace, backends, found)
        sizes = {name: each.usage.working_set() / 2**20 for name, each in backends.items()}
    figures = [each for route in _ROUTES for each in _of_route(_ROUTES[route], found[route])]
    row = "working set of the backend, MiB"
    return figures + [Figure(name, "", (size,), row=row) for name, size in sizes.items()]


def cloned(deployment: Mapping[str, Any], name: str, on: set[str]) -> dict[str, Any]:
    """Return a Deployment of one pod like `deployment`, with no signal switched on but `on`."""
    spec = copy.deepcopy(dict(deployment["spec"]))
    label = {_MARK: name}
    spec["replicas"] = 1
    spec["selector"]["matchLabels"] |= label
    metadata = spec["template"]["metadata"]
    metadata["labels"] |= label
    if "metrics" not in on:
        metadata["annotations"] = {
            **(metadata.get("annotations") or {}),
            "prometheus.io/scrape": "false",
        }
    changed = dict(pair for signal, pair in _OFF.items() if signal not in on)
    (container,) = spec["template"]["spec"]["containers"]
    kept = [each for each in container.get("env") or () if each["name"] not in changed]
    container["env"] = [*kept, *({"name": key, "value": value} for key, value in changed.items())]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"{deployment['metadata']['name']}-{name}", "labels": label},
        "spec": spec,
    }


@contextmanager
def _side_by_side(
    client: Kubernetes, system: System, timeouts: Timeouts
) -> Iterator[Mapping[str, _Backend]]:
    """Deploy the backends that are compared, and remove them at the end."""
    place, name = system.namespace, system.workloads.backend
    deployment = client.read(api_path("deployments", place, name))
    if deployment is None:
        raise EnvironmentFailure(f"There is no Deployment {name} in {place}.")
    port = client.container_port(place, name)
    wanted = {BARE: set[str](), **COMPARED}
    clones = {key: cloned(deployment, key, on) for key, on in wanted.items()}
    try:
        for each in clones.values():
            client.create(api_path("deployments", place), each)
        await_rollout(
            client,
            place,
            timeouts,
            what="the backends that are compared",
            remedy="look at the pod.",
            error=EnvironmentFailure,
        )
        yield {key: _started(client, place, key, port) for key in clones}
    finally:
        for each in clones.values():
            client.delete(api_path("deployments", place, each["metadata"]["name"]))


def _started(client: Kubernetes, namespace: str, name: str, port: int) -> _Backend:
    pods = client.items(api_path("pods", namespace), labelSelector=f"{_MARK}={name}")
    (pod,) = pods
    status = pod["status"]
    container = status["containerStatuses"][0]["containerID"].rpartition("/")[2]
    return _Backend(pod["metadata"]["name"], (status["podIP"], port), usage_of(container))


def _round(
    system: System, backends: Mapping[str, _Backend], route: str, number: int, seconds: float
) -> _Round:
    plan = {
        "backends": {name: each.place for name, each in backends.items()},
        "route": route,
        "blocks": _BLOCKS,
        "seconds": seconds,
        "seed": number,
    }
    before = {name: each.usage.cpu_seconds() for name, each in backends.items()}
    done = run(
        [*system.inside, sys.executable, "-I", str(Path(alternation.__file__))],
        timeout=seconds + 60,
        stdin=json.dumps(plan),
    )
    time.sleep(_SETTLE_SECONDS)
    found = json.loads(done.stdout)
    cpu = {name: each.usage.cpu_seconds() - before[name] for name, each in backends.items()}
    each = {name: spent / found["units"][name] for name, spent in cpu.items()}
    return _Round(found["seconds"], each, found["traced"])


def _require_signals(
    client: Kubernetes,
    namespace: str,
    backends: Mapping[str, _Backend],
    rounds: Mapping[str, Sequence[_Round]],
) -> None:
    """Raise `EnvironmentFailure` if something else was compared than the names say."""
    last = [each.traced for found in rounds.values() for each in found[-1:]]
    for name, backend in backends.items():
        seen = {"traces"} if all(name in traced for traced in last) else set[str]()
        page = client.ask_pod(namespace, backend.pod, backend.place[1], "/metrics")
        if _COUNTED in page.text:
            seen.add("metrics")
        if _LOGGED in (client.log(namespace, backend.pod, "backend", lines=_LAST_LINES) or ""):
            seen.add("logs")
        wanted = {BARE: set[str](), **COMPARED}[name]
        if seen != wanted:
            raise EnvironmentFailure(
                f"The backend {name} sent {', '.join(sorted(seen)) or 'nothing'} and had to send "
                f"{', '.join(sorted(wanted)) or 'nothing'}. Try: run again."
            )


def _of_route(title: str, rounds: Sequence[_Round]) -> Iterator[Figure]:
    """Return two rows of the table: the latency and the processor time of one route."""
    latency, cpu = f"{title}: median latency", f"{title}: processor time"
    medians = tuple(statistics.median(each.seconds[BARE]) * 1000 for each in rounds)
    yield Figure(BARE, "ms", medians, row=latency)
    for name in COMPARED:
        pairs: list[PairedRound] = [(each.seconds[BARE], each.seconds[name]) for each in rounds]
        yield paired_ratio(name, pairs, statistics.median, row=latency)
    yield Figure(BARE, "ms", tuple(each.cpu[BARE] * 1000 for each in rounds), row=cpu)
    for name in COMPARED:
        pairs = [((each.cpu[BARE],), (each.cpu[name],)) for each in rounds]
        yield paired_ratio(name, pairs, statistics.fmean, row=cpu)
    for name in (BARE, *COMPARED):
        spent = statistics.fmean(each.cpu[name] for each in rounds)
        yield Figure(name, "", (1 / spent,), row=f"{title}: for each second of processor")
