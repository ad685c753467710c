"""Asks Prometheus for its scrape targets and alert rules, by its HTTP API v1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from acceptance.domains.observability.drivers.endpoints import ask, objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.drivers.kubernetes.client import Kubernetes

PROGRAMS = ("prometheus",)
"""The label's values by which a Prometheus is found."""
_CATEGORY = "category"


@dataclass(frozen=True)
class ScrapeTarget:
    """One target that a Prometheus scrapes."""

    address: str
    """The host of the scrape URL."""
    health: str
    """up, down or unknown."""
    error: str
    """The last error, empty if there was none."""


@dataclass(frozen=True)
class ScrapeTargets:
    """All targets of one Prometheus; `refused` says why it did not return them."""

    endpoint: MonitoringEndpoint
    targets: tuple[ScrapeTarget, ...]
    refused: str


@dataclass(frozen=True)
class AlertRule:
    """A rule that fires an alert."""

    name: str
    category: str
    """The value of its label `category`, empty if it has none."""
    health: str
    """ok, err or unknown."""


@dataclass(frozen=True)
class AlertRules:
    """All alert rules of one Prometheus; `refused` says why it did not return them."""

    endpoint: MonitoringEndpoint
    rules: tuple[AlertRule, ...]
    refused: str


class Prometheus:
    """One Prometheus of a cluster."""

    def __init__(self, cluster: Kubernetes, endpoint: MonitoringEndpoint) -> None:
        """Ask the Prometheus at `endpoint`."""
        self._cluster = cluster
        self._endpoint = endpoint

    def targets(self) -> ScrapeTargets:
        """Return its active targets."""
        reply = ask(self._cluster, self._endpoint, "/api/v1/targets", state="active")
        found: Any = reply.json() if reply.succeeded else None
        try:
            targets = tuple(_target(each) for each in found["data"]["activeTargets"])
        except (TypeError, KeyError):
            return ScrapeTargets(self._endpoint, (), str(reply))
        return ScrapeTargets(self._endpoint, targets, "")

    def alert_rules(self) -> AlertRules:
        """Return its alert rules, of all groups."""
        reply = ask(self._cluster, self._endpoint, "/api/v1/rules")
        found: Any = reply.json() if reply.succeeded else None
        if found is None:
            return AlertRules(self._endpoint, (), str(reply))
        return AlertRules(self._endpoint, tuple(_rules(found)), "")


def _target(found: dict[str, Any]) -> ScrapeTarget:
    host = urlsplit(found["scrapeUrl"]).hostname or ""
    return ScrapeTarget(host, found["health"], found.get("lastError", ""))


def _rules(answer: Any) -> Iterator[AlertRule]:  # noqa: ANN401 (another program's JSON)
    data = answer.get("data") if isinstance(answer, dict) else None
    for group in objects(data.get("groups") if isinstance(data, dict) else None):
        for rule in objects(group.get("rules")):
            if rule.get("type") == "alerting":
                category = str((rule.get("labels") or {}).get(_CATEGORY, ""))
                yield AlertRule(str(rule.get("name")), category, str(rule.get("health")))
