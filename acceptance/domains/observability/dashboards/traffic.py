"""Checks that every panel answers, and that those that show traffic have counted it exactly."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.dashboards.counts import (
    Event,
    events_of,
    faults_of_counts,
)
from acceptance.domains.observability.dashboards.panels import (
    faults_of_answer,
    faults_of_variables,
    zeros,
)
from acceptance.domains.observability.dashboards.pictures import draw_dashboards
from acceptance.domains.observability.dashboards.reader import DashboardReader
from acceptance.domains.observability.dashboards.review import DashboardOperator
from acceptance.domains.observability.metrics.counting import TrafficCounter
from acceptance.domains.observability.metrics.refused_payments import PaymentErrors
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import listed, require
from acceptance.waiting import SYSTEM_CLOCK, DeadlineExceeded, eventually, last_seen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.domains.observability.dashboards.reader import (
        DashboardReading,
        QueryReading,
    )
    from acceptance.domains.observability.dashboards.review import DeployedDashboards
    from acceptance.domains.observability.metrics.counting import CounterState, SentRequests
    from acceptance.domains.observability.metrics.known_traffic import KnownTraffic

_INGRESS, _DATABASE = "ingress", "database"
_REQUESTS = "http_requests_total"
_BY = ("method", "route", "status")


@dataclass(frozen=True)
class PanelRow:
    """What the feature says about a panel."""

    dashboard: str
    panel: str
    says: str
    """What it counts, or why it may show zero."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """What it counts, each by itself."""
        return tuple(each.strip() for each in self.says.split(","))

    @property
    def name(self) -> tuple[str, str]:
        """The titles of the dashboard and the panel."""
        return self.dashboard, self.panel


@dataclass(frozen=True)
class BeforeTraffic:
    """The counters before the traffic, and the Unix time of Prometheus at which they rested."""

    counters: CounterState
    time: float


@dataclass(frozen=True)
class DashboardsAfterTraffic:
    """What happened, and what the dashboards show after it."""

    events: tuple[Event, ...]
    readings: tuple[DashboardReading, ...]
    window: tuple[float, float]

    @property
    def queries(self) -> tuple[QueryReading, ...]:
        """The queries of all dashboards."""
        return tuple(query for each in self.readings for query in each.queries)

    def of(self, row: PanelRow) -> tuple[QueryReading, ...]:
        """Return the queries of a panel."""
        return tuple(e for e in self.queries if (e.panel.dashboard, e.panel.title) == row.name)


class DashboardReviewer(DashboardOperator, TrafficCounter, PaymentErrors):
    """Is the only visitor for a while, and reads the dashboards before and after."""

    def note_before_traffic(self) -> BeforeTraffic:
        """Return the counters when they rest; raises `Unverifiable` as `note_counters` does.

        The scenario before may have added a pod: a variable offers it while it goes away.
        """
        backend = self.system.workloads.backend
        serving = set(self.serving_when_full(backend))
        last_seen(
            lambda: [e for e in self.prometheus().targets().targets if e.job == backend],
            lambda own: (
                {e.label("pod") for e in own if e.up} == serving and len(own) == len(serving)
            ),
            timeout=self._timeouts.observation,
        )
        counters = self.note_counters()
        return BeforeTraffic(counters, self._queries().now())

    def send_traffic(
        self, before: BeforeTraffic, counting: Sequence[PanelRow]
    ) -> DashboardsAfterTraffic:
        """Send known requests, errors of the server among them; read the dashboards.

        They are read until the `counting` panels have counted the traffic, or until the deadline.
        """
        deployed = self.read_dashboards()
        traffic = self._known_traffic()
        traffic.send_all()
        with self._payments_forbidden():
            traffic.send_failing()
        sent = self._await_counted(traffic, before.counters)

        def look() -> list[str]:
            found = self._read_dashboards(deployed, traffic, before, counting)
            return _faults_of_counts(found, counting)

        # The database reports its statistics a moment later.
        with suppress(DeadlineExceeded):
            eventually(look, lambda faults: not faults, timeout=self._timeouts.observation)
            SYSTEM_CLOCK.pause(self._interval(self.prometheus()))
        found = self._read_dashboards(deployed, traffic, before)
        self._keep_readings(found, sent)
        for title, picture in draw_dashboards(found.readings, self._queries(), found.window[1]):
            self._keep(f"Dashboard {title}", picture, "png")
        return found

    def assert_variables(self, found: DashboardsAfterTraffic) -> None:
        """Every variable lists values, and each panel that uses it has data for each value."""
        require(found.readings, "No dashboard was read.")
        faults = [fault for each in found.readings for fault in faults_of_variables(each)]
        require(not faults, listed(faults))

    def assert_answers(self, found: DashboardsAfterTraffic) -> None:
        """Every query has data, every selector of it selects something, and labels are there.

        An annotation needs no data, but its selectors have to select something too.
        """
        require(found.queries, "No panel has a query.")
        faults = [fault for each in found.queries for fault in faults_of_answer(each)]
        faults += [fault for each in found.readings for fault in each.dead_annotations]
        require(not faults, listed(faults))

    def assert_counted(self, found: DashboardsAfterTraffic, counting: Sequence[PanelRow]) -> None:
        """Each panel of the table has counted what visitors did, each time once."""
        require(counting, "No panel is said to count anything.")
        faults = _faults_of_counts(found, counting)
        require(not faults, listed(faults))

    def assert_nothing_else_zero(
        self,
        found: DashboardsAfterTraffic,
        counting: Sequence[PanelRow],
        quiet: Sequence[PanelRow],
    ) -> None:
        """Panels of neither table show more than zero."""
        missing = [
            f"there is no panel {r.panel} in {r.dashboard}" for r in quiet if not found.of(r)
        ]
        require(not missing, listed(missing))
        named = {each.name for each in (*counting, *quiet)}
        others = [e for e in found.queries if (e.panel.dashboard, e.panel.title) not in named]
        require(others, "Every panel may show zero.")
        faults = zeros(others)
        require(not faults, listed(faults))

    def _read_dashboards(
        self,
        deployed: DeployedDashboards,
        traffic: KnownTraffic,
        before: BeforeTraffic,
        rows: Sequence[PanelRow] | None = None,
    ) -> DashboardsAfterTraffic:
        """Return what the dashboards show now; with `rows`, these panels of them only."""
        client = self._queries()
        # What is scraped at this moment is there for one query, and was not for the one before.
        window = (before.time, client.now() - self._interval(self.prometheus()))
        if not window[0] < window[1]:
            raise AssertionError("The clock of Prometheus does not go on.")
        reader = DashboardReader(client, deployed.sources, window)
        backend = self.system.workloads.backend
        jobs = (backend, _INGRESS, _DATABASE)
        probed = self._counted_of_others(traffic.requests, window)
        events = events_of(traffic.requests, traffic.events, traffic.refusals, probed, jobs)
        only = None if rows is None else {each.panel for each in rows}
        readings = tuple(reader.read(each, only) for each in deployed.dashboards)
        return DashboardsAfterTraffic(events, readings, window)

    def _counted_of_others(
        self, sent: Mapping[str, int], window: tuple[float, float]
    ) -> dict[str, float]:
        """Return what the backend has counted of requests that visitors did not send: of probes."""
        job = self.system.workloads.backend
        found = self.prometheus().total_increase(_REQUESTS, job, window, *_BY)
        if found.refused:
            raise AssertionError(f"Prometheus does not answer {found.query}: {found.refused}.")
        keys = {" ".join(e.label(name) for name in _BY): e.value for e in found.samples}
        return {key: value for key, value in keys.items() if key not in sent and value}

    def _keep_readings(self, found: DashboardsAfterTraffic, sent: SentRequests) -> None:
        self._keep("Requests sent and counted", pretty(asdict(sent)))
        shown = [
            {
                "query": str(each),
                "expression": each.expression,
                "samples": [[dict(e.labels), e.value] for e in each.samples],
                "counted": [
                    [part.query, [[dict(e.labels), e.value] for e in part.samples]]
                    for part in each.parts
                ],
            }
            for each in found.queries
        ]
        self._keep("What every query gave", pretty(shown))


def read_panel_rows(table: Sequence[Sequence[str]]) -> tuple[PanelRow, ...]:
    """Return the rows of a table with a head; an empty first cell is that of the row above."""
    rows: list[PanelRow] = []
    for dashboard, panel, says in table[1:]:
        rows.append(PanelRow(dashboard or rows[-1].dashboard, panel, says))
    return tuple(rows)


def _faults_of_counts(found: DashboardsAfterTraffic, counting: Sequence[PanelRow]) -> list[str]:
    faults = []
    for row in counting:
        own = found.of(row)
        if not own:
            faults.append(f"there is no panel {row.panel} in {row.dashboard}")
            continue
        parts = [part for each in own for part in each.parts]
        said = faults_of_counts(parts, row.kinds, found.events)
        faults += [f"{own[0].panel}: {each}" for each in said]
    return faults
