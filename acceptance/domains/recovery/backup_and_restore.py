"""Backs up and restores the system by its runbook, and checks what the runbook promises."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.recovery.drivers.postgresql import PostgresqlServer
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import require
from acceptance.runbooks.checks import (
    assert_complete,
    assert_exercised_recently,
    assert_somebody_runs,
    read_exercise,
    required_duration,
    required_interval,
)
from acceptance.runbooks.reader import load_runbook
from acceptance.runbooks.runner import open_shell
from acceptance.runbooks.schedules import scheduled_jobs
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from datetime import timedelta

    from acceptance.domains.traffic.visitor import Purchase
    from acceptance.drivers.http import SteadyTraffic, TrafficFacts
    from acceptance.runbooks.reader import Runbook
    from acceptance.runbooks.runner import CommandRun, RunbookShell

PAGE = "docs/operations/backup-and-recovery.md"
"""The runbook, in the sources that the system was deployed from."""

_SECTIONS = (
    *("Purpose", "Owner", "Schedule", "RPO", "RTO", "Back up", "Restore", "Last rehearsal"),
)
_BACKUP, _RESTORE, _REOPEN, _DISCARD = "backup", "restore", "reopen", "discard"
_MARKS = (_BACKUP, _RESTORE, _REOPEN, _DISCARD)
"""The marks of the runbook's commands, in the order in which they are run."""
_REHEARSAL = "Rehearsal"
_TOOLS = ("pg_dump", "pg_basebackup", "pgbackrest", "barman", "wal-g", "velero backup")
"""Programs by which a scheduled job that names no runbook is known to make backups."""
_RPO_EXAMPLE, _RTO_EXAMPLE = "24 hours", "30 minutes"
_MINUTES_PER_HOUR = 60


@dataclass(frozen=True)
class Backup:
    """The run of the commands to back up, and the visitors meanwhile."""

    run: CommandRun
    traffic: TrafficFacts


class RecoveryOperator(ClusterActor):
    """Backs up and restores the system, with the commands of the runbook and no others."""

    _shell: RunbookShell | None = None
    _before: tuple[str, ...] = ()
    """The databases before the first command."""

    def read_runbook(self) -> Runbook:
        """Read the runbook. Raises `AssertionError` if there is none."""
        runbook = self._runbook()
        self._keep("Backup and recovery runbook", runbook.text, "text")
        return runbook

    def assert_complete(self, runbook: Runbook) -> None:
        """Every section that an operator needs says something, and every command is there."""
        assert_complete(runbook, _SECTIONS, _MARKS)

    def assert_schedule_meets_rpo(self, runbook: Runbook) -> None:
        """RPO and RTO are durations, and backups are at least as frequent as the RPO demands."""
        rpo = required_duration(runbook, "RPO", _RPO_EXAMPLE)
        required_duration(runbook, "RTO", _RTO_EXAMPLE)
        every = required_interval(runbook, "Schedule", "Backup")
        require(
            every <= rpo,
            f"A backup every {_in_words(every)} cannot meet the RPO of {_in_words(rpo)}.",
        )

    def assert_backups_are_run(self, runbook: Runbook) -> None:
        """Something or somebody makes the backups as often as the runbook asks for.

        Raises `Unverifiable` for a schedule that cannot be read.
        """
        every = required_interval(runbook, "Schedule", "Backup")
        jobs = scheduled_jobs(self.system.sources)
        kept = [{"file": each.file, "longest gap": each.longest_gap} for each in jobs]
        self._keep("What the repository runs on a schedule", pretty(kept))
        assert_somebody_runs(runbook, "Backup", every, jobs, _TOOLS)

    def assert_rehearsed_recently(self, runbook: Runbook) -> None:
        """The last rehearsal is no older than the runbook itself allows."""
        exercise = read_exercise(
            runbook, _REHEARSAL, interval_in="Schedule", record_in="Last rehearsal"
        )
        self._keep("Last rehearsal", pretty(asdict(exercise)))
        assert_exercised_recently(runbook, _REHEARSAL, exercise)

    def back_up(self, traffic: SteadyTraffic) -> Backup:
        """Run the commands to back up while visitors send requests, and then stop the visitors."""
        return Backup(self._follow(_BACKUP), traffic.stop())

    def delete_checkout(self, purchase: Purchase) -> None:
        """Delete a checkout with all that belongs to it, as a mistaken statement would."""
        deleted = self._server().delete_checkout(purchase.id)
        self._keep("Deleted checkout", pretty(deleted))
        require(purchase.id in deleted, f"The checkout {purchase.id} was not there to be deleted.")

    def follow_restore(self) -> CommandRun:
        """Run the commands to restore."""
        return self._follow(_RESTORE)

    def assert_within_rto(self, restore: CommandRun) -> None:
        """The restore took no longer than the RTO."""
        rto = required_duration(self._runbook(), "RTO", _RTO_EXAMPLE)
        require(
            restore.seconds <= rto.total_seconds(),
            f"The restore took {restore.seconds:.0f} s, and the RTO is {_in_words(rto)}.",
        )

    def clean_up(self) -> None:
        """Run the commands for afterwards, which leave a single database."""
        for mark in (_REOPEN, _DISCARD):
            self._follow(mark)
        left = self._server().databases()
        require(len(left) == 1, f"The runbook leaves several databases: {', '.join(left)}.")

    def _runbook(self) -> Runbook:
        return load_runbook(self.system.sources, PAGE)

    def _follow(self, mark: str) -> CommandRun:
        runbook = self._runbook()
        return self._open_shell().follow(runbook, mark, self._keep)

    def _open_shell(self) -> RunbookShell:
        """Return the operator's shell; its folder has the backups until the scenario ends.

        Then the databases are put back as they are now.
        """
        if self._shell is None:
            scratch = self._undo.enter_context(tempfile.TemporaryDirectory(prefix="recovery-"))
            self._before = self._server().databases()
            self._undo.callback(self._put_back_databases)
            folder = Path(scratch) / "backups"
            folder.mkdir()
            self._shell = open_shell(
                Path(self.system.kubeconfig),
                self.system.context,
                Path(scratch),
                folder,
                {"NAMESPACE": self.system.namespace},
                timeout=self._timeouts.procedure,
                kubectl_timeout=self._timeouts.command,
            )
        return self._shell

    def _put_back_databases(self) -> None:
        """Leave the databases that were there before, open, whatever the commands have done.

        A database that the exchange renamed and nobody discarded has the data from before the
        restore.
        """
        server = self._server()
        for name in self._before:
            now = server.databases()
            old = [e for e in now if e.startswith(f"{name}_until_") and e not in self._before]
            if old:
                if name in now:
                    server.drop(name)
                server.rename(min(old), name)
        for name in server.databases():
            if name in self._before:
                server.allow_connections(name)
            else:
                server.drop(name)
        with self._waking() as wake:
            eventually(
                self._workloads,
                self._at_full_strength,
                timeout=self._timeouts.recovery,
                wake=wake,
                what="the system at full strength after the restore",
                describe=lambda found: "; ".join(map(str, found)),
            )

    def _server(self) -> PostgresqlServer:
        pods = [pod for pod in self._pods(self.system.workloads.database) if pod.serving]
        require(pods, "No pod of the database is ready.")
        return PostgresqlServer(
            Path(self.system.kubeconfig),
            self.system.context,
            self.system.namespace,
            pods[0].name,
            pods[0].main.name,
            self.system.contract,
            self._timeouts.execute,
        )


def _in_words(duration: timedelta) -> str:
    """Return a duration in hours, or in minutes if it is shorter than one."""
    minutes = duration.total_seconds() / 60
    if minutes >= _MINUTES_PER_HOUR:
        return f"{minutes / _MINUTES_PER_HOUR:g} hours"
    return f"{minutes:g} minutes"
