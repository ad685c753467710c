"""Asks Prometheus for its rules and what fires, and reads expressions, by its HTTP API v1.

Source: the page "HTTP API" of Prometheus 3.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.domains.observability.drivers.endpoints import ask, objects
from acceptance.domains.observability.drivers.labels import Labelled
from acceptance.drivers.kubernetes.client import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.drivers.kubernetes.client import Kubernetes

_ALERTING = "alerting"


@dataclass(frozen=True)
class Rule(Labelled):
    """A rule that fires an alert, or records a series."""

    name: str
    alerting: bool
    query: str
    """The expression as the client returns it; `PrometheusRules.formatted` makes it comparable."""
    duration: float
    """For how long it has to hold before it fires, in seconds."""
    interval: float
    """Between two evaluations, in seconds."""
    labels: tuple[tuple[str, str], ...]
    annotations: tuple[tuple[str, str], ...]
    health: str
    """ok, err or unknown."""


@dataclass(frozen=True)
class Rules:
    """All rules of one Prometheus; `refused` says why it did not return them."""

    endpoint: MonitoringEndpoint
    rules: tuple[Rule, ...]
    refused: str

    @property
    def alerts(self) -> tuple[Rule, ...]:
        """The rules that fire an alert."""
        return tuple(each for each in self.rules if each.alerting)


@dataclass(frozen=True)
class ActiveAlert(Labelled):
    """An alert that is pending or fires now."""

    labels: tuple[tuple[str, str], ...]
    state: str
    """pending or firing."""

    @property
    def name(self) -> str:
        """The name of the alert."""
        return self.label("alertname")


@dataclass(frozen=True)
class AlertSending:
    """To whom a Prometheus sends its alerts."""

    managers: tuple[str, ...]
    """The addresses of the Alertmanagers that it has found."""
    changed: tuple[str, ...]
    """What it does to alerts before it sends them, or drops them by."""


class PrometheusRules:
    """The rules of one Prometheus of a cluster."""

    def __init__(self, cluster: Kubernetes, endpoint: MonitoringEndpoint) -> None:
        """Ask the Prometheus at `endpoint`."""
        self._cluster = cluster
        self._endpoint = endpoint

    def rules(self) -> Rules:
        """Return its rules, of all groups."""
        reply = ask(self._cluster, self._endpoint, "/api/v1/rules")
        found: Any = reply.json() if reply.succeeded else None
        if found is None:
            return Rules(self._endpoint, (), str(reply))
        return Rules(self._endpoint, tuple(_rules(found)), "")

    def active(self) -> tuple[ActiveAlert, ...]:
        """Return what is pending and what fires; raises `Refused` if it does not answer."""
        found = self._ask("/api/v1/alerts")
        return tuple(
            ActiveAlert(tuple(sorted(each["labels"].items())), str(each["state"]))
            for each in objects(found.get("alerts"))
        )

    def active_now(self) -> tuple[ActiveAlert, ...] | None:
        """Return what `active` does; None where it raises, for whoever asks again and again.

        On a busy machine one answer of many may be missing, which says nothing about alerts.
        """
        with suppress(Refused):
            return self.active()
        return None

    def formatted(self, expression: str) -> str:
        """Return an expression in Prometheus' own format; raises `Refused` if it is none."""
        return str(self._ask("/api/v1/format_query", query=expression))

    def metrics(self, expression: str) -> set[str]:
        """Return the metrics that an expression reads; raises `Refused` if it is none."""
        return {each["name"] for each in self._selected(expression) if each.get("name")}

    def selectors(self, expression: str) -> tuple[str, ...]:
        """Return what an expression selects, each once; raises `Refused` if it is none."""
        found = (
            ",".join(
                f"{each['name']}{each['type']}{json.dumps(each['value'])}"
                for each in objects(selector.get("matchers"))
            )
            for selector in self._selected(expression)
        )
        return tuple(dict.fromkeys(f"{{{each}}}" for each in found))

    def _selected(self, expression: str) -> Iterator[dict[str, Any]]:
        return _selectors(self._ask("/api/v1/parse_query", query=expression))

    def has_series(self, metric: str, seconds: float) -> bool:
        """Return whether a metric has had a series in the last `seconds`; raises `Refused`."""
        found = self._ask(
            "/api/v1/query", query=f'count(last_over_time({{__name__="{metric}"}}[{seconds:.0f}s]))'
        )
        return bool(objects(found.get("result")))

    def sending(self) -> AlertSending:
        """Return to whom it sends alerts, by its loaded configuration; raises `Refused`.

        Source: Prometheus' documentation, `alerting` and `alert_relabel_configs`.
        """
        loaded = yaml.safe_load(str(self._ask("/api/v1/status/config").get("yaml", ""))) or {}
        found = self._ask("/api/v1/alertmanagers")
        alerting = loaded.get("alerting") or {}
        configs = [alerting, *objects(alerting.get("alertmanagers"))]
        changes = [each for own in configs for each in own.get("alert_relabel_configs") or ()]
        return AlertSending(
            tuple(str(each.get("url")) for each in objects(found.get("activeAlertmanagers"))),
            tuple(str(each.get("action", "replace")) for each in changes),
        )

    def _ask(self, path: str, **query: str) -> Any:  # noqa: ANN401 (another program's JSON)
        reply = ask(self._cluster, self._endpoint, path, **query)
        found: Any = reply.json() if reply.succeeded else None
        try:
            return found["data"]
        except (TypeError, KeyError) as error:
            raise Refused(f"{self._endpoint.name} does not answer {path}: {reply}") from error


def _rules(answer: Any) -> Iterator[Rule]:  # noqa: ANN401 (another program's JSON)
    data = answer.get("data") if isinstance(answer, dict) else None
    for group in objects(data.get("groups") if isinstance(data, dict) else None):
        for rule in objects(group.get("rules")):
            yield Rule(
                name=str(rule.get("name")),
                alerting=rule.get("type") == _ALERTING,
                query=str(rule.get("query")),
                duration=float(rule.get("duration") or 0),
                interval=float(group.get("interval") or 0),
                labels=tuple(sorted((rule.get("labels") or {}).items())),
                annotations=tuple(sorted((rule.get("annotations") or {}).items())),
                health=str(rule.get("health")),
            )


def _selectors(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 (another program's JSON)
    """Yield the selectors of a parsed expression."""
    if isinstance(node, list):
        for each in node:
            yield from _selectors(each)
    elif isinstance(node, dict):
        if node.get("type") in {"vectorSelector", "matrixSelector"}:
            yield node
        for each in node.values():
            yield from _selectors(each)
