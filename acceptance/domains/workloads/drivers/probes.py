"""Reads the probes of containers, and how they went by the kubelets' own counts.

Sources: Kubernetes API reference (Probe v1); Kubernetes metrics reference, prober_probe_total.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from acceptance.build.manifests import RUN_LABEL
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import Inaccessible
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

EXEMPT = "checkout.probes/"
"""An annotation of a pod with this and a container's name says why that has no probes."""
_KINDS = ("startup", "readiness", "liveness")
_HASH = "pod-template-hash"
_LINE = re.compile(r"^prober_probe_total\{([^}]*)\} (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')

ProbeKey: TypeAlias = "tuple[str, str, str]"
"""The uid of a pod, the name of a container, and the kind of a probe."""
ProbeCounts: TypeAlias = "Mapping[tuple[ProbeKey, str], int]"
"""How many attempts of a probe were `successful` or `failed`."""


@dataclass(frozen=True)
class ProbeFacts:
    """A probe of a container; times are in seconds."""

    kind: str
    """startup, readiness or liveness."""
    delay: float
    period: float
    timeout: float
    failures: int
    """How many attempts have to fail in a row."""

    @property
    def budget(self) -> float:
        """Until the kubelet acts on a container that never passed."""
        return self.delay + self.failures * self.period

    @property
    def attempt(self) -> float:
        """Until an attempt that begins after this moment has ended, at the latest."""
        return self.period + self.timeout

    @property
    def notice(self) -> float:
        """Until the kubelet acts on a failure, at the latest."""
        return self.failures * self.period + self.timeout


@dataclass(frozen=True)
class ProbedContainer:
    """A container that runs for as long as its pod does, and its probes."""

    workload: str
    """What owns the pod; the pod itself if nothing does."""
    pod: str
    uid: str
    """Of the pod."""
    node: str
    name: str
    container_id: str
    """Empty if it does not run."""
    ready: bool
    started: bool
    state: str
    restarts: int
    start_seconds: float | None
    """From its start until its pod became ready last; None if either is not known."""
    serving: bool
    """Whether its pod is ready and not being deleted."""
    owned: bool
    """Whether a deleted pod is replaced."""
    probes: tuple[ProbeFacts, ...]
    exempt: str
    """The declared reason why it needs no probes; empty if it does."""

    def probe(self, kind: str) -> ProbeFacts | None:
        """Return the probe of a kind; None if it has none."""
        return next((each for each in self.probes if each.kind == kind), None)

    def key(self, kind: str) -> ProbeKey:
        """Return by what the attempts of its probe are counted."""
        return self.uid, self.name, kind

    def __str__(self) -> str:
        """Name it."""
        return f"{self.pod}/{self.name}"


def probed_containers(pods: Iterable[Object], run: str) -> tuple[ProbedContainer, ...]:
    """Return the containers of these pods that run for as long as their pod does.

    Left out are pods that ended or will end by themselves: those of Jobs, and those that the suite
    itself starts in this `run`.
    """
    return tuple(each for pod in pods if not _ends(pod, run) for each in _containers(pod))


def read_probe_counts(cluster: Kubernetes, nodes: Iterable[str]) -> ProbeCounts:
    """Return what the kubelets of these nodes have counted since the pods were there.

    Raises `Inaccessible` where they may not be asked.
    """
    counts: dict[tuple[ProbeKey, str], int] = {}
    for node in nodes:
        reply = cluster.send("GET", api_path("nodes", name=node, part="proxy/metrics/probes"))
        if not reply.succeeded:
            message = f"What the kubelet of {node} counts cannot be read: {reply}"
            raise Inaccessible(f"{message}. Try: the right to get nodes/proxy")
        counts.update(parse_probe_counts(reply.text))
    return counts


def parse_probe_counts(text: str) -> ProbeCounts:
    """Read a kubelet's page of /metrics/probes."""
    found: dict[tuple[ProbeKey, str], int] = {}
    for labels, value in _LINE.findall(text):
        known = dict(_LABEL.findall(labels))
        key = known["pod_uid"], known["container"], known["probe_type"].lower()
        found[key, known["result"]] = int(float(value))
    return found


def _ends(pod: Object, run: str) -> bool:
    metadata, spec = pod["metadata"], pod["spec"]
    phase = (pod.get("status") or {}).get("phase")
    of_job = any(each["kind"] == "Job" for each in metadata.get("ownerReferences") or ())
    of_suite = (metadata.get("labels") or {}).get(RUN_LABEL) == run
    once = spec.get("restartPolicy") == "Never"
    return of_job or phase in {"Succeeded", "Failed"} or (of_suite and once)


def _containers(found: Object) -> Iterator[ProbedContainer]:
    metadata, status, pod = found["metadata"], found.get("status") or {}, reading.pod(found)
    states = {
        each["name"]: each
        for group in ("initContainerStatuses", "containerStatuses")
        for each in status.get(group) or ()
    }
    specs = [
        *(each for each in found["spec"].get("initContainers") or () if _is_sidecar(each)),
        *(found["spec"].get("containers") or ()),
    ]
    facts = {each.name: each for each in pod.containers}
    for spec in specs:
        each, name = facts[spec["name"]], spec["name"]
        seen = states.get(name) or {}
        running = (seen.get("state") or {}).get("running")
        yield ProbedContainer(
            workload=_workload(found),
            pod=pod.name,
            uid=pod.uid,
            node=pod.node,
            name=name,
            container_id=seen.get("containerID", "").rpartition("/")[2] if running else "",
            ready=each.ready,
            started=each.started,
            state=each.state,
            restarts=each.restarts,
            start_seconds=(
                _seconds_between((running or {}).get("startedAt"), pod.ready_since)
                if pod.ready
                else None
            ),
            serving=pod.serving,
            owned=bool(metadata.get("ownerReferences")),
            probes=tuple(_probes(spec)),
            exempt=(metadata.get("annotations") or {}).get(f"{EXEMPT}{name}", ""),
        )


def _is_sidecar(container: Object) -> bool:
    """Return whether an init container runs beside the others, and not before them."""
    return container.get("restartPolicy") == "Always"


def _workload(pod: Object) -> str:
    metadata = pod["metadata"]
    owner = next(iter(metadata.get("ownerReferences") or ()), None)
    if owner is None:
        return str(metadata["name"])
    suffix = (metadata.get("labels") or {}).get(_HASH)
    return str(owner["name"]).removesuffix(f"-{suffix}") if suffix else str(owner["name"])


def _probes(container: Object) -> Iterator[ProbeFacts]:
    for kind in _KINDS:
        if probe := container.get(f"{kind}Probe"):
            yield ProbeFacts(
                kind,
                delay=float(probe.get("initialDelaySeconds", 0)),
                period=float(probe.get("periodSeconds", 10)),
                timeout=float(probe.get("timeoutSeconds", 1)),
                failures=int(probe.get("failureThreshold", 3)),
            )


def _seconds_between(first: str | None, then: str) -> float | None:
    if not first or not then:
        return None
    times = [datetime.fromisoformat(each) for each in (first, then)]
    return max(0.0, (times[1] - times[0]).total_seconds())
