"""Creates the probe pods of a scenario, lets them connect, and reads what arrived at them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.build.kubectl import kubectl
from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.network.drivers.probe_pods import CONTAINER, PROBE_LABEL, Probe, probe_pod
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import EnvironmentFailure
from acceptance.process import workers
from acceptance.waiting import eventually, lasting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.domains.network.drivers.sender import ConnectionTarget
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import PodFacts
    from acceptance.drivers.kubernetes.network_policies.port import Port
    from acceptance.settings import Timeouts
    from acceptance.system import System

_SENDER = (Path(__file__).parent / "sender.py").read_text(encoding="utf-8")
_AT_ONCE = 16  # mostly they wait for connections that a policy must stop


@dataclass(frozen=True)
class Arrival:
    """Something that arrived at a probe."""

    protocol: str
    """tcp, udp, or `socket` for a connection of the node that the probe did not accept itself."""
    port: int
    source: str
    """The address that it came from."""
    text: str
    """What was sent, or the beginning of it."""


class ProbeFleet:
    """Manages the probe pods of one testbed, by their names."""

    def __init__(self, system: System, cluster: Kubernetes, timeouts: Timeouts) -> None:
        """Prepare for probes of the run of `system`; there is none yet."""
        self._system = system
        self._cluster = cluster
        self._timeouts = timeouts
        self._probes: dict[str, Probe] = {}
        self.gateway = ""
        """The node's default gateway, as the probe on the node reads it."""

    def create(self, probes: Sequence[Probe], image: str, ports: Sequence[Port]) -> None:
        """Create the pods; raises `Refused` if one is not admitted."""
        for probe in probes:
            self._probes[probe.name] = probe
            body = probe_pod(probe, image, self._system.run, ports)
            self._cluster.create(api_path("pods", probe.placement.namespace), body)

    def remove(self) -> None:
        """Delete all pods, and wait until they are gone and the node's ports are free again.

        Raises `EnvironmentFailure` if one does not end.
        """
        with self._cluster.watch() as wake:
            for probe in self._probes.values():
                path = api_path("pods", probe.placement.namespace, probe.name)
                self._cluster.delete(path, grace=1)
            eventually(
                lambda: [pod.name for pod in self._pods() if pod.name in self._probes],
                lambda names: not names,
                timeout=self._timeouts.removal,
                wake=wake,
                what="every probe is deleted",
                describe=lambda names: ", ".join(f"{name} is still there" for name in names),
                error=EnvironmentFailure,
            )
        self._probes.clear()

    def await_ready(self) -> tuple[Probe, ...]:
        """Return all probes, with their addresses, once each of them listens.

        Raises `EnvironmentFailure` with the state of those that do not.
        """
        with self._cluster.watch() as wake:
            found = eventually(
                self._look,
                lambda pods: (
                    len(pods) == len(self._probes)
                    and all(pod.address and pod.main.state == "running" for pod in pods)
                ),
                timeout=self._timeouts.schedule,
                wake=wake,
                unrecoverable=lasting(_unrecoverable, seconds=self._timeouts.unrecoverable),
                what="every probe runs",
                describe=lambda pods: "; ".join(f"{pod.name}: {pod.phase}" for pod in pods),
                remedy="kubectl get pods --all-namespaces",
                error=EnvironmentFailure,
            )
        for pod in found:
            probe = self._probes[pod.name]
            self._probes[pod.name] = replace(probe, address=pod.address)
        eventually(
            lambda: [name for name in self._probes if not self._lines(name)],
            lambda silent: not silent,
            timeout=self._timeouts.schedule,
            what="every probe listens",
            describe=lambda silent: ", ".join(f"{name} does not listen" for name in silent),
            error=EnvironmentFailure,
        )
        self.gateway = next(
            (
                str(self._lines(name)[0].get("gateway", ""))
                for name, probe in self._probes.items()
                if probe.placement.node
            ),
            "",
        )
        return tuple(self._probes.values())

    def send(
        self, targets: Mapping[str, Sequence[ConnectionTarget]], timeout: float
    ) -> dict[str, tuple[str, ...]]:
        """Let each probe connect to its targets, all at once; return the result of each target.

        `timeout` is in seconds, for one target. Raises `EnvironmentFailure` if a probe does not
        run the program.
        """

        def run(name: str) -> tuple[str, ...]:
            wanted = json.dumps({"timeout": timeout, "targets": targets[name]})
            where = f"--namespace={self._probes[name].placement.namespace}"
            printed = kubectl(
                Path(self._system.kubeconfig),
                self._system.context,
                [where, "exec", name, "--", "python3", "-I", "-S", "-c", _SENDER, wanted],
                timeout=timeout + self._timeouts.execute,
            )
            return tuple(json.loads(printed))

        with workers(_AT_ONCE) as pool:
            return dict(zip(targets, pool.map(run, targets), strict=True))

    def log_lengths(self) -> dict[str, int]:
        """Return how many lines each probe has logged so far."""
        return {name: len(self._lines(name)) for name in self._probes}

    def arrivals(self, since: Mapping[str, int]) -> dict[str, tuple[Arrival, ...]]:
        """Return what arrived at each probe after its first `since` lines of log."""
        return {
            name: tuple(
                Arrival(line["arrived"], line["port"], line["source"], line["text"])
                for line in self._lines(name)[since[name] :]
                if "arrived" in line
            )
            for name in self._probes
        }

    def packets(self, since: Mapping[str, int]) -> dict[str, int]:
        """Return how many packets reached each probe's own network; `since` as in `arrivals`."""
        found = {}
        for name in self._probes:
            lines = self._lines(name)
            counts = [
                [e["packets"] for e in part if "packets" in e]
                for part in (lines[: since[name]], lines)
            ]
            if counts[0]:
                found[name] = counts[1][-1] - counts[0][-1]
        return found

    def _look(self) -> list[PodFacts]:
        return [pod for pod in self._pods() if pod.name in self._probes and not pod.deleting]

    def _pods(self) -> list[PodFacts]:
        selector = f"{RUN_LABEL}={self._system.run},{PROBE_LABEL}"
        return [
            reading.pod(e) for e in self._cluster.items(api_path("pods"), labelSelector=selector)
        ]

    def _lines(self, name: str) -> list[dict[str, Any]]:
        namespace = self._probes[name].placement.namespace
        text = self._cluster.log(namespace, name, CONTAINER) or ""
        # The last line may not be complete yet.
        return [json.loads(line) for line in text.splitlines(keepends=True) if line[-1] == "\n"]


def _unrecoverable(pods: Sequence[PodFacts]) -> str | None:
    for pod in pods:
        if pod.unrecoverable:
            return pod.unrecoverable
        if pod.phase == "Failed":
            return f"{pod.name} ended: its image needs python3, and its ports have to be free"
    return None
