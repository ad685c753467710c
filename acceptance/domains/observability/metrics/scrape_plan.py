"""Compares what Prometheus scrapes with what has to be scraped, by the cluster's own objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers.prometheus import PROBES
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from acceptance.domains.observability.drivers.prometheus import ScrapeTarget
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object
    from acceptance.system import System

_LABEL = "app.kubernetes.io/name"
_API_SERVER = "kubernetes.default.svc"
PODS, NODES, CLUSTER = "every pod", "every node", "the cluster"
_OR = " or "


@dataclass(frozen=True)
class ScrapeRow:
    """A row of the plan: a job, the program that it scrapes, where, and a metric of its page."""

    job: str
    program: str
    """Its name; "one or another" where it depends on the cluster."""
    scraped: str
    """`PODS`, `NODES` or `CLUSTER`."""
    metric: str
    """A metric that each of its pages has; "one or another" where it depends on the program."""

    @property
    def programs(self) -> tuple[str, ...]:
        """The names of the program."""
        return tuple(self.program.split(_OR))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metric, of which a page has one."""
        return tuple(self.metric.split(_OR))


@dataclass(frozen=True)
class ExpectedTarget:
    """What a job has to scrape: a pod or a node by its address."""

    job: str
    name: str
    address: str


def expected_targets(
    cluster: Kubernetes, system: System, rows: Sequence[ScrapeRow]
) -> tuple[ExpectedTarget, ...]:
    """Return every target that the objects of the cluster and the plan `rows` demand.

    Raises `Unverifiable` for a row that names nothing that exists.
    """
    found: list[ExpectedTarget] = []
    for row in rows:
        own = list(_of(cluster, system, row))
        if not own:
            raise Unverifiable(
                f"There is no {row.program} in the cluster, which {row.job} scrapes."
            )
        found += own
    return tuple(found)


def _of(cluster: Kubernetes, system: System, row: ScrapeRow) -> Iterable[ExpectedTarget]:
    if row.scraped == CLUSTER:
        yield ExpectedTarget(row.job, row.program, _API_SERVER)
    elif row.scraped == NODES:
        for node in cluster.items(api_path("nodes")):
            for address in node["status"]["addresses"]:
                if address["type"] == "InternalIP":
                    yield ExpectedTarget(row.job, node["metadata"]["name"], address["address"])
    else:
        for pod in (pod for each in row.programs for pod in _pods(cluster, system, each)):
            metadata, status = pod["metadata"], pod["status"]
            if status.get("podIP") and status["phase"] == "Running":
                yield ExpectedTarget(row.job, metadata["name"], status["podIP"])


def _pods(cluster: Kubernetes, system: System, program: str) -> list[Object]:
    """Return the pods of a program: the system's own in its namespace, others wherever they are."""
    if program in system.names:
        return cluster.pod_objects(system.namespace, program)
    return cluster.items(api_path("pods"), labelSelector=f"{_LABEL}={program}")


def compare(
    expected: Sequence[ExpectedTarget], targets: Sequence[ScrapeTarget]
) -> tuple[list[str], list[str]]:
    """Return in sentences what is not scraped as it is to be, and what is scraped beside it.

    Probes of endpoints are another subject.
    """
    scraped = {(each.job, each.address): each for each in targets}
    missing = [fault for each in expected if (fault := _fault(each, scraped))]
    known = {(each.job, each.address) for each in expected}
    beside = [
        f"{each.job} scrapes {each.url} of {each.label('pod') or each.instance}; it is not planned"
        for each in targets
        if each.job != PROBES and (each.job, each.address) not in known
    ]
    seen: set[str] = set()
    for each in targets:
        if each.job != PROBES and each.url in seen:
            beside.append(f"{each.url} is scraped more than once")
        seen.add(each.url)
    return missing, beside


def _fault(each: ExpectedTarget, scraped: dict[tuple[str, str], ScrapeTarget]) -> str | None:
    target = scraped.get((each.job, each.address))
    if target is None:
        return f"{each.job} does not scrape {each.name} at {each.address}"
    if not target.up:
        return (
            f"{each.job}: {each.name} is {target.health}: {target.error or 'no reason was given'}"
        )
    return None
