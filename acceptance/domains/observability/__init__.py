"""Checks metrics, logs, dashboards and alerts by asking the programs that hold them."""

from acceptance.domains.observability.alerting import AlertingFacts, AlertingOperator
from acceptance.domains.observability.drivers.log_store import LogHits
from acceptance.domains.observability.drivers.prometheus import ScrapeTargets
from acceptance.domains.observability.monitoring import MonitoringOperator

__all__ = ["AlertingFacts", "AlertingOperator", "LogHits", "MonitoringOperator", "ScrapeTargets"]
