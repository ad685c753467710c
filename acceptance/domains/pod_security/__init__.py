"""Security contexts of containers, and the admission of pods."""

from acceptance.domains.pod_security.admission import AdmissionAttempt, AdmissionTester
from acceptance.domains.pod_security.container_inspector import (
    ContainerInspector,
    InspectedContainer,
)
from acceptance.domains.pod_security.images import ImageInspector
from acceptance.drivers.kubernetes.facts import PodFacts

__all__ = [
    "AdmissionAttempt",
    "AdmissionTester",
    "ContainerInspector",
    "ImageInspector",
    "InspectedContainer",
    "PodFacts",
]
