"""Reads what Grafana is provisioned with: dashboards and data sources, in ConfigMaps.

A ConfigMap of dashboards has the label grafana_dashboard, one of data sources grafana_datasource:
the labels by which Grafana's Helm charts find them. Source: Grafana's "Dashboard JSON model" and
"Provision Grafana".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

DASHBOARDS, SOURCES = "grafana_dashboard", "grafana_datasource"
_DEFAULT_INTERVAL = "15s"
_WITHOUT_DATA = ("row", "text", "news", "dashlist")


@dataclass(frozen=True)
class DashboardFile:
    """A file of a ConfigMap that Grafana is provisioned with."""

    place: str
    """The ConfigMap's namespace and name."""
    name: str
    text: str


@dataclass(frozen=True)
class DataSource:
    """Where Grafana asks for data."""

    uid: str
    kind: str
    url: str
    interval: str
    """How often its data come, as Prometheus writes durations."""
    default: bool


@dataclass(frozen=True)
class Variable:
    """A value that people choose on a dashboard."""

    name: str
    label: str
    """Its name for people."""
    kind: str
    query: str
    all_value: str
    """What stands for all values; empty if they are listed."""
    everything: bool
    """Whether all values are chosen at first."""
    multiple: bool


@dataclass(frozen=True)
class PanelQuery:
    """One query of a panel."""

    name: str
    expression: str
    legend: str
    source: str
    """The uid of its data source, which may be a variable."""


@dataclass(frozen=True)
class Panel:
    """A panel: what it says about itself, and what it asks."""

    dashboard: str
    title: str
    kind: str
    description: str
    unit: str
    other_units: tuple[str, ...]
    """Of series for which the panel makes an exception."""
    steps: tuple[tuple[str, float | None], ...]
    """The colour and the lower end of each threshold."""
    shows_thresholds: bool
    place: tuple[int, int, int, int]
    """Column, row, width and height in Grafana's grid of 24 columns."""
    queries: tuple[PanelQuery, ...]

    def __str__(self) -> str:
        """Name the panel, as messages do."""
        return f"{self.dashboard}, {self.title}"


@dataclass(frozen=True)
class Dashboard:
    """A dashboard of a file."""

    file: str
    uid: str
    title: str
    description: str
    variables: tuple[Variable, ...]
    panels: tuple[Panel, ...]
    """Those that show data."""
    annotations: tuple[PanelQuery, ...]
    """What is marked in all panels."""


def provisioned_files(cluster: Kubernetes, label: str) -> tuple[DashboardFile, ...]:
    """Return the files of all ConfigMaps with a label, in all namespaces.

    Raises `Refused` if the API server does not list them.
    """
    selector = f"{label} in (1,true)"
    return files_of(cluster.items(api_path("configmaps"), labelSelector=selector))


def files_of(config_maps: Iterable[Object]) -> tuple[DashboardFile, ...]:
    """Return the files of ConfigMaps, by name."""
    return tuple(
        DashboardFile(f"{each['metadata']['namespace']}/{each['metadata']['name']}", name, text)
        for each in config_maps
        for name, text in sorted((each.get("data") or {}).items())
    )


def same_json(one: str, other: str) -> bool:
    """Whether two texts are the same JSON."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def read_dashboard(file: DashboardFile) -> Dashboard | None:
    """Return the dashboard of a file; None if it is none."""
    try:
        found = json.loads(file.text)
        title = found["title"]
        return Dashboard(
            file.name,
            found["uid"],
            title,
            found.get("description", ""),
            tuple(_variable(each) for each in found.get("templating", {}).get("list", ())),
            tuple(_panel(title, each) for each in _panels(found)),
            tuple(
                PanelQuery(each["name"], each["expr"], "", each["datasource"]["uid"])
                for each in found.get("annotations", {}).get("list", ())
                if each.get("enable") and "expr" in each
            ),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def read_sources(files: Iterable[DashboardFile]) -> tuple[DataSource, ...]:
    """Return the data sources of provisioning files; other files have none."""
    found = [yaml.safe_load(each.text) for each in files]
    return tuple(
        DataSource(
            each["uid"],
            each["type"],
            each.get("url", ""),
            (each.get("jsonData") or {}).get("timeInterval", _DEFAULT_INTERVAL),
            bool(each.get("isDefault")),
        )
        for file in found
        if isinstance(file, dict)
        for each in file.get("datasources") or ()
    )


def _panels(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the panels that show data, also of rows that are folded."""
    for each in found.get("panels", ()):
        if each["type"] not in _WITHOUT_DATA:
            yield each
        yield from _panels(each)


def _panel(dashboard: str, found: dict[str, Any]) -> Panel:
    defaults = found.get("fieldConfig", {}).get("defaults", {})
    style = defaults.get("custom", {}).get("thresholdsStyle", {}).get("mode", "off")
    own = found.get("datasource") or {}
    place = found["gridPos"]
    return Panel(
        dashboard,
        found.get("title", ""),
        found["type"],
        found.get("description", ""),
        defaults.get("unit", ""),
        tuple(
            str(each.get("value"))
            for override in found.get("fieldConfig", {}).get("overrides", ())
            for each in override["properties"]
            if each["id"] == "unit"
        ),
        tuple(
            (each["color"], each.get("value"))
            for each in defaults.get("thresholds", {}).get("steps", ())
        ),
        style != "off" or defaults.get("color", {}).get("mode") == "thresholds",
        (place["x"], place["y"], place["w"], place["h"]),
        tuple(
            PanelQuery(
                each["refId"],
                each.get("expr", ""),
                each.get("legendFormat", ""),
                (each.get("datasource") or own).get("uid", ""),
            )
            for each in found.get("targets", ())
            if not each.get("hide")
        ),
    )


def _variable(found: dict[str, Any]) -> Variable:
    query = found.get("query", "")
    chosen = (found.get("current") or {}).get("value", "")
    return Variable(
        found["name"],
        found.get("label") or found["name"],
        found["type"],
        str(query.get("query", "") if isinstance(query, dict) else query),
        found.get("allValue") or "",
        "$__all" in (chosen if isinstance(chosen, list) else [chosen]),
        bool(found.get("multi") or found.get("includeAll")),
    )
