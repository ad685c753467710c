"""Asks Alertmanager for its alerts and routes, and gives it alerts and silences, by its API v2.

Source: the OpenAPI document of Alertmanager 0.31.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.domains.observability.drivers.endpoints import ask, objects, request
from acceptance.domains.observability.drivers.exposition import value_of
from acceptance.domains.observability.drivers.prometheus import seconds_of
from acceptance.domains.observability.drivers.promql import Matcher
from acceptance.drivers.kubernetes.client import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.drivers.kubernetes.client import Kubernetes

PROGRAMS = ("alertmanager",)
"""The label's values by which an Alertmanager is found."""
_DEFAULTS = {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}
"""Of a route that does not say (Alertmanager's documentation, "route")."""
_MATCHER = re.compile(
    r"""^\s*"?(?P<name>[^"=!~]+?)"?\s*(?P<way>=~|!~|!=|=)\s*"?(?P<value>.*?)"?\s*$"""
)


def hash_of_configuration(content: bytes) -> float:
    """Return what the metric `alertmanager_config_hash` is for a file.

    The first 48 bits of its MD5, least significant byte first (config/coordinator.go of 0.31).
    """
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    return float(int.from_bytes(digest[:6], "little"))


@dataclass(frozen=True)
class AlertReceivers:
    """The names of the receivers; `refused` says why Alertmanager did not return them."""

    endpoint: MonitoringEndpoint
    receivers: tuple[str, ...]
    refused: str


@dataclass(frozen=True)
class RouteTimes:
    """How long the slowest route to a receiver gathers alerts, in seconds."""

    wait: float
    """Before the first notification of a group."""
    interval: float
    """Between two notifications of a group."""


@dataclass(frozen=True)
class RouteTarget:
    """A receiver that gets an alert, and after how many seconds it is repeated."""

    receiver: str
    repeat: float


class Alertmanager:
    """One Alertmanager of a cluster."""

    def __init__(self, cluster: Kubernetes, endpoint: MonitoringEndpoint) -> None:
        """Ask the Alertmanager at `endpoint`."""
        self._cluster = cluster
        self._endpoint = endpoint

    def receivers(self) -> AlertReceivers:
        """Return its receivers."""
        reply = ask(self._cluster, self._endpoint, "/api/v2/receivers")
        found = reply.json() if reply.succeeded else None
        if found is None:
            return AlertReceivers(self._endpoint, (), str(reply))
        names = tuple(str(each.get("name", "")) for each in objects(found))
        return AlertReceivers(self._endpoint, names, "")

    def times(self, receiver: str) -> RouteTimes:
        """Return the times of the routes to a receiver, by the configuration that is loaded.

        Raises `Refused` if Alertmanager does not return it, or has no such route.
        """
        times = [
            RouteTimes(seconds_of(own["group_wait"]), seconds_of(own["group_interval"]))
            for own in _flat(self.route(), _DEFAULTS)
            if own.get("receiver") == receiver
        ]
        if not times:
            raise Refused(f"no route of {self._endpoint.name} leads to {receiver}")
        return RouteTimes(max(t.wait for t in times), max(t.interval for t in times))

    def route(self) -> dict[str, Any]:
        """Return the root of its routes, as it is configured; raises `Refused`."""
        try:
            return dict(self.configuration()["route"])
        except (TypeError, KeyError) as error:
            raise Refused(f"{self._endpoint.name} does not return its routes") from error

    def configuration(self) -> dict[str, Any]:
        """Return the configuration that it has loaded; raises `Refused`."""
        reply = ask(self._cluster, self._endpoint, "/api/v2/status")
        found: Any = reply.json() if reply.succeeded else None
        try:
            return dict(yaml.safe_load(found["config"]["original"]))
        except (TypeError, KeyError, ValueError, yaml.YAMLError) as error:
            raise Refused(f"{self._endpoint.name} does not return its routes: {reply}") from error

    def configuration_hash(self) -> float:
        """Return the hash of the text that it has loaded, as `hash_of_configuration`.

        Raises `Refused`.
        """
        reply = ask(self._cluster, self._endpoint, "/metrics")
        found = value_of(reply.text, "alertmanager_config_hash") if reply.succeeded else None
        if found is None:
            raise Refused(f"{self._endpoint.name} does not say what it has loaded: {reply}")
        return found

    def send(self, labels: Sequence[Mapping[str, str]], seconds: float) -> None:
        """Give it an alert for each of `labels`, which fires for so many seconds from now.

        With a time that is not above 0 the alerts end. Raises `Refused`.
        """
        now = datetime.now(UTC)
        # One that ends has begun before. One that begins does so now: a group whose first alert is
        # older than its wait is sent at once, without the others.
        begins = now if seconds > 0 else now - timedelta(seconds=1)
        ends = now + timedelta(seconds=seconds)
        alerts = [
            {
                "labels": dict(each),
                "annotations": {"summary": "Sent by the acceptance suite."},
                "startsAt": begins.isoformat(),
                "endsAt": ends.isoformat(),
            }
            for each in labels
        ]
        self._post("/api/v2/alerts", alerts)

    def silence(self, labels: Mapping[str, str], seconds: float) -> str:
        """Silence the alerts that have all these labels, and return the silence's id.

        Raises `Refused`.
        """
        now = datetime.now(UTC)
        answer = self._post(
            "/api/v2/silences",
            {
                "matchers": [
                    {"name": name, "value": value, "isRegex": False, "isEqual": True}
                    for name, value in labels.items()
                ],
                "startsAt": now.isoformat(),
                "endsAt": (now + timedelta(seconds=seconds)).isoformat(),
                "createdBy": "acceptance suite",
                "comment": "Tests that a silence holds.",
            },
        )
        return str(answer["silenceID"])

    def end_silence(self, silence: str) -> None:
        """End a silence; one that has ended stays so."""
        request(self._cluster, self._endpoint, "DELETE", f"/api/v2/silence/{silence}")

    def _post(self, path: str, body: Any) -> Any:  # noqa: ANN401 (another program's JSON)
        reply = request(self._cluster, self._endpoint, "POST", path, body)
        if not reply.succeeded:
            raise Refused(f"{self._endpoint.name} does not take {path}: {reply}")
        return reply.json()


def targets_of(route: Mapping[str, Any], labels: Mapping[str, str]) -> tuple[RouteTarget, ...]:
    """Return who gets an alert with these labels, in the order of the routes.

    An alert goes into the first child that matches, and into the next ones too after one that
    continues; without such a child it is the route's own (Alertmanager's documentation, "route").
    """
    own = {**_DEFAULTS, **{name: each for name, each in route.items() if name != "routes"}}
    found: list[RouteTarget] = []
    for child in route.get("routes") or ():
        if all(_matches(each, labels) for each in child.get("matchers") or ()):
            inherited = {key: own[key] for key in ("receiver", *_DEFAULTS) if key in own}
            found += targets_of({**inherited, **child}, labels)
            if not child.get("continue"):
                break
    return tuple(found) or (
        RouteTarget(str(own["receiver"]), seconds_of(str(own["repeat_interval"]))),
    )


def quiet_times(route: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the times at which routes send nothing, or send something only then."""
    own = (*(route.get("mute_time_intervals") or ()), *(route.get("active_time_intervals") or ()))
    below = [name for child in route.get("routes") or () for name in quiet_times(child)]
    return tuple(dict.fromkeys((*map(str, own), *below)))


def matcher_of(written: str) -> Matcher:
    """Return a matcher by how it is written, such as `severity = "critical"`; raises `Refused`."""
    found = _MATCHER.match(written)
    if found is None:
        raise Refused(f"the matcher {written} cannot be read")
    return Matcher(found["name"], found["way"], found["value"])


def _matches(written: str, labels: Mapping[str, str]) -> bool:
    """Return whether labels match; a missing label is empty."""
    condition = matcher_of(written)
    return condition.accepts(labels.get(condition.label, ""))


def repeats(route: Mapping[str, Any]) -> tuple[float, ...]:
    """Return after how many seconds each route tells again what still fires."""
    return tuple(seconds_of(str(each["repeat_interval"])) for each in _flat(route, _DEFAULTS))


def _flat(route: Mapping[str, Any], inherited: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a route and all below it, each with what it inherits."""
    own = {**inherited, **{name: each for name, each in route.items() if name != "routes"}}
    below = [each for child in route.get("routes") or () for each in _flat(child, own)]
    return [own, *below]
