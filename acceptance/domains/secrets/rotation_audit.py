"""Checks the audit trail of a rotation: who did what and when, and no secret value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.secrets.drivers.rotation_state import PHASES, read_audit_events
from acceptance.domains.secrets.secret_values import SecretValueTracker
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.identity import own_name
from acceptance.judgement import require, require_each

if TYPE_CHECKING:
    from acceptance.domains.secrets.credential_checks import OldSecrets
    from acceptance.domains.secrets.drivers.rotation_state import AuditLine
    from acceptance.domains.secrets.rotation_run import RotationRun


class RotationAuditor(SecretValueTracker):
    """Reads what a rotation wrote, to its output and into the cluster."""

    def assert_audited(self, old: OldSecrets, rotation: RotationRun) -> None:
        """Each step is recorded twice, with who, what and when, and without any value."""
        secret = self._read_secret()
        who = own_name(self._cluster)
        events = read_audit_events(self._cluster, self.system.namespace)
        last = secret.last_rotation
        self._keep(
            "Audit trail in the cluster", pretty({"events": list(events), "last rotation": last})
        )
        leaked = self._count_in(rotation.output, *events, last)
        require(not leaked, f"The rotation's output and audit trail hold {leaked} secret values.")
        require(
            set(old.values) < set(self._values),
            "The rotation made no new value, so it is not known whether it would leak one.",
        )

        def fault(line: AuditLine) -> str | None:
            complete = line.who == who and line.time and line.keys
            return None if complete else f"A line of the audit lacks who, what or when: {line}"

        require_each(rotation.lines, fault, nothing="The rotation wrote no line of its audit.")
        missing = {PHASES[0], PHASES[-1], "finished"} - {line.event for line in rotation.lines}
        require(not missing, f"The rotation recorded no step named {', '.join(sorted(missing))}.")
        ended = rotation.lines[-1].rotation
        require(
            any(f'"{ended}"' in event and '"finished"' in event for event in events),
            f"The cluster has no Event of the end of the rotation {ended}.",
        )
        require(
            f'"{ended}"' in last and who in last,
            f"The Secret does not say who made the last rotation: {last!r}.",
        )
