"""Compares the table of critical metrics with what Prometheus has, in both directions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.metrics.actor import MetricsOperator
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, listed, require
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from acceptance.domains.observability.drivers.prometheus import Prometheus, Sample

GOLDEN_SIGNALS = ("traffic", "errors", "latency", "saturation")
"""Source: Site Reliability Engineering (Google), chapter 6."""
_RISES = "traffic"
_OF_THE_LANGUAGE = ("process_", "python_", "scrape_", "up", "target_")
"""What metrics begin with that Prometheus or the client library adds to every program."""
_PARTS = ("_bucket", "_count", "_sum", "_created")
"""What the series of a histogram or counter end with beside its name."""


@dataclass(frozen=True)
class MetricRow:
    """A critical metric: whose signal it is, and which of its series count."""

    of: str
    """The workload; what is no workload of the system is any name."""
    signal: str
    job: str
    metric: str
    label: str
    """A label that each of its series has; with a value, the series that have it: a=b. Or empty."""
    each: str = ""
    """What has to have a series of its own: pod, node, claim or certificate. Or empty."""

    @property
    def key(self) -> str:
        """Whose signal it is, in words."""
        return f"{self.signal} of {self.of}"


@dataclass(frozen=True)
class CollectedMetric:
    """What Prometheus has of a critical metric before visitors came and after."""

    row: MetricRow
    lacking: tuple[str, ...]
    """What has to have a series of its own and has none."""
    series: int
    before: float
    after: float
    refused: str


@dataclass(frozen=True)
class MetricState:
    """All critical metrics, and what the backend exports."""

    metrics: tuple[CollectedMetric, ...]
    exported: tuple[str, ...]
    """The names of all metrics that the backend's pods export of themselves."""


class CriticalMetricsOperator(MetricsOperator):
    """Asks Prometheus for every critical metric."""

    def read_metrics(self, table: Sequence[Sequence[str]]) -> MetricState:
        """Look at every metric twice, until the traffic of all workloads has risen.

        `table` has a head, and the columns of `MetricRow`.
        """
        rows = [MetricRow(*row) for row in table[1:]]
        client = self.prometheus()
        before = {row: self._samples(client, row) for row in rows}
        seen = last_seen(
            lambda: [self._collected(client, row, before[row]) for row in rows],
            lambda seen: all(
                e.series and not e.lacking and (e.after > e.before or e.row.signal != _RISES)
                for e in seen
            ),
            timeout=self._timeouts.observation,
        )
        exported = client.names_of(self.system.workloads.backend)
        if exported.refused:
            raise AssertionError(f"Prometheus does not name its metrics: {exported.refused}.")
        names = {each.label("__name__") for each in exported.samples}
        found = MetricState(tuple(seen), tuple(sorted(filter(_own, names))))
        self._keep("Critical metrics", pretty(asdict(found)))
        return found

    def assert_all_collected(self, state: MetricState) -> None:
        """Every metric has series, and one for each thing that has to have its own."""
        require(state.metrics, "No metric is critical.")
        faults = []
        for each in state.metrics:
            row = each.row
            if each.refused or not each.series:
                faults.append(f"there is no {row.metric} of {row.job} for the {row.key}")
                continue
            faults += [f"the {row.each} {name} has no {row.metric}" for name in each.lacking]
        require(not faults, listed(faults))

    def assert_traffic_counted(self, state: MetricState) -> None:
        """The traffic of every workload rises when visitors come."""
        traffic = [each for each in state.metrics if each.row.signal == _RISES]
        require(traffic, "No metric is about traffic.")
        faults = [
            f"the {each.row.key} stays at {each.after:g} while visitors come"
            for each in traffic
            if not each.after > each.before
        ]
        require(not faults, listed(faults))

    def assert_golden_signals(self, state: MetricState) -> None:
        """Every workload of the system has all four golden signals."""
        there = {(each.row.of, each.row.signal) for each in state.metrics}
        faults = [
            f"no critical metric tells of the {signal} of {name}"
            for name in self.system.names
            for signal in GOLDEN_SIGNALS
            if (name, signal) not in there
        ]
        require(not faults, listed(faults))

    def assert_nothing_beside(self, state: MetricState) -> None:
        """The table names every metric that the backend exports of itself."""
        require(state.exported, "The backend exports no metric of its own.")
        backend = self.system.workloads.backend
        declared = {each.row.metric for each in state.metrics if each.row.job == backend}
        wild = [name for name in state.exported if not _declared(name, declared)]
        require(not wild, f"The backend exports {listed(wild)}, which the table does not name.")

    def lacking(self, row: MetricRow, there: Iterable[Sample]) -> tuple[str, ...]:
        """Return what has to have one of the series that are `there`, and has none.

        Raises `Unverifiable` if nothing in the cluster could have one.
        """
        wanted = self._wanted(row)
        if row.each and not wanted:
            raise Unverifiable(f"There is no {row.each} that could have {row.metric}.")
        return tuple(sorted(wanted - {_owner(row.each, each) for each in there}))

    def _samples(self, client: Prometheus, row: MetricRow) -> float:
        return sum(each.value for each in client.series(row.metric, row.job, row.label).samples)

    def _collected(self, client: Prometheus, row: MetricRow, before: float) -> CollectedMetric:
        found = client.series(row.metric, row.job, row.label)
        return CollectedMetric(
            row,
            self.lacking(row, found.samples),
            len(found.samples),
            before,
            sum(each.value for each in found.samples),
            found.refused,
        )

    def _wanted(self, row: MetricRow) -> set[str]:
        """Return the names of all that has to have a series of its own."""
        things: dict[str, Callable[[], Iterable[str]]] = {
            "": tuple,
            "pod": lambda: self.serving(row.of),
            "node": lambda: self._names("nodes"),
            "claim": self._mounted_claims,
            "certificate": lambda: self._names("certificates"),
        }
        return set(things[row.each]())

    def _names(self, kind: str) -> list[str]:
        found = [each["metadata"] for each in self._cluster.items(api_path(kind))]
        return [_joined(each.get("namespace", ""), each["name"]) for each in found]

    def _mounted_claims(self) -> list[str]:
        """Return the claims that running pods use: the kubelet measures no others."""
        return [
            _joined(pod["metadata"]["namespace"], claim["claimName"])
            for pod in self._cluster.items(api_path("pods"))
            if pod["status"]["phase"] == "Running"
            for volume in pod["spec"].get("volumes") or ()
            if (claim := volume.get("persistentVolumeClaim"))
        ]


_LABELS = {"claim": "persistentvolumeclaim", "certificate": "name"}
"""Which label of a series has the name of what it is about; others have it in their own."""


def _owner(kind: str, sample: Sample) -> str:
    """Return what a series is about, as `CriticalMetricsOperator` names it."""
    name = sample.label(_LABELS.get(kind, kind))
    if kind not in _LABELS:
        return name
    return _joined(sample.label("exported_namespace") or sample.label("namespace"), name)


def _joined(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace else name


def _own(name: str) -> bool:
    return not name.startswith(_OF_THE_LANGUAGE)


def _declared(name: str, declared: set[str]) -> bool:
    return name in declared or any(
        name.endswith(part) and any(each.startswith(name.removesuffix(part)) for each in declared)
        for part in _PARTS
    )
