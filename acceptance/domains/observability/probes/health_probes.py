"""Checks that every health endpoint is probed, and that a failure shows on its own probe only."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from acceptance.domains.observability.drivers.prometheus import PROBES
from acceptance.domains.observability.metrics.actor import MetricsOperator
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pod_commands import execute_in_pod
from acceptance.errors import EnvironmentFailure, SystemFailure
from acceptance.judgement import Unverifiable, listed, require
from acceptance.waiting import SYSTEM_CLOCK, last_seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from acceptance.domains.observability.drivers.prometheus import Prometheus, ScrapeTarget
    from acceptance.drivers.kubernetes.facts import PodFacts
Repair: TypeAlias = "Callable[[], None]"

_FROM_INGRESS = "ingress"
_PROBES_OF_PODS = ("startupProbe", "readinessProbe", "livenessProbe")


@dataclass(frozen=True)
class HealthEndpoint:
    """An address that tells of a pod's health, by the cluster's objects."""

    name: str
    """The pod and the path."""
    url: str


@dataclass(frozen=True)
class ProbeState:
    """The endpoints that there are, the probes of Prometheus, and the worst recent results."""

    endpoints: tuple[HealthEndpoint, ...]
    published: tuple[str, ...]
    """The paths that the system's Ingress publishes."""
    probes: tuple[ScrapeTarget, ...]
    results: tuple[tuple[str, float], ...]
    """By URL: 1 if every probe of the last two intervals succeeded."""

    @property
    def unprobed(self) -> list[str]:
        """The endpoints without a probe, in sentences."""
        urls = {each.url for each in self.probes}
        return [f"{e.name} ({e.url}) is not probed" for e in self.endpoints if e.url not in urls]

    @property
    def failing(self) -> list[str]:
        """The probes that failed, or have no result, in sentences."""
        results = dict(self.results)
        return [
            f"the probe of {each.label('endpoint')} at {each.url} "
            + ("has no result" if each.url not in results else "failed")
            for each in self.probes
            if results.get(each.url) != 1
        ]


@dataclass(frozen=True)
class BrokenEndpoint:
    """What was broken, which probes have to fail for it, and which failed."""

    what: str
    wanted: tuple[str, ...]
    """The URLs whose probes have to fail."""
    allowed: tuple[str, ...]
    """The URLs whose probes may fail as well, because visitors may notice it for a moment."""
    failed: tuple[str, ...]
    seconds: float
    limit: float
    after: tuple[str, ...]
    """The probes that failed still after the repair."""


class ProbeOperator(MetricsOperator):
    """Compares the probes with the endpoints, and makes one of them fail."""

    def read_probes(self) -> ProbeState:
        """Return endpoints and probes, once all are probed and succeed or at the deadline."""
        client = self.prometheus()
        found = last_seen(
            lambda: self._state(client),
            lambda state: not (state.unprobed or state.failing),
            timeout=self._timeouts.observation,
        )
        self._keep("Health endpoints and their probes", pretty(asdict(found)))
        return found

    def assert_endpoints_probed(self, state: ProbeState) -> None:
        """Each path that a kubelet probes is probed, of each pod of the system."""
        require(state.endpoints, "No pod of the system has a health endpoint.")
        require(not state.unprobed, listed(state.unprobed))

    def assert_visitors_paths_probed(self, state: ProbeState) -> None:
        """Each path of the Ingress has a probe through the ingress."""
        require(state.published, "The system's Ingress publishes no path.")
        visited = [
            urlsplit(each.url).path for each in state.probes if each.label("way") == _FROM_INGRESS
        ]
        # The longest prefix takes a request, so a probe of /api does not reach what serves /.
        served = {
            max(filter(path.startswith, state.published), key=len, default="") for path in visited
        }
        missing = [path for path in state.published if path not in served]
        require(not missing, f"No probe through the ingress reaches {', '.join(missing)}.")

    def assert_probes_succeed(self, state: ProbeState) -> None:
        """Each probe succeeded in the last two intervals."""
        require(state.probes, "Prometheus probes no endpoint.")
        require(not state.failing, listed(state.failing))

    def break_endpoint(self, what: str) -> BrokenEndpoint:
        """Break `what`, wait for the probes that have to fail, and repair it.

        Raises `Unverifiable` if a probe fails before anything is broken, or it cannot be broken.
        """
        before = self.read_probes()
        if before.failing or before.unprobed:
            raise Unverifiable(
                f"Before anything is broken: {listed(before.failing or before.unprobed)}."
            )
        client = self.prometheus()
        interval = max(each.interval for each in before.probes)
        repair, wanted = self._break(what, before)
        repaired = ExitStack()
        repaired.callback(repair)
        self._undo.push(repaired)
        started = SYSTEM_CLOCK.now()

        def look() -> set[str]:
            return self._failing_now(client)

        limit = 2 * interval + max(each.interval for each in before.probes)
        last_seen(look, lambda found: set(wanted) <= found, timeout=limit)
        seconds = SYSTEM_CLOCK.now() - started
        SYSTEM_CLOCK.pause(interval)  # a probe that has no business to fail has time to do so
        during = tuple(sorted(look()))
        repaired.close()
        failed = last_seen(look, lambda found: not found, timeout=self._timeouts.recovery)
        found = BrokenEndpoint(
            what=what,
            wanted=wanted,
            allowed=tuple(e.url for e in before.probes if e.label("way") == _FROM_INGRESS),
            failed=during,
            seconds=seconds,
            limit=2 * interval,
            after=tuple(sorted(failed)),
        )
        self._keep(f"Probes while {what} was broken", pretty(asdict(found)))
        return found

    def assert_only_these_fail(self, found: BrokenEndpoint) -> None:
        """The probes of what was broken failed in time, and no others did."""
        require(found.wanted, f"No probe has to fail for {found.what}.")
        silent = sorted({*found.wanted} - {*found.failed})
        loud = sorted({*found.failed} - {*found.wanted} - {*found.allowed})
        require(
            not silent, f"{found.what} was broken, and the probe of {listed(silent)} did not fail."
        )
        require(
            not loud, f"{found.what} was broken, and the probe of {listed(loud)} failed as well."
        )
        require(
            found.seconds <= found.limit,
            f"The probes failed {found.seconds:.1f} s after {found.what} did, which is more than "
            f"two intervals ({found.limit:g} s).",
        )

    def assert_succeed_again(self, found: BrokenEndpoint) -> None:
        """After the repair, each probe succeeds again."""
        require(
            not found.after, f"After the repair, these probes fail still: {listed(found.after)}."
        )

    def _state(self, client: Prometheus) -> ProbeState:
        targets = client.targets()
        require(not targets.refused, f"Prometheus does not return its targets: {targets.refused}.")
        probes = tuple(each for each in targets.targets if each.job == PROBES)
        interval = max((each.interval for each in probes), default=0.0)
        results = client.worst_probe_results(2 * interval) if probes else None
        return ProbeState(
            tuple(self._endpoints_of_pods()),
            self._published(),
            probes,
            tuple(
                (each.label("instance"), each.value)
                for each in (results.samples if results else ())
            ),
        )

    def _endpoints_of_pods(self) -> Iterator[HealthEndpoint]:
        for pod in self._cluster.pod_objects(self.system.namespace):
            address = pod["status"].get("podIP")
            if pod["status"]["phase"] != "Running" or not address:
                continue
            paths = {
                (path["path"], _number(container, path["port"]))
                for container in pod["spec"]["containers"]
                for kind in _PROBES_OF_PODS
                if (path := (container.get(kind) or {}).get("httpGet"))
            }
            for path, port in sorted(paths):
                name = f"{pod['metadata']['name']} {path}"
                yield HealthEndpoint(name, f"http://{address}:{port}{path}")

    def _published(self) -> tuple[str, ...]:
        return tuple(
            path["path"]
            for ingress in self._cluster.items(api_path("ingresses", self.system.namespace))
            for rule in ingress["spec"].get("rules") or ()
            if rule.get("host") == self.system.host
            for path in rule["http"]["paths"]
        )

    def _failing_now(self, client: Prometheus) -> set[str]:
        return {e.label("instance") for e in client.probe_results().samples if e.value != 1}

    def _break(self, what: str, state: ProbeState) -> tuple[Repair, tuple[str, ...]]:
        """Break `what`; return how it is repaired, and the URLs whose probes have to fail."""
        breaking = {"the database": self._stop_database, "one frontend pod": self._pause_frontend}
        return breaking[what](state)

    def _stop_database(self, state: ProbeState) -> tuple[Repair, tuple[str, ...]]:
        """Stop the database: the backend lives, and is not ready. The API fails for visitors."""
        name = self.system.workloads.database
        found = self._workload(name)
        scale = (found.kind, self.system.namespace, name)
        ready, listed_at = (self.system.contract.path(e) for e in ("backend_ready", "checkouts"))
        wanted = tuple(
            each.url
            for each in state.probes
            if each.url.endswith(ready)
            or (each.label("way") == _FROM_INGRESS and listed_at in each.url)
        )
        self._cluster.scale(*scale, 0)
        return lambda: self._cluster.scale(*scale, found.wanted), wanted

    def _pause_frontend(self, state: ProbeState) -> tuple[Repair, tuple[str, ...]]:
        """Pause the workers of one frontend pod of two: it takes connections and never answers."""
        pod = next(each for each in self._pods(self.system.workloads.frontend) if each.serving)
        wanted = tuple(each.url for each in state.probes if each.label("pod") == pod.name)

        def signal(name: str) -> None:
            # Not process 1, whose children the workers are: its namespace shields it.
            script = (
                f"for p in /proc/[0-9]*; do n=${{p#/proc/}}; "
                f"[ $n = 1 ] || [ $n = $$ ] || kill -{name} $n 2>/dev/null; done; true"
            )
            self._execute(pod, "sh", "-c", script)

        signal("STOP")
        return lambda: signal("CONT"), wanted

    def _execute(self, pod: PodFacts, *command: str) -> None:
        system = self.system
        where = (Path(system.kubeconfig), system.context, system.namespace)
        try:
            execute_in_pod(*where, pod.name, pod.main.name, command, timeout=self._timeouts.execute)
        except (SystemFailure, EnvironmentFailure) as error:
            raise Unverifiable(f"{pod.name} cannot be paused: {error.message}") from error


def _number(container: dict[str, Any], port: int | str) -> int:
    """Return the number of a port of a container that is given by its name or number."""
    if isinstance(port, int):
        return port
    return next(int(e["containerPort"]) for e in container["ports"] if e.get("name") == port)
