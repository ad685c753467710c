"""Causes of alerts about what runs out: volumes, certificates, and the age of backups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.observability.alerts.cause import CauseMaker
from acceptance.domains.observability.drivers.alert_volumes import SmallVolume
from acceptance.drivers.kubernetes.cert_manager import issue_short_certificate
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acceptance.domains.observability.alerts.cause import Cause

_MAINTENANCE = "postgres"
"""The database that is there whatever the system calls its own."""


class ResourceCauses(CauseMaker):
    """Fills a volume, issues a certificate that ends soon, and ages or forgets the backups."""

    def _causes(self) -> dict[str, Callable[[Cause, str], None]]:
        return {
            **super()._causes(),
            "a volume is written full": self._fill_volume,
            "a certificate is issued for an hour only": self._issue_short_certificate,
            "the last backup is 30 hours old": self._age_backup,
            "no backup is recorded": self._forget_backups,
        }

    def _fill_volume(self, made: Cause, namespace: str) -> None:
        """Make a small volume, and write it full."""
        volume = SmallVolume(self.system, self._cluster, namespace, timeout=self._timeouts.command)
        made.cure.callback(volume.remove)
        volume.create()
        self._awaited(lambda: volume.bound, bool, "the claim of a small volume is bound")
        volume.fill(self._backend_image())
        self._awaited(lambda: volume.full, bool, "a volume is full")
        made.unmended = lambda _: volume.fault()
        made.labels = {"persistentvolumeclaim": volume.claim, "namespace": namespace}
        made.variables |= {"NAMESPACE": namespace, "CLAIM": volume.claim}

    def _issue_short_certificate(self, made: Cause, namespace: str) -> None:
        made.labels = {"name": "acceptance-short"}
        made.variables |= {"NAMESPACE": namespace, "CERTIFICATE": made.labels["name"]}
        made.cure.callback(
            self._cluster.delete, api_path("certificates", namespace, made.labels["name"])
        )
        issue_short_certificate(self._cluster, namespace, made.labels["name"])

    def _age_backup(self, made: Cause, _: str) -> None:
        """Date all recorded backups back; without one, record one that is old."""
        made.labels = {"namespace": self.system.namespace}
        made.unmended = without_dump
        self._restore_backups(made)
        older = "finished_at = finished_at - interval '30 hours'"
        if not self._sql(f"UPDATE backups SET {older} RETURNING 1", _MAINTENANCE):  # noqa: S608
            old = "INSERT INTO backups (finished_at) VALUES (now() - interval '30 hours')"
            self._sql(old, _MAINTENANCE)

    def _forget_backups(self, made: Cause, _: str) -> None:
        made.unmended = without_dump
        self._restore_backups(made)
        self._sql("DELETE FROM backups", _MAINTENANCE)

    def _restore_backups(self, made: Cause) -> None:
        """Have the cure record exactly the backups that are recorded now."""
        recorded = self._sql("SELECT finished_at FROM backups", _MAINTENANCE)
        moments = ", ".join(f"'{each}'" for each in recorded)
        back = f"SELECT unnest(ARRAY[{moments}]::timestamptz[])"
        cure = f"DELETE FROM backups; INSERT INTO backups (finished_at) {back}"  # noqa: S608
        made.cure.callback(self._sql, cure, _MAINTENANCE)


def without_dump(folder: Path) -> str:
    """Say that a folder has no backup; empty if it has one.

    Source: the PostgreSQL manual, pg_dump: the custom format, which begins with PGDMP.
    """
    dumps = [path for path in folder.glob("*.dump") if path.read_bytes().startswith(b"PGDMP")]
    return "" if dumps else "no backup was made"
