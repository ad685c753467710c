"""All probes of one scenario: put into the cluster, told what to try, asked what they saw."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.build.kubectl import kubectl
from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.network.drivers.probe_pods import CONTAINER, PROBE_LABEL, Probe, probe_pod
from acceptance.drivers.kubernetes import facts
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import EnvironmentFailure
from acceptance.process import workers
from acceptance.waiting import eventually, lasting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.domains.network.drivers.probe_pods import Door
    from acceptance.domains.network.drivers.sender import Target
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import PodFacts
    from acceptance.settings import Timeouts
    from acceptance.system import System

_SENDER = (Path(__file__).parent / "sender.py").read_text(encoding="utf-8")
_AT_ONCE = 16  # they mostly wait, for what must not get through


@dataclass(frozen=True)
class Sighting:
    """Something that arrived at a probe."""

    door: str
    """tcp, udp, or socket for a connection of the node that the probe did not take itself."""
    port: int
    came: str
    """The address that it came from."""
    said: str


class Fleet:
    """Probe pods, by the names that they were made with."""

    def __init__(self, system: System, cluster: Kubernetes, timeouts: Timeouts) -> None:
        """Make probes for `system`'s run; none is there yet."""
        self._system = system
        self._cluster = cluster
        self._timeouts = timeouts
        self._probes: dict[str, Probe] = {}
        self.gateway = ""
        """Where the node sends what is for the outside, as its probe says."""

    def create(self, probes: Sequence[Probe], image: str, doors: Sequence[Door]) -> None:
        """Ask for all pods; raises `Refused` where one is not admitted."""
        for probe in probes:
            self._probes[probe.name] = probe
            body = probe_pod(probe, image, self._system.run, doors)
            self._cluster.create(api_path("pods", probe.post.namespace), body)

    def remove(self) -> None:
        """End all pods; the node's ports are free again when this returns.

        Raises `EnvironmentFailure` when one does not end.
        """
        with self._cluster.watch() as wake:
            for probe in self._probes.values():
                self._cluster.delete(api_path("pods", probe.post.namespace, probe.name), grace=1)
            eventually(
                lambda: [pod.name for pod in self._pods() if pod.name in self._probes],
                lambda names: not names,
                timeout=self._timeouts.removal,
                wake=wake,
                what="every probe gone",
                describe=lambda names: ", ".join(f"{name} is there" for name in names),
                error=EnvironmentFailure,
            )
        self._probes.clear()

    def await_ready(self) -> tuple[Probe, ...]:
        """Return all probes, with their addresses, once each of them listens.

        Raises `EnvironmentFailure` with what one says that does not.
        """
        with self._cluster.watch() as wake:
            found = eventually(
                self._look,
                lambda pods: (
                    len(pods) == len(self._probes)
                    and all(pod.address and pod.containers[0].state == "running" for pod in pods)
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
            timeout=self._timeouts.execute,
            what="every probe listens",
            describe=lambda silent: ", ".join(f"{name} does not" for name in silent),
            error=EnvironmentFailure,
        )
        self.gateway = next(
            (
                str(self._lines(name)[0].get("gateway", ""))
                for name, probe in self._probes.items()
                if probe.post.node
            ),
            "",
        )
        return tuple(self._probes.values())

    def send(
        self, orders: Mapping[str, Sequence[Target]], timeout: float
    ) -> dict[str, tuple[str, ...]]:
        """Let probes try their targets, all at once; return what became of each target.

        `timeout` is in seconds, for one target. Raises `EnvironmentFailure` if a probe cannot be
        told.
        """

        def order(name: str) -> tuple[str, ...]:
            wanted = json.dumps({"timeout": timeout, "targets": orders[name]})
            where = f"--namespace={self._probes[name].post.namespace}"
            said = kubectl(
                Path(self._system.kubeconfig),
                self._system.context,
                [where, "exec", name, "--", "python3", "-I", "-S", "-c", _SENDER, wanted],
                timeout=timeout + self._timeouts.execute,
            )
            return tuple(json.loads(said))

        with workers(_AT_ONCE) as pool:
            return dict(zip(orders, pool.map(order, orders), strict=True))

    def marks(self) -> dict[str, int]:
        """Return how much each probe has said so far."""
        return {name: len(self._lines(name)) for name in self._probes}

    def sightings(self, since: Mapping[str, int]) -> dict[str, tuple[Sighting, ...]]:
        """Return what each probe saw after `since`."""
        return {
            name: tuple(
                Sighting(line["seen"], line["port"], line["came"], line["said"])
                for line in self._lines(name)[since[name] :]
                if "seen" in line
            )
            for name in self._probes
        }

    def packets(self, since: Mapping[str, int]) -> dict[str, int]:
        """Return how many packets reached each probe's own network after `since`."""
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
        return [facts.pod(e) for e in self._cluster.items("/api/v1/pods", labelSelector=selector)]

    def _lines(self, name: str) -> list[dict[str, Any]]:
        namespace = self._probes[name].post.namespace
        text = self._cluster.log(namespace, name, CONTAINER) or ""
        # The last line may not be complete yet.
        return [json.loads(line) for line in text.splitlines(keepends=True) if line[-1] == "\n"]


def _unrecoverable(pods: Sequence[PodFacts]) -> str | None:
    for pod in pods:
        if pod.unrecoverable:
            return pod.unrecoverable
        if pod.phase == "Failed":
            return f"{pod.name} ended; its image has to have python3, and its ports have to be free"
    return None
