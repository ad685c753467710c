from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from acceptance.domains.observability import AlertingFacts, AlertingOperator
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts
from tests.fakes.monitored_cluster import MonitoredCluster
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of


def service(program: str) -> dict[str, Any]:
    """The Service of a program."""
    labels = {"app.kubernetes.io/name": program}
    metadata = {"name": program, "namespace": "monitoring", "labels": labels}
    return {"metadata": metadata, "spec": {"ports": [{"name": "http", "port": 9}]}}


def rule(**changed: object) -> dict[str, Any]:
    """An alert rule about security that works, but for what is changed."""
    labels = {"category": "security"}
    return {"type": "alerting", "name": "a", "health": "ok", "labels": labels, **changed}


def operator(*programs: str, **answers: object) -> AlertingOperator:
    """The operator of a cluster with these programs and their answers."""
    paths: dict[str, object] = {
        f"/api/v1/namespaces/monitoring/services/{program}:9/proxy/": answer
        for program, answer in answers.items()
    }
    services = [service(program) for program in (*answers, *programs)]
    cluster = MonitoredCluster([], {**paths, "/api/v1/services": services})
    return AlertingOperator(context_of(SYSTEM, cluster, timeouts=Timeouts()))


def check(rules: list[object], receivers: object) -> AlertingFacts:
    """Judge everything that the scenario judges."""
    groups = {"data": {"groups": [{"rules": rules}]}}
    actor = operator(prometheus=groups, alertmanager=receivers)
    found = actor.read_alerting()
    actor.assert_security_rules_work(found)
    with suppress(Unverifiable):
        actor.assert_alerts_received(found)
    return found


def test_a_receivers_name_is_no_proof() -> None:
    """As long as no alert was sent, it is unknown whether one arrives."""
    groups = {"data": {"groups": [{"rules": [rule()]}]}}
    actor = operator(prometheus=groups, alertmanager=[{"name": "on-call"}])
    with pytest.raises(Unverifiable, match="No security alert was sent"):
        actor.assert_alerts_received(actor.read_alerting())


def test_working_rules_and_a_receiver_pass() -> None:
    """Recording rules are no alert rules."""
    record = {"type": "recording", "name": "r", "health": "err"}
    found = check([rule(), record], [{"name": "null"}, {"name": "on-call"}])
    assert [each.name for each in found.rules[0].rules] == ["a"]


@pytest.mark.parametrize(
    ("rules", "receivers", "said"),
    [
        ([rule(labels={"category": "cost"})], [{"name": "us"}], "None of 1 alert rules"),
        ([rule(labels=None)], [{"name": "us"}], "None of 1 alert rules"),
        ([], [{"name": "us"}], "None of 0 alert rules"),
        ([rule(), rule(name="b", health="err")], [{"name": "us"}], "The rule b fails: err"),
        ([rule()], [{"name": "null"}], "Nobody receives the alerts: the receivers are null"),
        ([rule()], [], "the receivers are none"),
        ([rule()], None, "monitoring/alertmanager does not answer: .*no endpoints"),
    ],
)
def test_alerts_that_reach_nobody_are_detected(
    rules: list[object], receivers: object, said: str
) -> None:
    """No rule about security, one that fails, and receivers that discard alerts."""
    with pytest.raises(AssertionError, match=said):
        check(rules, receivers)


@pytest.mark.parametrize(
    ("program", "missing"), [("prometheus", "alerting"), ("alertmanager", "monitoring")]
)
def test_without_one_of_the_programs_nothing_is_known(program: str, missing: str) -> None:
    """Both have to be there."""
    with pytest.raises(Unverifiable, match=f"No {missing} is deployed"):
        operator(program).read_alerting()
