"""Probes: pods that listen, say what arrives, and try to reach what they are told."""

from acceptance.drivers.probes.fleet import Fleet, Sighting
from acceptance.drivers.probes.outside import Outside, address_towards
from acceptance.drivers.probes.pods import (
    PROBE_LABEL,
    Door,
    Post,
    Probe,
    exposing_service,
    permission,
    probe_pod,
)
from acceptance.drivers.probes.sender import Target, greeting, lookup, try_all

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
