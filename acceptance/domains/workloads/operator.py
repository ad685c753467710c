"""The operator of the workloads, as the steps use it: pods, health and storage in one actor."""

from __future__ import annotations

from acceptance.domains.workloads.crashes import CrashOperator
from acceptance.domains.workloads.health import HealthOperator
from acceptance.domains.workloads.storage import StorageOperator


class WorkloadOperator(CrashOperator, HealthOperator, StorageOperator):
    """Checks replicas, probes and storage of the workloads, and disturbs them on purpose."""
