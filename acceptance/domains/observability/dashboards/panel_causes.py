"""Checks that panels which show zero on a sound system rise when something is wrong."""

from __future__ import annotations

import math
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.alerts.causes import AlertCauses
from acceptance.domains.observability.dashboards.reader import DashboardReader
from acceptance.domains.observability.dashboards.review import DashboardOperator
from acceptance.domains.observability.drivers.program_pods import ProgramPods
from acceptance.drivers.container_signals import kill_containers
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import AcceptanceError
from acceptance.judgement import require, require_each
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acceptance.domains.observability.alerts.cause import Cause
    from acceptance.domains.observability.alerts.listener import AlertReception
    from acceptance.domains.observability.dashboards.review import DeployedDashboards
    from acceptance.domains.observability.dashboards.traffic import PanelRow

_RISES_SECONDS, _WINDOW_SECONDS = 60.0, 60.0
CROWDED = "more visitors wait than the backend has connections"
"""A cause, in the words of the scenarios."""
_UNHEARD = "nobody takes what Alertmanager sends"
_LAST = (CROWDED, _UNHEARD)
"""One makes the backend unready after a while; before the other one, what failed to be sent while
there was no receiver has to be out of the panel's window."""
_QUIET_SECONDS = 90.0
_CROWD = 40
_RESTARTED = "node-exporter"
_MARK = "acceptance: a transaction of a test"
_OPEN_SECONDS = 120
_BOTH_LOCKED = (
    "DO $$ BEGIN FOR n IN 1..600 LOOP EXIT WHEN (SELECT count(*) FROM pg_locks "
    "WHERE locktype = 'advisory' AND objid IN (1, 2) AND granted) = 2; "
    "PERFORM pg_sleep(0.05); END LOOP; END $$"
)
"""Waits for at most half a minute."""


@dataclass(frozen=True)
class WatchedPanel:
    """What a panel showed before its cause, and at most while it lasted."""

    dashboard: str
    panel: str
    cause: str
    before: float | None
    """The highest value of all of its series; None without one."""
    during: float | None

    @property
    def has_risen(self) -> bool:
        """Whether it shows more than nothing, and more than before."""
        return self.during is not None and self.during > max(self.before or 0.0, 0.0)


class PanelWatcher(AlertCauses, DashboardOperator):
    """Brings about what a panel is to show, and looks at it as Grafana would."""

    def watch_panels(
        self, reception: AlertReception, rows: Sequence[PanelRow]
    ) -> tuple[WatchedPanel, ...]:
        """Bring about what each row says, and note what its panel shows before and meanwhile.

        All of it happens at once, but for what would hide the rest. Raises `Unverifiable` if a
        cause cannot be brought about.
        """
        deployed = self.read_dashboards()
        self.visit_steadily()
        found: list[WatchedPanel] = []
        first = [row for row in rows if row.says not in _LAST]
        last = [row for row in rows if row.says in _LAST]
        for batch, limit in ((first, 0.0), (last, _QUIET_SECONDS)):
            before = self._quiet(deployed, batch, limit)
            causes = {row.says: self.cause(row.says, reception) for row in dict.fromkeys(batch)}

            seen: dict[tuple[str, str], WatchedPanel] = {}

            def look(
                batch: Sequence[PanelRow] = batch,
                before: dict[tuple[str, str], float | None] = before,
                seen: dict[tuple[str, str], WatchedPanel] = seen,
            ) -> list[WatchedPanel]:
                for row in batch:
                    # What has risen once leaves the window, if another one takes long.
                    if row.name not in seen or not seen[row.name].has_risen:
                        shown = self._shown(deployed, row)
                        seen[row.name] = WatchedPanel(*row.name, row.says, before[row.name], shown)
                return list(seen.values())

            found += last_seen(
                look, lambda seen: all(e.has_risen for e in seen), timeout=_RISES_SECONDS
            )
            for cause in reversed(causes.values()):
                cause.cure.close()
        self._keep(
            "Panels before and while something was wrong", pretty([asdict(e) for e in found])
        )
        return tuple(found)

    def assert_risen(self, found: Sequence[WatchedPanel]) -> None:
        """Each panel shows more than before while what it is about is wrong."""

        def fault(each: WatchedPanel) -> str | None:
            if each.has_risen:
                return None
            shows = "nothing" if each.during is None else f"{each.during:g}"
            return f"{each.dashboard}, {each.panel} shows {shows} although {each.cause}"

        require_each(found, fault, nothing="No panel was watched.")

    def _quiet(
        self, deployed: DeployedDashboards, rows: Sequence[PanelRow], timeout: float
    ) -> dict[tuple[str, str], float | None]:
        """Return what the panels show, once that is nothing or zero, or at the deadline."""
        return last_seen(
            lambda: {row.name: self._shown(deployed, row) for row in rows},
            lambda seen: not any(seen.values()),
            timeout=timeout,
        )

    def _shown(self, deployed: DeployedDashboards, row: PanelRow) -> float | None:
        dashboards = [each for each in deployed.dashboards if each.title == row.dashboard]
        require(dashboards, f"There is no dashboard {row.dashboard}.")
        client = self._queries()
        now = client.now()
        reader = DashboardReader(client, deployed.sources, (now - _WINDOW_SECONDS, now))
        values = [
            sample.value
            for each in dashboards
            for query in reader.read(each, {row.panel}).queries
            for sample in query.samples
            if not math.isnan(sample.value)
        ]
        return max(values, default=None)

    def _causes(self) -> dict[str, Callable[[Cause, str], None]]:
        return {
            **super()._causes(),
            "a transaction stays open": self._open_transaction,
            "two transactions wait for each other": self._deadlock,
            "a container has to be started again": self._end_container,
            _UNHEARD: self._remove_receiver,
            CROWDED: self._crowd,
        }

    def _open_transaction(self, made: Cause, _: str) -> None:
        self._run_beside(made, f"SELECT '{_MARK}', pg_sleep({_OPEN_SECONDS})")

    def _deadlock(self, made: Cause, _: str) -> None:
        """Have two transactions take a lock each, and then that of the other."""
        locks = [f"SELECT '{_MARK}', pg_advisory_xact_lock({number})" for number in (1, 2)]
        for one, two in (locks, reversed(locks)):
            self._run_beside(made, f"{one}; {_BOTH_LOCKED}; {two}")

    def _run_beside(self, made: Cause, statement: str) -> None:
        """Run a transaction in the background; the cure ends it."""

        def run() -> None:
            with suppress(AcceptanceError, AssertionError):  # it ends by being ended
                self._sql(statement, timeout=_OPEN_SECONDS)

        thread = threading.Thread(target=run, daemon=True)
        made.cure.callback(thread.join, self._timeouts.query)
        made.cure.callback(
            self._sql,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608 - own words
            f"WHERE query LIKE 'SELECT ''{_MARK}%' AND pid <> pg_backend_pid()",
        )
        thread.start()

    def _end_container(self, _: Cause, __: str) -> None:
        ids = ProgramPods(self._cluster, (_RESTARTED,)).containers()
        kill_containers(self.system, ids, timeout=self._timeouts.command)

    def _remove_receiver(self, _: Cause, __: str) -> None:
        self.receiver().remove()

    def _crowd(self, made: Cause, namespace: str) -> None:
        """Have many visitors ask at once while the tables are locked."""
        self._lock_tables(made, namespace)
        ended = threading.Event()

        def visit() -> None:
            while not ended.is_set():
                self._api.create("One of many")

        threads = [threading.Thread(target=visit, daemon=True) for _ in range(_CROWD)]
        for thread in threads:
            made.cure.callback(thread.join, self._timeouts.request)
        made.cure.callback(ended.set)
        for thread in threads:
            thread.start()
