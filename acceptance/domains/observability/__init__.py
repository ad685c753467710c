"""Checks metrics, logs, dashboards and alerts by asking the programs that hold them."""

from acceptance.domains.observability.alerting import AlertingFacts, AlertingOperator
from acceptance.domains.observability.counting import CounterState, SentRequests, TrafficCounter
from acceptance.domains.observability.dashboard_traffic import (
    BeforeTraffic,
    DashboardReviewer,
    DashboardsAfterTraffic,
    PanelRow,
    read_panel_rows,
)
from acceptance.domains.observability.dashboards import DashboardOperator, DeployedDashboards
from acceptance.domains.observability.drivers.jaeger import Trace
from acceptance.domains.observability.drivers.log_store import LogEntry, LogHits
from acceptance.domains.observability.drivers.prometheus import ScrapeTargets
from acceptance.domains.observability.exemplar_analyst import ExemplarAnalyst, FollowedExemplar
from acceptance.domains.observability.grafana_server import GrafanaOperator, ServedState
from acceptance.domains.observability.health_probes import (
    BrokenEndpoint,
    ProbeOperator,
    ProbeState,
)
from acceptance.domains.observability.log_entries import LogEntryInspector, RequestEntries
from acceptance.domains.observability.logs import LogOperator
from acceptance.domains.observability.metrics import MetricsOperator, NewReplica, ScrapeState
from acceptance.domains.observability.monitoring import MonitoringOperator
from acceptance.domains.observability.numbered_lines import NumberedLines
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
    "BeforeTraffic",
    "BrokenEndpoint",
    "CheckoutTrace",
    "CounterState",
    "DashboardOperator",
    "DashboardReviewer",
    "DashboardsAfterTraffic",
    "DeployedDashboards",
    "ExemplarAnalyst",
    "FollowedExemplar",
    "GrafanaOperator",
    "LogEntry",
    "LogEntryInspector",
    "LogHits",
    "LogOperator",
    "LoggedRequest",
    "MetricsOperator",
    "MonitoringOperator",
    "NewReplica",
    "NumberedLines",
    "PanelRow",
    "ProbeOperator",
    "ProbeState",
    "RequestEntries",
    "ScrapeState",
    "ScrapeTargets",
    "SentRequests",
    "ServedState",
    "SignalInspector",
    "Trace",
    "TraceAnalyst",
    "TrafficCounter",
    "read_panel_rows",
    "read_signals",
]
