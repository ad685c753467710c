from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from acceptance.build.alert_rules import render_rules
from acceptance.build.rule_tests import built_promtool
from acceptance.process import run
from acceptance.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = ROOT / "manifests" / "components" / "grafana-dashboards"
FILES = ("overview", "backend", "database", "ingress", "cluster")
_UNITS = {"s", "bytes", "percentunit", "reqps", "ops", "short", "bool_on_off"}
_DATA_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_SELECTOR = re.compile(r"\b([a-z_:][a-z0-9_:]*)\{")
_CALLED = re.compile(r"\$(\w+)")


def _board(name: str) -> dict[str, Any]:
    board: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return board


PANELS = [(name, panel) for name in FILES for panel in _board(name)["panels"]]


def _queries(name: str) -> Iterator[str]:
    for panel in _board(name)["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def test_the_component_has_every_dashboard() -> None:
    """A dashboard that is not deployed would be seen by nobody."""
    component = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    deployed = {file for each in component["configMapGenerator"] for file in each["files"]}
    there = {
        str(path.relative_to(FOLDER))
        for path in FOLDER.rglob("*.*")
        if path.name != "kustomization.yaml"
    }
    assert deployed == there
    assert {f"{name}.json" for name in FILES} <= deployed


@pytest.mark.parametrize(
    ("name", "panel"), PANELS, ids=[f"{name}-{panel['title']}" for name, panel in PANELS]
)
def test_each_panel_says_what_it_shows(name: str, panel: dict[str, Any]) -> None:
    """A title, a description, a unit, thresholds, and where its data come from."""
    del name
    assert panel["title"]
    assert len(panel["description"].split()) >= 5
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["unit"] in _UNITS
    steps = defaults["thresholds"]["steps"]
    assert len(steps) == 3
    assert steps[0]["value"] is None
    assert steps[1]["value"] < steps[2]["value"]
    assert panel["datasource"] == _DATA_SOURCE
    assert panel["targets"]
    for target in panel["targets"]:
        assert target["datasource"] == _DATA_SOURCE
        assert target["legendFormat"]


@pytest.mark.parametrize("name", FILES)
def test_each_variable_is_declared_and_used(name: str) -> None:
    """A query with an unknown variable shows nothing, and says nothing."""
    board = _board(name)
    declared = {each["name"] for each in board["templating"]["list"]}
    called = {found for query in _queries(name) for found in _CALLED.findall(query)}
    assert called - {"__rate_interval"} == declared - {"datasource"}
    assert board["templating"]["list"][0]["type"] == "datasource"


def test_dashboards_are_told_apart() -> None:
    """Grafana keeps only one of two with the same id; panels of a dashboard have their own too."""
    boards = [_board(name) for name in FILES]
    assert len({board["uid"] for board in boards}) == len(FILES)
    assert len({board["title"] for board in boards}) == len(FILES)
    for board in boards:
        for key in ("id", "title"):
            assert len({panel[key] for panel in board["panels"]}) == len(board["panels"])


@pytest.mark.parametrize("name", FILES)
def test_panels_do_not_overlap(name: str) -> None:
    """Each cell of the grid of 24 columns belongs to one panel."""
    cells = [
        (x, y)
        for panel in _board(name)["panels"]
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert max(x for x, _ in cells) < 24
    assert len(cells) == len(set(cells))


@pytest.mark.parametrize("name", FILES)
def test_recorded_series_exist(name: str) -> None:
    """A series that a dashboard takes from a rule is recorded by one."""
    recorded = {
        rule["record"]
        for file in ("recording.yaml", "service-levels.yaml")
        for group in yaml.safe_load(render_rules("production")[file])["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    text = " ".join(_queries(name))
    asked = set(re.findall(r"\b\w+(?::\w+)+\b", text))
    assert asked <= recorded


@pytest.mark.parametrize("name", FILES)
def test_each_query_names_its_job(name: str) -> None:
    """Two programs may have a metric of the same name, such as process_cpu_seconds_total."""
    for query in _queries(name):
        for metric in _SELECTOR.findall(query):
            if metric != "ALERTS":
                assert re.search(rf'\b{metric}\{{job="[a-z-]+"', query), query


def test_data_sources_are_those_that_dashboards_ask() -> None:
    """Provisioning has a Prometheus, and an exemplar leads to a source that is there too."""
    provisioned = yaml.safe_load((FOLDER / "provisioning" / "datasources.yaml").read_text())
    sources = {source["uid"]: source for source in provisioned["datasources"]}
    (led,) = sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert led["datasourceUid"] in sources
    assert led["name"] == "trace_id"


@pytest.mark.skipif(built_promtool() is None, reason="promtool is built by a run")
def test_prometheus_understands_each_query(tmp_path: Path) -> None:
    """All of them as rules, which promtool checks at once."""
    queries = sorted({query for name in FILES for query in _queries(name)})
    assert len(queries) > 50
    rules = [
        {"record": f"query_{at}", "expr": _CALLED.sub("x", query.replace("$__rate_interval", "5m"))}
        for at, query in enumerate(queries)
    ]
    path = tmp_path / "queries.yaml"
    path.write_text(yaml.dump({"groups": [{"name": "queries", "rules": rules}]}, width=10000))
    promtool = built_promtool()
    assert promtool is not None
    assert (
        f"{len(queries)} rules found"
        in run([promtool, "check", "rules", "--lint=none", path], timeout=60).stdout
    )
