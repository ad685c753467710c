"""Checks metrics, logs, dashboards and alerts by asking the programs that hold them."""

from acceptance.domains.observability.alerting import AlertingFacts, AlertingOperator
from acceptance.domains.observability.counting import CounterState, SentRequests, TrafficCounter
from acceptance.domains.observability.drivers.jaeger import Trace
from acceptance.domains.observability.drivers.log_store import LogHits
from acceptance.domains.observability.drivers.prometheus import ScrapeTargets
from acceptance.domains.observability.exemplar_analyst import ExemplarAnalyst, FollowedExemplar
from acceptance.domains.observability.health_probes import (
    BrokenEndpoint,
    ProbeOperator,
    ProbeState,
)
from acceptance.domains.observability.metrics import MetricsOperator, NewReplica, ScrapeState
from acceptance.domains.observability.monitoring import MonitoringOperator
from acceptance.domains.observability.signal_inspector import SignalInspector
from acceptance.domains.observability.signals import read_signals
from acceptance.domains.observability.trace_analyst import (
    CheckoutTrace,
    LoggedRequest,
    TraceAnalyst,
)

__all__ = [
    "AlertingFacts",
    "AlertingOperator",
    "BrokenEndpoint",
    "CheckoutTrace",
    "CounterState",
    "ExemplarAnalyst",
    "FollowedExemplar",
    "LogHits",
    "LoggedRequest",
    "MetricsOperator",
    "MonitoringOperator",
    "NewReplica",
    "ProbeOperator",
    "ProbeState",
    "ScrapeState",
    "ScrapeTargets",
    "SentRequests",
    "SignalInspector",
    "Trace",
    "TraceAnalyst",
    "TrafficCounter",
    "read_signals",
]
