"""The operator of the monitoring: asks the running stack what it knows, never its files."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.judgement import Unverifiable, require
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.facts import Object, PodFacts

_NAME = "app.kubernetes.io/name"
_PROMETHEUS = ("prometheus",)
_LOG_STORES = ("loki", "opensearch", "elasticsearch")
_PORTS = ("web", "http", "http-web", "http-metrics", "api")
"""Names under which these programs serve their HTTP API; else the first port counts."""


@dataclass(frozen=True)
class Endpoint:
    """A program that was found by its label, and the path by which the API server leads to it."""

    program: str
    name: str
    path: str


@dataclass(frozen=True)
class Target:
    """What a Prometheus scrapes."""

    address: str
    health: str
    said: str
    """The last error, empty if there was none."""


@dataclass(frozen=True)
class Watching:
    """What one Prometheus says that it scrapes; `refused` says why it says nothing."""

    endpoint: Endpoint
    targets: tuple[Target, ...]
    refused: str


@dataclass(frozen=True)
class LogSearch:
    """How often each log store has what was looked for, in words where it did not say."""

    counts: tuple[tuple[Endpoint, int], ...]
    refused: tuple[str, ...]


class MonitoringOperator(ClusterActor):
    """Somebody who looks after metrics and logs."""

    def ask_monitoring(self) -> tuple[Watching, ...]:
        """Ask every Prometheus of the cluster for what it scrapes."""
        endpoints = self._endpoints(_PROMETHEUS, "monitoring")
        found: list[tuple[Watching, ...]] = []

        def look() -> tuple[Watching, ...]:
            found.append(tuple(map(self._watching, endpoints)))
            return found[-1]

        # A pod that came a moment ago is scraped a moment later.
        with suppress(DeadlineExceeded):
            eventually(
                look,
                lambda seen: any(not self._unwatched(each) for each in seen),
                timeout=self._timeouts.observation,
            )
        self._keep("What the monitoring watches", pretty([asdict(each) for each in found[-1]]))
        return found[-1]

    def judge_watched(self, seen: tuple[Watching, ...]) -> None:
        """One Prometheus scrapes every backend pod with success."""
        faults = [self._unwatched(each) for each in seen]
        require(seen, "No monitoring was asked.")
        require(not all(faults), "; ".join(faults))

    def find_log(self, wanted: str) -> LogSearch:
        """Look for a text in every log store of the cluster, until one has it."""
        endpoints = self._endpoints(_LOG_STORES, "log store")
        found: list[LogSearch] = []

        def look() -> LogSearch:
            found.append(self._search(endpoints, wanted))
            return found[-1]

        with suppress(DeadlineExceeded):
            eventually(
                look,
                lambda search: any(count for _, count in search.counts),
                timeout=self._timeouts.observation,
            )
        self._keep("What the log stores have", pretty(asdict(found[-1])))
        return found[-1]

    def judge_logged(self, search: LogSearch) -> None:
        """A log store has what was looked for."""
        limit = self._timeouts.observation
        said = [
            f"{each.name} has no line of the visit after {limit:g} s" for each, _ in search.counts
        ]
        require(any(count for _, count in search.counts), "; ".join([*search.refused, *said]))

    def _endpoints(self, programs: tuple[str, ...], what: str) -> tuple[Endpoint, ...]:
        """Find programs by their standard label in all namespaces: Services, else running pods.

        Raises `Unverifiable` when there is none, or when nobody may look.
        """
        selector = f"{_NAME} in ({','.join(programs)})"
        try:
            services = self._cluster.items("/api/v1/services", labelSelector=selector)
            pods = self._cluster.items("/api/v1/pods", labelSelector=selector)
        except Refused as error:
            message = f"Whether there is a {what} is not known, because nobody may look: {error}."
            raise Unverifiable(message) from error
        found = [_endpoint(each, "services") for each in services]
        served = {each.program for each in found}
        lone = [_endpoint(each, "pods") for each in pods]
        found += [each for each in lone if each.program not in served]
        self._keep(f"Where a {what} was looked for", pretty({selector: [asdict(e) for e in found]}))
        if not found:
            message = (
                f"No {what} is deployed: nothing in any namespace has the label {_NAME} with "
                f"{' or '.join(programs)}, so nothing is known of what it would show."
            )
            raise Unverifiable(message)
        return tuple(found)

    def _watching(self, endpoint: Endpoint) -> Watching:
        reply = self._cluster.send(
            "GET", f"{endpoint.path}/api/v1/targets", query={"state": "active"}
        )
        found: Any = reply.json() if reply.succeeded else None
        try:
            targets = tuple(_target(each) for each in found["data"]["activeTargets"])
        except (TypeError, KeyError):
            return Watching(endpoint, (), str(reply))
        return Watching(endpoint, targets, "")

    def _unwatched(self, seen: Watching) -> str:
        """Say which backend pod is not scraped with success; empty if none is."""
        name = seen.endpoint.name
        if seen.refused:
            return f"{name} does not say what it watches: {seen.refused}"
        pods = [pod for pod in self._pods(self.system.workloads.backend) if pod.serving]
        faults = [fault for pod in pods if (fault := _fault(pod, seen.targets))]
        if not pods:
            return "no backend pod is ready, so none is watched"
        return f"{name}: {'; '.join(faults)}" if faults else ""

    def _search(self, endpoints: tuple[Endpoint, ...], wanted: str) -> LogSearch:
        counts, refused = [], []
        for endpoint in endpoints:
            path, query = _question(endpoint, self.system.namespace, wanted)
            reply = self._cluster.send("GET", path, query=query)
            count = _hits(endpoint, reply.json()) if reply.succeeded else None
            if count is None:
                refused.append(f"{endpoint.name} does not say what was logged: {reply}")
            else:
                counts.append((endpoint, count))
        return LogSearch(tuple(counts), tuple(refused))


def _endpoint(found: Object, kind: str) -> Endpoint:
    metadata, spec = found["metadata"], found["spec"]
    if kind == "services":
        ports = [(each.get("name", ""), each["port"]) for each in spec.get("ports") or ()]
    else:
        ports = [
            (each.get("name", ""), each["containerPort"])
            for container in spec["containers"]
            for each in container.get("ports") or ()
        ]
    number = next((n for name in _PORTS for own, n in ports if own == name), None)
    number = number or (ports[0][1] if ports else 80)
    where, name = metadata["namespace"], metadata["name"]
    path = f"/api/v1/namespaces/{where}/{kind}/{name}:{number}/proxy"
    return Endpoint(metadata["labels"][_NAME], f"{where}/{name}", path)


def _target(found: Object) -> Target:
    return Target(
        address=urlsplit(found["scrapeUrl"]).hostname or "",
        health=found["health"],
        said=found.get("lastError", ""),
    )


def _fault(pod: PodFacts, targets: tuple[Target, ...]) -> str | None:
    own = [each for each in targets if each.address == pod.address]
    if not own:
        return f"{pod.name} is not watched"
    if any(each.health == "up" for each in own):
        return None
    return f"{pod.name} is {own[0].health}: {own[0].said or 'no reason was given'}"


def _question(endpoint: Endpoint, namespace: str, wanted: str) -> tuple[str, dict[str, str]]:
    """Return where and how to ask for lines with a text (Loki's or Elasticsearch's HTTP API)."""
    if endpoint.program == "loki":
        query = f'{{namespace="{namespace}"}} |= "{wanted}"'
        return f"{endpoint.path}/loki/api/v1/query_range", {"query": query}
    return f"{endpoint.path}/_search", {"q": f'"{wanted}"', "size": "1"}


def _hits(endpoint: Endpoint, answer: Any) -> int | None:  # noqa: ANN401 - not our own
    """Return how many lines were found; None if the answer is of another shape."""
    try:
        if endpoint.program == "loki":
            return len(answer["data"]["result"])
        total = answer["hits"]["total"]
        return int(total["value"] if isinstance(total, dict) else total)
    except (TypeError, KeyError, ValueError):
        return None
