"""The workloads of the system: replicas, probes, rollouts and storage."""

from acceptance.domains.workloads.health import DatabaseOutage
from acceptance.domains.workloads.operator import WorkloadOperator
from acceptance.domains.workloads.pods import PodAnswer, PodReplacement
from acceptance.domains.workloads.storage import DatabaseStorage
from acceptance.drivers.kubernetes.facts import PodFacts

__all__ = [
    "DatabaseOutage",
    "DatabaseStorage",
    "PodAnswer",
    "PodFacts",
    "PodReplacement",
    "WorkloadOperator",
]
