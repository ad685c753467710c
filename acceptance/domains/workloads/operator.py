"""The operator of the workloads, as the steps use it: all that concerns them in one actor."""

from __future__ import annotations

from acceptance.domains.workloads.crashes import CrashOperator
from acceptance.domains.workloads.health import HealthOperator
from acceptance.domains.workloads.outage import OutageOperator
from acceptance.domains.workloads.storage import StorageOperator
from acceptance.domains.workloads.stuck_containers import StuckContainerOperator


class WorkloadOperator(
    CrashOperator, HealthOperator, OutageOperator, StuckContainerOperator, StorageOperator
):
    """Checks replicas, probes and storage of the workloads, and disturbs them on purpose."""
