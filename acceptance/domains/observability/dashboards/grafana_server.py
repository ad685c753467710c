"""Checks that the running Grafana serves the dashboards that it is provisioned with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.observability.dashboards.review import DashboardOperator
from acceptance.domains.observability.drivers import grafana
from acceptance.domains.observability.drivers.endpoints import LABEL
from acceptance.domains.observability.drivers.grafana import Grafana
from acceptance.drivers.browser import Device, visit
from acceptance.drivers.database import forwarded
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import listed, require
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from acceptance.domains.observability.dashboards.review import DeployedDashboards

_SCREEN = Device("desktop", 1440, 1000, touch=False)
_PERIOD = "from=now-15m&to=now&kiosk"


@dataclass(frozen=True)
class ServedState:
    """The dashboards that are deployed, and what is wrong with those that Grafana serves."""

    deployed: DeployedDashboards
    served: tuple[str, ...]
    """Their uids."""
    faults: tuple[str, ...]
    source_faults: tuple[str, ...]


class GrafanaOperator(DashboardOperator):
    """Asks Grafana for its dashboards, and opens them in a browser."""

    def read_served(self) -> ServedState:
        """Return what Grafana serves, once it has every dashboard or at the deadline.

        Raises `Unverifiable` if no Grafana is deployed.
        """
        client = Grafana(self._cluster, self._endpoints(grafana.PROGRAMS, "Grafana")[0])
        deployed = self.read_dashboards()
        name = client.endpoint.name
        listing = client.dashboards()
        require(not listing.refused, f"{name} does not list its dashboards: {listing.refused}.")
        wanted = {each.uid for each in deployed.dashboards}
        # Grafana reads its folder every ten seconds.
        listing = eventually(
            client.dashboards,
            lambda found: bool(found.refused) or wanted <= {*found.uids},
            timeout=self._timeouts.observation,
            what=f"every dashboard in {name}",
            describe=lambda found: f"it has {', '.join(sorted(found.uids)) or 'none'}",
        )
        faults = []
        texts = {each.name: each.text for each in deployed.files}
        for each in deployed.dashboards:
            served = client.dashboard(each.uid)
            changed = served.differences(json.loads(texts[each.file]))
            if served.refused:
                faults.append(f"{name} does not serve {each.title}: {served.refused}")
            elif changed:
                faults.append(
                    f"{name} serves {each.title} otherwise than deployed: {', '.join(changed)}"
                )
        sources = [
            f"{name} has no answer of its data source {each.uid}: {fault}"
            for each in deployed.sources
            if each.kind == "prometheus" and (fault := client.source_fault(each.uid))
        ]
        found = ServedState(deployed, listing.uids, tuple(faults), tuple(sources))
        self._keep("Dashboards that Grafana serves", pretty([*found.served, *faults, *sources]))
        self._keep_pictures(deployed)
        return found

    def assert_served(self, found: ServedState) -> None:
        """Grafana serves every deployed dashboard as it is deployed."""
        require(found.deployed.dashboards, "No dashboard is deployed.")
        require(not found.faults, listed(found.faults))

    def assert_source_answers(self, found: ServedState) -> None:
        """Grafana reaches the Prometheus from which it has its data."""
        require(found.deployed.sources, "Grafana is provisioned with no data source.")
        require(not found.source_faults, listed(found.source_faults))

    def _keep_pictures(self, deployed: DeployedDashboards) -> None:
        """Keep a picture of each dashboard as people see it."""
        system, limit = self.system, self._timeouts.page
        selector = f"{LABEL} in ({','.join(grafana.PROGRAMS)})"
        found = self._cluster.items(api_path("pods"), labelSelector=selector)
        pods = [each["metadata"] for each in found]
        if not pods:
            return
        where = (Path(system.kubeconfig), system.context, pods[0]["namespace"], pods[0]["name"])
        with (
            forwarded(*where, grafana.PORT, timeout=self._timeouts.api) as port,
            visit("localhost", "127.0.0.1", _SCREEN, timeout=limit) as browser,
        ):
            for each in deployed.dashboards:
                browser.open(f"http://localhost:{port}/d/{each.uid}?{_PERIOD}")
                browser.await_quiet()
                self._keep(f"Dashboard {each.title} in Grafana", browser.screenshot(), "png")
