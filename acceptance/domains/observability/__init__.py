"""Checks metrics, logs, dashboards and alerts by asking the programs that hold them."""

from acceptance.domains.observability.alerts.dead_mans_switch import CutWay, DeadMansSwitchTester
from acceptance.domains.observability.alerts.follower import AlertFollower
from acceptance.domains.observability.alerts.inhibition import (
    InhibitedAlert,
    InhibitionTester,
    UninhibitedAlert,
)
from acceptance.domains.observability.alerts.listener import AlertListener, AlertReception
from acceptance.domains.observability.alerts.misdeeds import Misdeeds
from acceptance.domains.observability.alerts.on_call import OnCallInspector, RouteState
from acceptance.domains.observability.alerts.page_content import AlertPageContentReader
from acceptance.domains.observability.alerts.page_follower import AlertPageFollower, FollowedPages
from acceptance.domains.observability.alerts.pages import AlertPageReader, AlertPages
from acceptance.domains.observability.alerts.routing import (
    AlertRouter,
    GroupedAlerts,
    SilencedAlert,
)
from acceptance.domains.observability.alerts.rule_sources import RuleSourceInspector
from acceptance.domains.observability.alerts.rule_test_inspector import RuleTestInspector, RuleTests
from acceptance.domains.observability.alerts.rules import RuleInspector, RuleState, UnitTests
from acceptance.domains.observability.alerts.security_alerts import SecurityAlertTester
from acceptance.domains.observability.alerts.sound_system import QuietTime, SoundSystemWatcher
from acceptance.domains.observability.alerts.watch import FollowedAlert
from acceptance.domains.observability.dashboards.grafana_server import GrafanaOperator, ServedState
from acceptance.domains.observability.dashboards.panel_causes import PanelWatcher, WatchedPanel
from acceptance.domains.observability.dashboards.review import DashboardOperator, DeployedDashboards
from acceptance.domains.observability.dashboards.saturated_connections import (
    ConnectionWatcher,
    PoolState,
)
from acceptance.domains.observability.dashboards.traffic import (
    BeforeTraffic,
    DashboardReviewer,
    DashboardsAfterTraffic,
    PanelRow,
    read_panel_rows,
)
from acceptance.domains.observability.drivers.alert_receiver import ReceivedAlert
from acceptance.domains.observability.drivers.jaeger import Trace
from acceptance.domains.observability.drivers.log_store import LogEntry, LogHits
from acceptance.domains.observability.drivers.prometheus import ScrapeTargets
from acceptance.domains.observability.logs.actor import LogOperator
from acceptance.domains.observability.logs.log_entries import (
    LogEntryInspector,
    RequestEntries,
)
from acceptance.domains.observability.logs.log_retention import Deletion, LogRetentionTester
from acceptance.domains.observability.logs.log_store_accounts import (
    LogStoreAccountTester,
    TriedAction,
    UnknownCaller,
)
from acceptance.domains.observability.logs.log_store_impostor import (
    DeceivedShipper,
    ImpostorTester,
)
from acceptance.domains.observability.logs.numbered_lines import NumberedLines
from acceptance.domains.observability.logs.shipped_logs import ContainerLog, ShippedLogInspector
from acceptance.domains.observability.logs.troubled_logs import TroubledLines, TroubledLogOperator
from acceptance.domains.observability.metrics.actor import MetricsOperator, NewReplica, ScrapeState
from acceptance.domains.observability.metrics.counting import (
    CounterState,
    SentRequests,
    TrafficCounter,
)
from acceptance.domains.observability.metrics.critical_metrics import (
    CriticalMetricsOperator,
    MetricState,
)
from acceptance.domains.observability.metrics.provoked_errors import ErrorVisitor
from acceptance.domains.observability.metrics.scrape_impostor import (
    ScrapedImpostor,
    ScrapeImpostorTester,
)
from acceptance.domains.observability.metrics.scraped_pages import PageReader, ScrapedPage
from acceptance.domains.observability.monitoring import MonitoringOperator
from acceptance.domains.observability.probes.health_probes import (
    BrokenEndpoint,
    ProbeOperator,
    ProbeState,
)
from acceptance.domains.observability.probes.probe_answers import ProbeAnswerTester, ProbedAnswer
from acceptance.domains.observability.stack.collector_absence import CollectorAbsence
from acceptance.domains.observability.stack.counted_refusals import RefusalCounter, RefusedAccount
from acceptance.domains.observability.stack.counted_visits import CountedVisitors, CountedVisits
from acceptance.domains.observability.stack.inventory import StackInspector, StackInventory
from acceptance.domains.observability.stack.kept_alerts import AlertKeeper, KeptAlerts
from acceptance.domains.observability.stack.kept_lines import LineKeeper, WritingPod
from acceptance.domains.observability.stack.kept_measurements import MeasurementKeeper, Measurements
from acceptance.domains.observability.stack.kept_times import KeptTime, KeptTimeInspector
from acceptance.domains.observability.stack.killed_programs import KilledPrograms
from acceptance.domains.observability.stack.metrics_clients import AskedProgram, MetricsClientTester
from acceptance.domains.observability.stack.program_killer import ProgramKiller
from acceptance.domains.observability.traces.analyst import (
    CheckoutTrace,
    LoggedRequest,
    TraceAnalyst,
)
from acceptance.domains.observability.traces.exemplar_analyst import (
    ExemplarAnalyst,
    FollowedExemplar,
)
from acceptance.domains.observability.traces.keeping import BroughtTrace, TraceKeepingTester
from acceptance.domains.observability.traces.signal_inspector import SignalInspector
from acceptance.domains.observability.traces.signals import read_signals
from acceptance.domains.observability.traces.trace_store_impostor import (
    DeceivedSenders,
    TraceImpostorTester,
)
from acceptance.domains.observability.traces.trace_store_strangers import (
    StrangerAttempt,
    TraceStoreTester,
)
from acceptance.runbooks.reader import Runbook

__all__ = [
    "AlertFollower",
    "AlertKeeper",
    "AlertListener",
    "AlertPageContentReader",
    "AlertPageFollower",
    "AlertPageReader",
    "AlertPages",
    "AlertReception",
    "AlertRouter",
    "AskedProgram",
    "BeforeTraffic",
    "BrokenEndpoint",
    "BroughtTrace",
    "CheckoutTrace",
    "CollectorAbsence",
    "ConnectionWatcher",
    "ContainerLog",
    "CountedVisitors",
    "CountedVisits",
    "CounterState",
    "CriticalMetricsOperator",
    "CutWay",
    "DashboardOperator",
    "DashboardReviewer",
    "DashboardsAfterTraffic",
    "DeadMansSwitchTester",
    "DeceivedSenders",
    "DeceivedShipper",
    "Deletion",
    "DeployedDashboards",
    "ErrorVisitor",
    "ExemplarAnalyst",
    "FollowedAlert",
    "FollowedExemplar",
    "FollowedPages",
    "GrafanaOperator",
    "GroupedAlerts",
    "ImpostorTester",
    "InhibitedAlert",
    "InhibitionTester",
    "KeptAlerts",
    "KeptTime",
    "KeptTimeInspector",
    "KilledPrograms",
    "LineKeeper",
    "LogEntry",
    "LogEntryInspector",
    "LogHits",
    "LogOperator",
    "LogRetentionTester",
    "LogStoreAccountTester",
    "LoggedRequest",
    "MeasurementKeeper",
    "Measurements",
    "MetricState",
    "MetricsClientTester",
    "MetricsOperator",
    "Misdeeds",
    "MonitoringOperator",
    "NewReplica",
    "NumberedLines",
    "OnCallInspector",
    "PageReader",
    "PanelRow",
    "PanelWatcher",
    "PoolState",
    "ProbeAnswerTester",
    "ProbeOperator",
    "ProbeState",
    "ProbedAnswer",
    "ProgramKiller",
    "QuietTime",
    "ReceivedAlert",
    "RefusalCounter",
    "RefusedAccount",
    "RequestEntries",
    "RouteState",
    "RuleInspector",
    "RuleSourceInspector",
    "RuleState",
    "RuleTestInspector",
    "RuleTests",
    "Runbook",
    "ScrapeImpostorTester",
    "ScrapeState",
    "ScrapeTargets",
    "ScrapedImpostor",
    "ScrapedPage",
    "SecurityAlertTester",
    "SentRequests",
    "ServedState",
    "ShippedLogInspector",
    "SignalInspector",
    "SilencedAlert",
    "SoundSystemWatcher",
    "StackInspector",
    "StackInventory",
    "StrangerAttempt",
    "Trace",
    "TraceAnalyst",
    "TraceImpostorTester",
    "TraceKeepingTester",
    "TraceStoreTester",
    "TrafficCounter",
    "TriedAction",
    "TroubledLines",
    "TroubledLogOperator",
    "UninhibitedAlert",
    "UnitTests",
    "UnknownCaller",
    "WatchedPanel",
    "WritingPod",
    "read_panel_rows",
    "read_signals",
]
