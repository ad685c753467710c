"""Checks the dashboards that Grafana is provisioned with: their files, units and thresholds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from acceptance.build.manifests import render
from acceptance.domains.observability.dashboards.panels import fault_of_unit, faults_of_panel
from acceptance.domains.observability.dashboards.units import UNKNOWN
from acceptance.domains.observability.dashboards.variables import interpolate, list_values
from acceptance.domains.observability.drivers.dashboard_files import (
    DASHBOARDS,
    SOURCES,
    files_of,
    provisioned_files,
    read_dashboard,
    read_sources,
    same_json,
)
from acceptance.domains.observability.drivers.prometheus import seconds_of
from acceptance.domains.observability.drivers.prometheus_queries import PrometheusQueries
from acceptance.domains.observability.metrics.actor import MetricsOperator
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import BrokenInput
from acceptance.judgement import Unverifiable, listed, require, unproven
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acceptance.domains.observability.drivers.dashboard_files import (
        Dashboard,
        DashboardFile,
        DataSource,
        Panel,
        PanelQuery,
    )

_STACK = "metrics"
"""The folder of an overlay that has the dashboards."""
_ANY = ".*"


@dataclass(frozen=True)
class DeployedDashboards:
    """The dashboards of the cluster, and those of the repository."""

    files: tuple[DashboardFile, ...]
    repository: tuple[DashboardFile, ...]
    dashboards: tuple[Dashboard, ...]
    sources: tuple[DataSource, ...]

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The panels of all dashboards."""
        return tuple(panel for each in self.dashboards for panel in each.panels)


class DashboardOperator(MetricsOperator):
    """Reads the dashboards of the cluster, as Grafana is given them."""

    def read_dashboards(self) -> DeployedDashboards:
        """Return what is deployed, and what the repository has for this cluster.

        Raises `Unverifiable` if the API server does not let the suite list it.
        """
        try:
            files = provisioned_files(self._cluster, DASHBOARDS)
            sources = provisioned_files(self._cluster, SOURCES)
        except Refused as error:
            message = f"It is unknown which dashboards are deployed: {error}."
            raise unproven(message, error) from error
        found = DeployedDashboards(
            files,
            self._delivered(),
            tuple(each for file in files if (each := read_dashboard(file))),
            read_sources(sources),
        )
        self._keep("Deployed dashboards", pretty([asdict(each) for each in found.dashboards]))
        self._keep("Data sources of Grafana", pretty([asdict(each) for each in found.sources]))
        require(
            found.files, f"No dashboard is deployed: no ConfigMap has the label {DASHBOARDS}=1."
        )
        return found

    def assert_as_in_repository(self, found: DeployedDashboards) -> None:
        """Every dashboard of the repository is deployed as it is there, and no other is.

        Raises `Unverifiable` if the repository has none for this cluster.
        """
        if not found.repository:
            raise Unverifiable("The repository has no dashboards for this cluster's overlay.")
        faults: list[str] = []
        for wanted in found.repository:
            own = [each for each in found.files if each.name == wanted.name]
            faults += [f"{wanted.name} of the repository is not deployed"] if not own else []
            faults += [
                f"{each.name} in {each.place} differs from the repository"
                for each in own
                if not same_json(each.text, wanted.text)
            ]
        known = {each.name for each in found.repository}
        faults += [
            f"{each.name} in {each.place} is not in the repository"
            for each in found.files
            if each.name not in known
        ]
        readable = {each.file for each in found.dashboards}
        faults += [f"{e.name} is no dashboard" for e in found.files if e.name not in readable]
        uids = [each.uid for each in found.dashboards]
        faults += [
            f"{uid} is the uid of two dashboards" for uid in sorted(uids) if uids.count(uid) > 1
        ]
        require(not faults, listed(faults))

    def assert_data_source(self, found: DeployedDashboards) -> None:
        """Every query goes to a provisioned data source: the Prometheus that watches the system.

        It expects no more samples than there are, or Grafana would look at too few of them. Each
        data source asks a port that its Service has, where it is deployed.
        """
        endpoint = self._prometheus_endpoint
        own = [each for each in found.sources if _leads_to(each, endpoint.name)]
        good = {each.uid for each in own}
        require(good, f"No data source of Grafana leads to {endpoint.name}.")
        faults = [fault for each in found.sources if (fault := self._fault_of_port(each))]
        scraped = max((each.interval for each in self.prometheus().targets().targets), default=0.0)
        faults += [
            f"{endpoint.name} scrapes every {scraped:g} s, and the data source {each.uid} says "
            f"{each.interval}"
            for each in own
            if seconds_of(each.interval) < scraped
        ]
        for dashboard, panel, query in _every_query(found):
            chosen = {
                each.name: listed_values.text
                for each in dashboard.variables
                if each.kind == "datasource"
                for listed_values in [list_values(each, found.sources, self._queries(), (0, 0))]
            }
            uid = interpolate(query.source, chosen)
            if uid not in good:
                faults.append(f"{panel}, query {query.name} asks {uid or 'no data source'}")
        require(not faults, listed(faults))

    def assert_panels_complete(self, found: DeployedDashboards) -> None:
        """Each panel has a title, a description, and thresholds that somebody chose."""
        require(found.panels, "No dashboard has a panel.")
        faults = [fault for panel in found.panels for fault in faults_of_panel(panel)]
        require(not faults, listed(faults))

    def assert_units(self, found: DeployedDashboards) -> None:
        """Each panel has the unit of what its queries give.

        Raises `Unverifiable` if the unit of a query is not known.
        """
        client = self._queries()
        faults, trees = [], []
        for dashboard, panel, query in _every_query(found):
            values = {each.name: _ANY for each in dashboard.variables}
            parsed = client.parse(interpolate(query.expression, _DURATIONS | values))
            if parsed.tree is None:
                faults.append(f"{panel}, query {query.name} is refused: {parsed.refused}")
            else:
                trees.append((panel, query.name, parsed.tree))
        seen: list[str] = []

        def look() -> list[str]:
            helps = client.help_texts()
            seen[:] = [fault for each in trees if (fault := fault_of_unit(*each, helps))]
            return [each for each in seen if UNKNOWN in each]

        # A metric says what it is when it is first scraped.
        with suppress(DeadlineExceeded):
            eventually(look, lambda unknown: not unknown, timeout=self._timeouts.observation)
        unknown = [each for each in seen if UNKNOWN in each]
        faults += [each for each in seen if each not in unknown]
        require(not faults, listed(faults))
        if unknown:
            raise Unverifiable(f"{listed(unknown)}.")

    def _fault_of_port(self, source: DataSource) -> str | None:
        url = urlsplit(source.url)
        name, _, namespace = (url.hostname or "").removesuffix(".svc").partition(".")
        service = self._cluster.read(api_path("services", namespace, name)) if namespace else None
        ports = [each["port"] for each in service["spec"]["ports"]] if service else []
        port = url.port or (443 if url.scheme == "https" else 80)
        if service is None or port in ports:
            return None
        return f"the data source {source.uid} asks port {port}, which {name} does not have"

    def _queries(self) -> PrometheusQueries:
        return PrometheusQueries(self._cluster, self._prometheus_endpoint)

    def _delivered(self) -> tuple[DashboardFile, ...]:
        """Return the dashboards that the repository has for this cluster; there may be none."""
        settings = self._context.settings
        overlay = settings.overlay_for(self.system.driver) / _STACK
        folder = self._context.path_in_sources(overlay)
        if not (folder / "kustomization.yaml").is_file():
            return ()
        try:
            objects = render(folder, {})
        except BrokenInput as error:
            raise AssertionError(f"The monitoring cannot be deployed: {error.message}") from error
        return files_of(
            each
            for each in objects
            if each["kind"] == "ConfigMap" and DASHBOARDS in (each["metadata"].get("labels") or {})
        )


_DURATIONS = {
    "__rate_interval": "1m",
    "__interval": "1m",
    "__interval_ms": "60000",
    "__range": "1h",
    "__range_s": "3600",
    "__range_ms": "3600000",
}
"""What stands for Grafana's own variables where only the syntax matters."""


def _every_query(found: DeployedDashboards) -> Iterator[tuple[Dashboard, Panel, PanelQuery]]:
    for dashboard in found.dashboards:
        for panel in dashboard.panels:
            for query in panel.queries:
                yield dashboard, panel, query


def _leads_to(source: DataSource, name: str) -> bool:
    """Whether a data source is the Prometheus with this namespace and name."""
    namespace, _, service = name.partition("/")
    host = urlsplit(source.url).hostname or ""
    return source.kind == "prometheus" and (
        host == service or host.startswith(f"{service}.{namespace}.")
    )
