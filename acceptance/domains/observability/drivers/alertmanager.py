"""Asks Alertmanager for its receivers, by its HTTP API v2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers.endpoints import ask, objects

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.drivers.kubernetes.client import Kubernetes

PROGRAMS = ("alertmanager",)
"""The label's values by which an Alertmanager is found."""


@dataclass(frozen=True)
class AlertReceivers:
    """The names of the receivers; `refused` says why Alertmanager did not return them."""

    endpoint: MonitoringEndpoint
    receivers: tuple[str, ...]
    refused: str


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
