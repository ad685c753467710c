from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from acceptance.domains.observability import (
    GrafanaOperator,
)
from acceptance.domains.observability.dashboards import grafana_server
from acceptance.domains.observability.drivers.dashboard_files import DASHBOARDS, SOURCES
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts
from tests.domains.observability.dashboards.boards import board
from tests.domains.observability.dashboards.test_review import SERVICE, config_map
from tests.fakes.monitored_cluster import MonitoredCluster
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

GRAFANA = json.loads(json.dumps(SERVICE).replace("prometheus", "grafana").replace("9090", "3000"))
PATH = "/api/v1/namespaces/monitoring/services/grafana:3000/proxy"
BOARD = json.loads(board().text)
SOURCE = "datasources: [{uid: p, type: prometheus, url: 'http://prometheus.monitoring.svc:9090'}]"
SERVED: dict[str, object] = {
    f"{PATH}/api/search": [{"uid": "one"}],
    f"{PATH}/api/dashboards/uid/one": {"dashboard": {**BOARD, "id": 7, "version": 2}},
    f"{PATH}/api/datasources/uid/p/health": {"status": "OK", "message": "works"},
}


class Page:
    """A browser that has opened pages."""

    def __init__(self) -> None:
        """Nothing is open yet."""
        self.opened: list[str] = []

    def open(self, address: str) -> None:
        """Open a page."""
        self.opened.append(address)

    def await_quiet(self) -> None:
        """It is quiet at once."""

    def screenshot(self) -> bytes:
        """A picture."""
        return b"picture"


def operator(
    answers: dict[str, object], services: list[Any], kept: dict[str, object] | None = None
) -> GrafanaOperator:
    """Somebody who asks a Grafana with these answers."""
    maps = [
        config_map(DASHBOARDS, **{"overview.json": board().text}),
        config_map(SOURCES, **{"datasources.yaml": SOURCE}),
    ]
    pods = [{"metadata": {**GRAFANA["metadata"], "name": "grafana-1"}, "spec": {"containers": []}}]
    objects: dict[str, object] = {
        api_path("configmaps"): maps,
        api_path("services"): services,
        api_path("pods"): pods if services else [],
    }

    def keep(title: str, content: object, kind: str = "json") -> None:
        if kept is not None and kind:
            kept[title] = content

    context = context_of(
        SYSTEM,
        MonitoredCluster([], answers | objects),
        keep=keep,
        timeouts=Timeouts(observation=0.1),
    )
    return GrafanaOperator(context)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    """The browser in the place of a real one, which is led to a port of this machine."""
    browser = Page()

    @contextmanager
    def forward(*where: object, timeout: float) -> Iterator[int]:
        assert where[2:] == ("monitoring", "grafana-1", 3000)
        assert timeout
        yield 4321

    @contextmanager
    def visit(*_: object, **__: object) -> Iterator[Page]:
        yield browser

    monkeypatch.setattr(grafana_server, "forwarded", forward)
    monkeypatch.setattr(grafana_server, "visit", visit)
    return browser


def judge(actor: GrafanaOperator) -> None:
    """Make all checks of the scenario."""
    found = actor.read_served()
    actor.assert_served(found)
    actor.assert_source_answers(found)


def test_what_is_served_as_deployed_passes(page: Page) -> None:
    """Grafana adds numbers of its own; a picture of each dashboard is kept."""
    kept: dict[str, object] = {}
    judge(operator(SERVED, [GRAFANA], kept))
    assert kept["Dashboard Overview in Grafana"] == b"picture"
    assert page.opened == ["http://localhost:4321/d/one?from=now-15m&to=now&kiosk"]


def test_without_a_grafana_it_is_not_known() -> None:
    """Said with the label by which it was searched for."""
    with pytest.raises(Unverifiable, match=r"No Grafana is deployed: .* with the value grafana"):
        operator(SERVED, []).read_served()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"search": None}, "monitoring/grafana does not list its dashboards: .*503"),
        ({"search": [{"uid": "two"}]}, "every dashboard in monitoring/grafana: .* it has two"),
        ({"dashboards/uid/one": None}, "does not serve Overview: .*503"),
        (
            {"dashboards/uid/one": {"dashboard": {**BOARD, "panels": [], "more": 1}}},
            "serves Overview otherwise than deployed: more, panels",
        ),
        ({"datasources/uid/p/health": None}, "has no answer of its data source p: .*503"),
        ({"datasources/uid/p/health": {"status": "ERROR"}}, "no answer of its data source p"),
    ],
)
def test_every_difference_is_named(page: Page, changes: dict[str, object], said: str) -> None:
    """What is not listed, not served, served otherwise, or has no data."""
    assert not page.opened
    answers = SERVED | {f"{PATH}/api/{path}": found for path, found in changes.items()}
    known = {path: found for path, found in answers.items() if found is not None}
    with pytest.raises(AssertionError, match=said):
        judge(operator(known, [GRAFANA]))


def test_nothing_deployed_is_nothing_served(page: Page) -> None:
    """An empty Grafana has all of no dashboards."""
    assert not page.opened
    actor = operator(SERVED, [GRAFANA])
    found = actor.read_served()
    nothing = replace(found.deployed, dashboards=(), sources=())
    with pytest.raises(AssertionError, match="No dashboard is deployed"):
        actor.assert_served(replace(found, deployed=nothing))
    with pytest.raises(AssertionError, match="with no data source"):
        actor.assert_source_answers(replace(found, deployed=nothing))
