"""Checks security alerts by asking the running Prometheus and Alertmanager."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers import alertmanager, prometheus
from acceptance.domains.observability.drivers.alertmanager import Alertmanager
from acceptance.domains.observability.drivers.prometheus import Prometheus
from acceptance.domains.observability.monitoring import MonitoringOperator
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, require, require_each

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.alertmanager import AlertReceivers
    from acceptance.domains.observability.drivers.prometheus import AlertRules

_SECURITY = "security"
_DISCARDING = {"", "null", "blackhole"}
"""Names that, by custom, are given to receivers that discard alerts."""


@dataclass(frozen=True)
class AlertingFacts:
    """The alert rules of every Prometheus, and the receivers of every Alertmanager."""

    rules: tuple[AlertRules, ...]
    receivers: tuple[AlertReceivers, ...]


class AlertingOperator(MonitoringOperator):
    """Asks every Prometheus for its alert rules, and every Alertmanager for its receivers."""

    def read_alerting(self) -> AlertingFacts:
        """Ask for alert rules and receivers.

        Raises `Unverifiable` if one of the programs is not deployed, or may not be listed.
        """
        cluster = self._cluster
        found = AlertingFacts(
            tuple(
                Prometheus(cluster, each).alert_rules()
                for each in self._endpoints(prometheus.PROGRAMS, "monitoring")
            ),
            tuple(
                Alertmanager(cluster, each).receivers()
                for each in self._endpoints(alertmanager.PROGRAMS, "alerting")
            ),
        )
        self._keep("Alert rules and receivers", pretty(asdict(found)))
        return found

    def assert_security_rules_work(self, found: AlertingFacts) -> None:
        """There are alert rules with the category security, and each of them works."""
        answers = [(each.endpoint, each.refused) for each in found.rules]
        answers += [(each.endpoint, each.refused) for each in found.receivers]
        refused = [f"{endpoint.name} does not answer: {why}" for endpoint, why in answers if why]
        require(not refused, "; ".join(refused))
        rules = [rule for each in found.rules for rule in each.rules]
        require_each(
            [rule for rule in rules if rule.category == _SECURITY],
            lambda rule: (
                None if rule.health == "ok" else f"The rule {rule.name} fails: {rule.health}"
            ),
            nothing=f"None of {len(rules)} alert rules has the category {_SECURITY}.",
        )

    def assert_alerts_received(self, found: AlertingFacts) -> None:
        """A receiver takes the alerts.

        Raises `Unverifiable`, because a name is no proof: no alert was sent yet.
        """
        names = [name for each in found.receivers for name in each.receivers]
        shown = ", ".join(names) or "none"
        require(set(names) - _DISCARDING, f"Nobody receives the alerts: the receivers are {shown}.")
        message = (
            f"No security alert was sent in this run, so it is unknown whether one arrives at "
            f"the receivers {shown}."
        )
        raise Unverifiable(message)
