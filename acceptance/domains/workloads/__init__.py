"""The workloads of the system: replicas, probes, rollouts and storage."""

from acceptance.domains.workloads.health import Health
from acceptance.domains.workloads.operator import WorkloadOperator
from acceptance.domains.workloads.outage import DatabaseOutage
from acceptance.domains.workloads.pods import PodAnswer, PodReplacement
from acceptance.domains.workloads.storage import DatabaseStorage
from acceptance.domains.workloads.stuck_containers import StuckContainer

__all__ = [
    "DatabaseOutage",
    "DatabaseStorage",
    "Health",
    "PodAnswer",
    "PodReplacement",
    "StuckContainer",
    "WorkloadOperator",
]
