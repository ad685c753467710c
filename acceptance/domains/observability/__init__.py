"""Checks metrics, logs, dashboards and alerts by asking the programs that hold them."""

from acceptance.domains.observability.alerting import AlertingFacts, AlertingOperator
from acceptance.domains.observability.drivers.jaeger import Trace
from acceptance.domains.observability.drivers.log_store import LogHits
from acceptance.domains.observability.drivers.prometheus import ScrapeTargets
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
    "CheckoutTrace",
    "LogHits",
    "LoggedRequest",
    "MonitoringOperator",
    "ScrapeTargets",
    "SignalInspector",
    "Trace",
    "TraceAnalyst",
    "read_signals",
]
