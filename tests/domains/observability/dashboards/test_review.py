from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acceptance.domains.observability import DashboardOperator, DeployedDashboards
from acceptance.domains.observability.drivers.dashboard_files import (
    DASHBOARDS,
    SOURCES,
    DashboardFile,
    read_dashboard,
)
from acceptance.drivers.kubernetes.client import Inaccessible
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable
from acceptance.project import ROOT
from acceptance.settings import Timeouts
from tests.domains.observability.dashboards.boards import SOURCE, board, panel
from tests.fakes.monitored_cluster import MonitoredCluster
from tests.fakes.promql import rate, total
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

FOLDER = ROOT / "manifests" / "components" / "grafana-dashboards"
SERVICE = {
    "metadata": {
        "namespace": "monitoring",
        "name": "prometheus",
        "labels": {"app.kubernetes.io/name": "prometheus"},
    },
    "spec": {"ports": [{"name": "http", "port": 9090}]},
}
PATH = "/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/"
TREE = total(rate("requests_total", job="backend"), "status")


def config_map(label: str, **files: str) -> dict[str, Any]:
    """A ConfigMap of the namespace monitoring."""
    metadata = {"namespace": "monitoring", "name": "boards", "labels": {label: "1"}}
    return {"metadata": metadata, "data": files}


def deployed(**changes: str | None) -> list[dict[str, Any]]:
    """The ConfigMaps of the repository, with other files; None leaves one out."""
    files: dict[str, str | None] = {p.name: p.read_text() for p in FOLDER.glob("*.json")}
    files |= {f"{name}.json": text for name, text in changes.items()}
    boards = config_map(DASHBOARDS, **{n: text for n, text in files.items() if text is not None})
    sources = (FOLDER / "provisioning" / "datasources.yaml").read_text()
    return [boards, config_map(SOURCES, **{"datasources.yaml": sources})]


def operator(
    maps: object, root: Path = ROOT, answers: dict[str, object] | None = None, **answer: object
) -> DashboardOperator:
    """Somebody who reads these ConfigMaps, and asks a Prometheus with some answers."""
    known: dict[str, object] = {api_path("configmaps"): maps, api_path("services"): [SERVICE]}
    known |= {PATH + path: {"data": data} for path, data in (answers or {}).items()}
    known |= answer
    system = replace(SYSTEM, repository=str(root))
    cluster = MonitoredCluster([], known)
    return DashboardOperator(context_of(system, cluster, timeouts=Timeouts(observation=0.1)))


def state(*files: DashboardFile, repository: tuple[DashboardFile, ...] = ()) -> DeployedDashboards:
    """Dashboards that are deployed, and those of the repository."""
    boards = tuple(each for file in files if (each := read_dashboard(file)))
    return DeployedDashboards(files, repository, boards, (SOURCE,))


def test_the_repository_is_deployed_as_it_is() -> None:
    """Whatever the form of the JSON."""
    again = json.dumps(json.loads((FOLDER / "overview.json").read_text()))
    actor = operator(deployed(overview=again))
    found = actor.read_dashboards()
    actor.assert_as_in_repository(found)
    actor.assert_data_source(found)
    actor.assert_panels_complete(found)
    assert len(found.dashboards) == 5
    assert len(found.panels) > 40


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"database": None}, "database.json of the repository is not deployed"),
        ({"overview": "{}"}, "overview.json in monitoring/boards differs from the repository"),
        ({"own": "{}"}, "own.json in monitoring/boards is not in the repository; own.json is no"),
        ({"own": (FOLDER / "ingress.json").read_text()}, "is the uid of two dashboards"),
    ],
)
def test_every_difference_is_named(changes: dict[str, str | None], said: str) -> None:
    """What is missing, what was changed, and what nobody has committed."""
    actor = operator(deployed(**changes))
    with pytest.raises(AssertionError, match=said):
        actor.assert_as_in_repository(actor.read_dashboards())


def test_without_dashboards_nothing_is_complete() -> None:
    """None at all is a fault; a list that is refused, and a repository without any, are unknown."""
    with pytest.raises(AssertionError, match="No dashboard is deployed"):
        operator([]).read_dashboards()
    with pytest.raises(Unverifiable, match="It is unknown which dashboards"):
        operator(Inaccessible("forbidden")).read_dashboards()
    with pytest.raises(Unverifiable, match="has no dashboards for this"):
        operator([]).assert_as_in_repository(state(board()))
    with pytest.raises(AssertionError, match="No dashboard has a panel"):
        operator([]).assert_panels_complete(state())


def test_an_overlay_without_metrics_has_no_dashboards(tmp_path: Path) -> None:
    """The stack is what brings them."""
    shutil.copytree(ROOT / "manifests", tmp_path / "manifests")
    shutil.rmtree(tmp_path / "manifests" / "overlays" / "embedded" / "metrics")
    assert operator(deployed(), tmp_path).read_dashboards().repository == ()


def test_every_query_goes_to_the_prometheus_of_the_system() -> None:
    """Not to a source that nobody provisions, and not to another Prometheus."""
    actor = operator([])
    actor.assert_data_source(state(board()))
    other = panel(title="Other", datasource={"uid": "p2"})
    with pytest.raises(AssertionError, match="Overview, Other, query A asks p2"):
        actor.assert_data_source(state(board(panel(), other)))
    elsewhere = replace(SOURCE, url="http://prometheus.staging.svc:9090")
    with pytest.raises(AssertionError, match="No data source of Grafana leads to monitoring/prom"):
        actor.assert_data_source(replace(state(board()), sources=(elsewhere,)))
    for port, scheme, said in (("9091", "http", 9091), ("", "https", 443)):
        closed = replace(SOURCE, uid="other", url=f"{scheme}://prometheus.monitoring.svc:{port}")
        with pytest.raises(AssertionError, match=f"other asks port {said}, which prometheus does"):
            actor.assert_data_source(replace(state(board()), sources=(SOURCE, closed)))


def test_units_are_checked_by_the_syntax_of_the_queries() -> None:
    """As Prometheus understands them, with their variables replaced."""
    helps = {"requests_total": [{"help": "Requests."}]}
    actor = operator([], answers={"parse_query": TREE, "metadata": helps})
    actor.assert_units(state(board()))
    wrong = panel(fieldConfig={"defaults": {"unit": "ms"}})
    with pytest.raises(AssertionError, match="has the unit ms, and its query A gives requests per"):
        actor.assert_units(state(board(wrong)))
    scaled = {"type": "binaryExpr", "op": "*", "lhs": TREE, "rhs": TREE, "bool": False}
    answers: dict[str, object] = {"parse_query": {**scaled, "matching": None}, "metadata": helps}
    with pytest.raises(Unverifiable, match="is not known"):
        operator([], answers=answers).assert_units(state(board()))
    with pytest.raises(AssertionError, match=r"query A is refused: .*503"):
        operator([], answers={"metadata": helps}).assert_units(state(board()))
    pods: dict[str, object] = {"parse_query": total(rate("pods"))}
    with pytest.raises(Unverifiable, match="is not known"):
        operator([], answers=pods).assert_units(state(board()))
    told = pods | {"metadata": {"pods": [{"help": "Pods."}]}}
    with pytest.raises(AssertionError, match="gives events per second"):
        operator([], answers=told).assert_units(state(board()))
