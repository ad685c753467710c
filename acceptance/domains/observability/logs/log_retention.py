"""Checks that old logs are deleted every day, and younger ones are kept."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from acceptance.domains.observability.logs.log_store_actor import LogStoreActor
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, listed, require
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.facts import Object

_LABEL = "app.kubernetes.io/name"
_EVERY_DAY = ("*", "*", "*")
"""The days of the month, the months and the days of the week of a schedule."""
_WORDS = {"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *"}


@dataclass(frozen=True)
class Deletion:
    """The old logs that were there, and which of them are left after a deletion."""

    job: str
    schedule: str
    suspended: bool
    made: tuple[int, ...]
    """How many days back each of these logs is."""
    left: tuple[int, ...]


class LogRetentionTester(LogStoreActor):
    """Makes logs of earlier days, and runs the deletion of the log store once."""

    def delete_old_logs(self, *days: int) -> Deletion:
        """Make logs of so many days back, run what deletes old ones, and return what is left.

        Raises `Unverifiable` if the log store deletes old logs itself: its clock cannot be moved.
        It is a failed check if nothing deletes them.
        """
        access = self._log_store()
        cron = self._deletion()
        today = datetime.now(UTC)
        names = {days_back: f"/logs-{today - timedelta(days_back):%Y.%m.%d}" for days_back in days}
        for name in names.values():
            self._undo.callback(access.send_as_administrator, "DELETE", name)
            reply = access.send_as_administrator("PUT", name, {})
            if not reply.succeeded:
                raise Unverifiable(f"The log store takes no logs of an earlier day: {reply}")
        self._run(cron)
        left = tuple(
            each
            for each, name in names.items()
            if access.send_as_administrator("GET", name).succeeded
        )
        spec = cron["spec"]
        found = Deletion(
            cron["metadata"]["name"], spec["schedule"], bool(spec.get("suspend")), days, left
        )
        self._keep("Deletion of old logs", pretty(asdict(found)))
        return found

    def assert_deleted(self, found: Deletion, kept_days: int) -> None:
        """What is more than so many days back is gone, and nothing else."""
        faults = [
            f"logs of {each} days ago are {'kept' if each in found.left else 'gone'}"
            for each in found.made
            if (each in found.left) != (each <= kept_days)
        ]
        require(found.made, "There were no old logs.")
        require(not faults, f"After {found.job} has run, {listed(faults)}.")

    def assert_deleted_every_day(self, found: Deletion) -> None:
        """The deletion runs at least once a day."""
        require(not found.suspended, f"{found.job} is suspended, so nothing is deleted.")
        fields = _WORDS.get(found.schedule, found.schedule).split()
        require(
            tuple(fields[2:]) == _EVERY_DAY,
            f"{found.job} does not run every day: its schedule is {found.schedule}.",
        )

    def _deletion(self) -> Object:
        """Return the CronJob that deletes old logs, beside the log store."""
        namespace = self._endpoint.namespace
        if self._endpoint.program == "elasticsearch":
            raise Unverifiable("Elasticsearch deletes old logs itself, by a clock that is its own.")
        found = [
            each
            for each in self._cluster.items(api_path("cronjobs", namespace))
            if "retention" in (each["metadata"].get("labels") or {}).get(_LABEL, "")
        ]
        require(found, f"Nothing deletes old logs: {namespace} has no CronJob for retention.")
        return found[0]

    def _run(self, cron: Object) -> None:
        """Run a CronJob's job once, now; it is a failed check if it does not succeed."""
        namespace, name = self._endpoint.namespace, f"acceptance-{uuid.uuid4().hex[:8]}"
        path = api_path("jobs", namespace, name)
        template = cron["spec"]["jobTemplate"]
        body = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {**template.get("metadata", {}), "name": name},
            "spec": template["spec"],
        }
        self._undo.callback(self._cluster.delete, f"{path}?propagationPolicy=Background")
        self._cluster.create(api_path("jobs", namespace), body)
        eventually(
            lambda: (self._cluster.read(path) or {}).get("status") or {},
            lambda status: bool(status.get("succeeded")),
            timeout=self._timeouts.recovery,
            what=f"{cron['metadata']['name']} has run",
            describe=str,
        )
