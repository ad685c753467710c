"""Probes: pods that listen, say what arrives, and try to reach what they are told."""

from acceptance.domains.network.drivers.fleet import Fleet, Sighting
from acceptance.domains.network.drivers.outside import Outside, address_towards
from acceptance.domains.network.drivers.probe_pods import (
    PROBE_LABEL,
    Door,
    Post,
    Probe,
    exposing_service,
    permission,
    probe_pod,
)
from acceptance.domains.network.drivers.sender import Target, greeting, lookup, try_all

__all__ = [
    "PROBE_LABEL",
    "Door",
    "Fleet",
    "Outside",
    "Post",
    "Probe",
    "Sighting",
    "Target",
    "address_towards",
    "exposing_service",
    "greeting",
    "lookup",
    "permission",
    "probe_pod",
    "try_all",
]
