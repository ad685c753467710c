"""The cluster itself: its nodes, API server, DNS and scheduling."""

from acceptance.domains.cluster.diagnostics import Diagnostics
from acceptance.domains.cluster.operator import ClusterOperator, ClusterState, DnsLookup
from acceptance.system import System

__all__ = ["ClusterOperator", "ClusterState", "Diagnostics", "DnsLookup", "System"]
