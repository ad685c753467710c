"""The operator of backups: does what the written procedure says, exactly, and nothing else."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers import database
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import require
from acceptance.runbooks.checks import judge_recent, judge_whole
from acceptance.runbooks.reader import date_in, duration_in, line_with, read_procedure
from acceptance.runbooks.runner import Ran, run_script, write_kubeconfig
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from acceptance.domains.traffic.visitor import Purchase
    from acceptance.drivers.http import SteadyTraffic, TrafficFacts
    from acceptance.runbooks.reader import Procedure

PAGE = "docs/operations/backup-and-recovery.md"
"""Where the procedure is written, in the repository."""

_SECTIONS = (
    *("Purpose", "Owner", "Schedule", "RPO", "RTO", "Back up", "Restore", "Last rehearsal"),
)
_MARKS = ("backup", "restore", "reopen", "discard")
"""The marks of its commands, in the order in which they are typed."""
_POSTGRES = "postgres"
_NAMES = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"


@dataclass(frozen=True)
class Backup:
    """What became of the written backup, and of the visitors meanwhile."""

    ran: Ran
    traffic: TrafficFacts


class RecoveryOperator(ClusterActor):
    """Somebody who was woken at night and has only the page."""

    _folder: Path | None = None
    _before: tuple[str, ...] = ()

    def read_page(self) -> Procedure:
        """Read the procedure. Judges that there is one."""
        text = self._written()
        self._keep("The procedure", text, "text")
        return read_procedure(text)

    def judge_complete(self, page: Procedure) -> None:
        """Every section that a procedure needs is there and says something."""
        judge_whole(page, PAGE, _SECTIONS, _MARKS)

    def judge_promises(self, page: Procedure) -> None:
        """RPO and RTO are durations, and the schedule is tight enough for the RPO."""
        every = duration_in(line_with(page.section("Schedule"), "Backup"))
        lost, restored = duration_in(page.section("RPO")), duration_in(page.section("RTO"))
        require(lost, f"The RPO in {PAGE} is no duration, such as 24 hours.")
        require(restored, f"The RTO in {PAGE} is no duration, such as 30 minutes.")
        require(every, f'The Schedule in {PAGE} has no line "Backup: every …".')
        assert lost is not None and every is not None
        require(
            every <= lost,
            f"A backup every {_said(every)} cannot keep the loss below the RPO of {_said(lost)}.",
        )

    def judge_rehearsed(self, page: Procedure) -> None:
        """The last rehearsal is no older than the page itself allows."""
        every = duration_in(line_with(page.section("Schedule"), "Rehearsal"))
        last = date_in(page.section("Last rehearsal"))
        require(every, f'The Schedule in {PAGE} has no line "Rehearsal: every …".')
        require(last, f"The Last rehearsal in {PAGE} has no date, such as 2026-01-31.")
        assert every is not None and last is not None
        today = datetime.now(UTC).date()
        self._keep("When it was rehearsed", pretty({"last": last, "every": every, "today": today}))
        judge_recent(last, every, PAGE, "rehearsal")

    def back_up(self, traffic: SteadyTraffic) -> Backup:
        """Follow the written backup while visitors come, and let them stop."""
        ran = self._follow("backup")
        self._judge_ran(ran, "backup")
        return Backup(ran, traffic.stop())

    def delete_checkout(self, purchase: Purchase) -> None:
        """Delete a checkout with all that belongs to it, as a mistaken statement would."""
        name = f"'{purchase.id}'"
        deleted = self._sql(
            f"DELETE FROM payments WHERE checkout_id = {name}; "  # noqa: S608 - the service's own id
            f"DELETE FROM checkouts WHERE id = {name} RETURNING id"
        )
        self._keep("What was deleted", pretty(deleted))
        require(purchase.id in deleted, f"The checkout {purchase.id} was not there to be deleted.")

    def follow_restore(self) -> Ran:
        """Follow the written restore."""
        ran = self._follow("restore")
        self._judge_ran(ran, "restore")
        return ran

    def judge_in_time(self, ran: Ran) -> None:
        """The restore took no longer than the page promises."""
        promised = duration_in(read_procedure(self._written()).section("RTO"))
        require(promised, f"The RTO in {PAGE} is no duration, such as 30 minutes.")
        assert promised is not None
        require(
            ran.seconds <= promised.total_seconds(),
            f"The restore took {ran.seconds:.0f} s, and {PAGE} promises {_said(promised)}.",
        )

    def tidy_up(self) -> None:
        """Follow what is written for afterwards: the database is open, and there is only one."""
        for mark in ("reopen", "discard"):
            self._judge_ran(self._follow(mark), mark)
        left = self._databases()
        require(len(left) == 1, f"The procedure leaves the databases {', '.join(left)}.")

    def _written(self) -> str:
        path = Path(self.system.repository) / PAGE
        require(path.is_file(), f"There is no {PAGE}.")
        return path.read_text(encoding="utf-8")

    def _follow(self, mark: str) -> Ran:
        """Type the commands with a mark into a shell; its folder stays until the scenario ends."""
        commands = read_procedure(self._written()).script(mark)
        require(commands.strip(), f"{PAGE} has no commands to {mark}.")
        folder = self._workplace()
        environment = {
            "KUBECONFIG": str(folder.parent / "kubeconfig"),
            "NAMESPACE": self.system.namespace,
        }
        ran = run_script(commands, folder, environment, timeout=self._timeouts.procedure)
        lines = [commands, f"--- wrote, in {ran.seconds:.1f} s:", ran.said, ran.failure]
        self._keep(f"The written {mark}", "\n".join(lines), "text")
        return ran

    def _workplace(self) -> Path:
        """Return the folder in which the operator works, with a cluster to work on."""
        if self._folder is None:
            scratch = self._undo.enter_context(tempfile.TemporaryDirectory(prefix="procedure-"))
            self._before = self._databases()
            self._undo.callback(self._mend)
            kubeconfig = Path(scratch) / "kubeconfig"
            source, limit = Path(self.system.kubeconfig), self._timeouts.command
            write_kubeconfig(source, self.system.context, kubeconfig, timeout=limit)
            self._folder = Path(scratch) / "backups"
            self._folder.mkdir()
        return self._folder

    def _judge_ran(self, ran: Ran, mark: str) -> None:
        require(ran.succeeded, f"The {mark} as written fails: {ran.failure}")

    def _mend(self) -> None:
        """Leave the databases that were there, open, whatever the commands have done.

        What was set aside and not discarded is the data that was there before the restore.
        """
        for name in self._before:
            now = self._databases()
            aside = [e for e in now if e.startswith(f"{name}_until_") and e not in self._before]
            if aside:
                if name in now:
                    self._sql(f'DROP DATABASE "{name}" WITH (FORCE)', _POSTGRES)
                self._sql(f'ALTER DATABASE "{min(aside)}" RENAME TO "{name}"', _POSTGRES)
        for name in self._databases():
            if name in self._before:
                self._sql(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true', _POSTGRES)
            else:
                self._sql(f'DROP DATABASE "{name}" WITH (FORCE)', _POSTGRES)
        with self._waking() as wake:
            eventually(
                self._workloads,
                lambda found: all(each.full for each in found),
                timeout=self._timeouts.recovery,
                wake=wake,
                what="the system at full strength after the restore",
                describe=lambda found: "; ".join(map(str, found)),
            )

    def _databases(self) -> tuple[str, ...]:
        return self._sql(_NAMES, _POSTGRES)

    def _sql(self, statement: str, name: str = "") -> tuple[str, ...]:
        workload = self.system.workloads.database
        pods = [pod for pod in self._pods(workload) if pod.serving]
        require(pods, "The database has no pod that serves.")
        container = next(each.name for each in pods[0].containers if not each.init)
        return database.execute_sql(
            Path(self.system.kubeconfig),
            self.system.context,
            self.system.namespace,
            pods[0].name,
            statement,
            container=container,
            database=name,
            timeout=self._timeouts.execute,
        )


def _said(duration: timedelta) -> str:
    """Word a duration in hours, or in minutes if it is shorter."""
    minutes = duration.total_seconds() / 60
    return f"{minutes / 60:g} hours" if minutes >= 60 else f"{minutes:g} minutes"  # noqa: PLR2004
