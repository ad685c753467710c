"""Checks for how long Prometheus and Alertmanager keep what they have."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers import alertmanager, prometheus
from acceptance.domains.observability.drivers.alertmanager import Alertmanager, repeats
from acceptance.domains.observability.drivers.endpoints import LABEL
from acceptance.domains.observability.drivers.prometheus import Prometheus, seconds_of
from acceptance.domains.observability.monitoring import MonitoringOperator
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, require, require_each, unproven

if TYPE_CHECKING:
    from collections.abc import Sequence

_MEASURED = "storage.tsdb.retention.time"
_TOLD = "--data.retention="
_TOLD_DEFAULT = "120h"
"""Source: `alertmanager --help`."""
_DAY = 86400.0


@dataclass(frozen=True)
class KeptTime:
    """For how long a program keeps what it has."""

    program: str
    seconds: float
    said: str
    """The setting that says so."""
    repeat: float = 0.0
    """After how many seconds an alert is told again at the latest; 0 for who tells none."""


class KeptTimeInspector(MonitoringOperator):
    """Asks the programs with which settings they run."""

    def read_kept_times(self) -> tuple[KeptTime, ...]:
        """Return for how long each program keeps what it has; raises `Unverifiable`."""
        found = (self._of_prometheus(), self._of_alertmanager())
        self._keep("For how long it is kept", pretty([asdict(each) for each in found]))
        return found

    def assert_kept_long_enough(
        self, found: Sequence[KeptTime], rows: Sequence[Sequence[str]]
    ) -> None:
        """Each program of the table, which has a head, keeps it for so many days or longer."""
        wanted = {program: float(days) for program, _, days in rows[1:]}
        require(set(wanted) == {each.program for each in found}, "The table names other programs.")

        def fault(each: KeptTime) -> str | None:
            if each.seconds < wanted[each.program] * _DAY:
                return f"{each.program} keeps it for {each.said}, not {wanted[each.program]:g} days"
            if each.seconds < each.repeat:
                return f"{each.program} forgets after {each.said} what it repeats later"
            return None

        require_each(found, fault, nothing="No program keeps anything.")

    def _of_prometheus(self) -> KeptTime:
        endpoint = self._one_endpoint(prometheus.PROGRAMS, "monitoring", "Prometheus")
        said = Prometheus(self._cluster, endpoint).flag(_MEASURED)
        if said is None:
            raise Unverifiable(f"{endpoint.name} does not say for how long it keeps samples.")
        return KeptTime("prometheus", seconds_of(said), said)

    def _of_alertmanager(self) -> KeptTime:
        endpoint = self._one_endpoint(alertmanager.PROGRAMS, "monitoring", "Alertmanager")
        pods = self._cluster.items(
            api_path("pods", endpoint.namespace), labelSelector=f"{LABEL}={endpoint.program}"
        )
        told = {
            argument.removeprefix(_TOLD)
            for pod in pods
            for container in pod["spec"]["containers"]
            for argument in (*(container.get("command") or ()), *(container.get("args") or ()))
            if argument.startswith(_TOLD)
        } or {_TOLD_DEFAULT}
        said = min(told, key=seconds_of)
        try:
            repeat = max(repeats(Alertmanager(self._cluster, endpoint).route()))
        except Refused as error:
            raise unproven(f"Nobody says when alerts are repeated: {error}.", error) from error
        return KeptTime("alertmanager", seconds_of(said), said, repeat)
