"""The operator: looks after the cluster and the running system, and disturbs it on purpose."""

from __future__ import annotations

from acceptance.domains.cluster.operator import ClusterOperator
from acceptance.domains.workloads.health import HealthOperator
from acceptance.domains.workloads.pods import PodOperator


class WorkloadOperator(PodOperator, HealthOperator, ClusterOperator):
    """Somebody with a kubeconfig: everything that the features let the operator do."""
