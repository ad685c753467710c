from __future__ import annotations

import json
from typing import Any, cast

import pytest

from acceptance.domains.observability.drivers.dashboard_files import (
    DASHBOARDS,
    DashboardFile,
    provisioned_files,
    read_dashboard,
    read_sources,
    same_json,
)
from acceptance.drivers.kubernetes.paths import api_path
from tests.domains.observability.dashboards.boards import board, panel
from tests.fakes.monitored_cluster import MonitoredCluster


def config_map(label: str, **files: str) -> dict[str, Any]:
    """A ConfigMap of the namespace monitoring."""
    metadata = {"namespace": "monitoring", "name": "boards", "labels": {label: "1"}}
    return {"metadata": metadata, "data": files}


def test_only_files_of_dashboards_are_read() -> None:
    """A ConfigMap is known by its label, wherever it is."""
    found = [config_map(DASHBOARDS, a="1", b="2"), config_map("other", c="3")]
    cluster = MonitoredCluster([], {api_path("configmaps"): found})
    files = provisioned_files(cast("Any", cluster), DASHBOARDS)
    assert [(each.place, each.name) for each in files] == [
        ("monitoring/boards", "a"),
        ("monitoring/boards", "b"),
    ]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"title": "a", "uid": "b", "panels": [{}]}'])
def test_what_is_no_dashboard(text: str) -> None:
    """A broken file is no empty dashboard."""
    assert read_dashboard(DashboardFile("place", "a.json", text)) is None


def test_panels_of_rows_count_and_texts_do_not() -> None:
    """A row that is folded has its panels inside; a hidden query is not asked."""
    hidden = panel()["targets"][0] | {"refId": "B", "hide": True}
    inner = panel(title="Inner", targets=[*panel()["targets"], hidden])
    row = {"type": "row", "title": "Row", "panels": [inner]}
    text = {"type": "text", "title": "Text"}
    found = read_dashboard(board(row, text, panel()))
    assert found
    assert [each.title for each in found.panels] == ["Inner", "Requests"]
    assert [each.name for each in found.panels[0].queries] == ["A"]
    assert [each.name for each in found.variables] == ["source", "pod"]
    assert found.variables[1].everything
    assert not found.variables[0].multiple


def test_data_sources_are_read_with_their_defaults() -> None:
    """Other files of provisioning have none."""
    sources = "datasources: [{uid: p, type: prometheus, url: 'http://p:9090', isDefault: true}]"
    files = [DashboardFile("", "a", sources), DashboardFile("", "b", "providers: []")]
    (found,) = read_sources([*files, DashboardFile("", "c", "just a text")])
    assert (found.uid, found.interval, found.default) == ("p", "15s", True)


def test_json_is_compared_by_what_it_says() -> None:
    """Not by its form; what is no JSON is never the same."""
    text = board().text
    assert same_json(text, json.dumps(json.loads(text), indent=4))
    assert not same_json(text, board(panel(title="Other")).text)
    assert not same_json("{", "{")
