"""Asks Grafana for its dashboards and data sources, by its HTTP API.

Source: Grafana's pages "Dashboard HTTP API", "Folder/dashboard search HTTP API" and "Data source
HTTP API".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.observability.drivers.endpoints import ask, objects

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.drivers.kubernetes.client import Kubernetes

PROGRAMS = ("grafana",)
"""The label's values by which a Grafana is found."""
PORT = 3000
_OF_GRAFANA = frozenset({"id", "version", "iteration", "schemaVersion"})
"""What Grafana writes into a dashboard by itself."""


@dataclass(frozen=True)
class ServedDashboards:
    """The uids of a Grafana's dashboards; `refused` says why it did not list them."""

    uids: tuple[str, ...]
    refused: str


@dataclass(frozen=True)
class ServedDashboard:
    """A dashboard as Grafana serves it; `refused` says why it does not."""

    found: dict[str, Any]
    refused: str

    def differences(self, delivered: dict[str, Any]) -> tuple[str, ...]:
        """Return the fields in which it is not as it was delivered."""
        names = {*delivered, *self.found} - _OF_GRAFANA
        return tuple(sorted(n for n in names if delivered.get(n) != self.found.get(n)))


class Grafana:
    """One Grafana of a cluster, asked as a visitor without an account."""

    def __init__(self, cluster: Kubernetes, endpoint: MonitoringEndpoint) -> None:
        """Ask the Grafana at `endpoint`."""
        self._cluster = cluster
        self.endpoint = endpoint

    def dashboards(self) -> ServedDashboards:
        """Return its dashboards."""
        reply = ask(self._cluster, self.endpoint, "/api/search", type="dash-db", limit="5000")
        found = reply.json()
        if not reply.succeeded or not isinstance(found, list):
            return ServedDashboards((), str(reply))
        return ServedDashboards(tuple(str(each.get("uid")) for each in objects(found)), "")

    def dashboard(self, uid: str) -> ServedDashboard:
        """Return one dashboard."""
        reply = ask(self._cluster, self.endpoint, f"/api/dashboards/uid/{uid}")
        found = reply.json()
        own = found.get("dashboard") if isinstance(found, dict) else None
        if not reply.succeeded or not isinstance(own, dict):
            return ServedDashboard({}, str(reply))
        return ServedDashboard(own, "")

    def source_fault(self, uid: str) -> str:
        """Say why a data source does not answer Grafana; empty if it does."""
        reply = ask(self._cluster, self.endpoint, f"/api/datasources/uid/{uid}/health")
        found = reply.json()
        status = found.get("status") if isinstance(found, dict) else None
        return "" if reply.succeeded and status == "OK" else str(reply)
