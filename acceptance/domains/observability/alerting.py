"""The operator of the alerting: asks the running stack what it would tell, and whom."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.observability.monitoring import MonitoringOperator
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import require, require_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acceptance.domains.observability.monitoring import Endpoint

_RULES = ("prometheus",)
_SENDERS = ("alertmanager",)
_CATEGORY = "security"
_NOBODY = {"", "null", "blackhole"}
"""Names of receivers that, by custom, tell nobody."""


@dataclass(frozen=True)
class Rule:
    """A rule that raises an alert."""

    name: str
    about_security: bool
    """Whether it is labelled with the category security."""
    health: str


@dataclass(frozen=True)
class Alerting:
    """What would be told, and to whom."""

    rules: tuple[Rule, ...]
    receivers: tuple[str, ...]
    refused: tuple[str, ...]
    """Who did not say, in words."""


class AlertingOperator(MonitoringOperator):
    """Somebody who wants to be told of an attack."""

    def ask_alerting(self) -> Alerting:
        """Ask every Prometheus for its rules and every Alertmanager for its receivers.

        Raises `Unverifiable` when there is none of either, or when nobody may look.
        """
        rules: list[Rule] = []
        receivers: list[str] = []
        refused: list[str] = []
        for endpoint in self._endpoints(_RULES, "monitoring"):
            answer = self._ask(endpoint, "/api/v1/rules", refused)
            rules += _rules(answer)
        for endpoint in self._endpoints(_SENDERS, "alerting"):
            answer = self._ask(endpoint, "/api/v2/receivers", refused)
            receivers += [str(each.get("name", "")) for each in _objects(answer)]
        found = Alerting(tuple(rules), tuple(receivers), tuple(refused))
        self._keep("What the alerting would tell, and whom", pretty(asdict(found)))
        return found

    def judge_rules(self, found: Alerting) -> None:
        """There are rules about security, and each of them works."""
        require(not found.refused, "; ".join(found.refused))
        require_each(
            [each for each in found.rules if each.about_security],
            lambda rule: (
                None if rule.health == "ok" else f"{rule.name} does not work: {rule.health}"
            ),
            nothing=f"None of {len(found.rules)} alerting rules has the category {_CATEGORY}.",
        )

    def judge_told(self, found: Alerting) -> None:
        """Somebody receives what is told."""
        told = set(found.receivers) - _NOBODY
        require(told, f"Nobody is told: the receivers are {', '.join(found.receivers) or 'none'}.")

    def _ask(self, endpoint: Endpoint, path: str, refused: list[str]) -> Any:  # noqa: ANN401
        reply = self._cluster.send("GET", f"{endpoint.path}{path}")
        answer = reply.json() if reply.succeeded else None
        if answer is None:
            refused.append(f"{endpoint.name} does not say what it would tell: {reply}")
        return answer


def _rules(answer: Any) -> Iterator[Rule]:  # noqa: ANN401 (not our own)
    data = answer.get("data") if isinstance(answer, dict) else None
    for group in _objects(data.get("groups") if isinstance(data, dict) else None):
        for rule in _objects(group.get("rules")):
            if rule.get("type") == "alerting":
                labels = rule.get("labels") or {}
                about = labels.get("category") == _CATEGORY
                yield Rule(str(rule.get("name")), about, str(rule.get("health")))


def _objects(found: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (not our own)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
