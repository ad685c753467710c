from __future__ import annotations

import pytest
import yaml

from acceptance.build.alert_rules import render_rules
from acceptance.domains.observability import InhibitionTester, UninhibitedAlert
from acceptance.domains.observability.alerts.inhibition_rules import (
    known_alerts,
    read_inhibitions,
    unexpected,
)
from acceptance.domains.observability.drivers.prometheus_rules import Rule
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

CAUSE = {"alertname": "Cause", "severity": "critical"}
EFFECT = {"alertname": "Effect", "severity": "critical", "endpoint": "API"}
OTHER = {"alertname": "Effect", "severity": "critical", "endpoint": "page"}
ROWS = [({"alertname": "Cause"}, {"alertname": "Effect", "endpoint": "API"})]


def found(source: str, target: str, *equal: str) -> list[str]:
    """What one inhibition may keep quiet of a cause and its effects, beside the row."""
    rule = {"source_matchers": [source], "target_matchers": target.split(" & "), "equal": equal}
    inhibitions = read_inhibitions({"inhibit_rules": [rule]})
    return unexpected(inhibitions, [CAUSE, EFFECT, OTHER], ROWS)


CAUSES, EFFECTS = 'alertname = "Cause"', 'alertname = "Effect"'


def test_an_inhibition_that_a_row_says_is_expected() -> None:
    """And whatever the cause may be called otherwise is none."""
    assert found(CAUSES, f'{EFFECTS} & endpoint = "API"') == []


@pytest.mark.parametrize(
    ("source", "target", "equal"),
    [
        (CAUSES, EFFECTS, ()),
        (CAUSES, f'{EFFECTS} & endpoint =~ "API|page"', ()),
        (CAUSES, f'{EFFECTS} & pod =~ "a.*"', ()),
        ('severity = "critical"', EFFECTS, ()),
        ('alertname =~ ".+"', EFFECTS, ("endpoint",)),
    ],
)
def test_an_inhibition_that_is_too_wide_is_named(
    source: str, target: str, equal: tuple[str, ...]
) -> None:
    """A label whose values are unknown may have any."""
    assert "Cause critical may keep Effect page critical quiet, which no row says" in found(
        source, target, *equal
    )


def test_labels_have_to_be_equal_where_the_rule_says_so() -> None:
    """An alert of another severity is not kept quiet then, and nothing keeps itself quiet."""
    assert found('severity = "critical"', 'severity = "critical"', "alertname") == []
    assert found(CAUSES, EFFECTS, "alertname") == []


def test_known_labels_are_those_of_rule_and_expression() -> None:
    """A rule about probes may be about any endpoint, and a service level is its own."""
    probes = rule("Down", 'probe_success{job="endpoints", way="inside"} == 0')
    level = rule("Burn", 'max(a{sloth_id="read"} > 1) and b{sloth_id="read"}')
    mixed = rule("Gone", 'absent(up{job="a"}) or absent(up{job="b"})')
    alerts = list(known_alerts([probes, level, mixed], ["API", "page"]))
    assert [each["endpoint"] for each in alerts] == ["API", "page", "", ""]
    assert alerts[2]["sloth_id"] == "read"
    assert "job" not in alerts[3]
    assert alerts[0]["severity"] == "critical"


def rule(name: str, query: str) -> Rule:
    """A critical rule."""
    return Rule(name, True, query, 0, 0, (("severity", "critical"),), (), "ok")  # noqa: FBT003


def test_what_the_repository_inhibits_can_be_read() -> None:
    """All of its matchers."""
    config = yaml.safe_load(render_rules("production")["routes.yaml"])
    assert len(read_inhibitions(config)) == len(config["inhibit_rules"]) > 0


def test_an_alert_that_does_not_arrive_beside_another_is_named() -> None:
    """And without any alert nothing is proved."""
    actor = InhibitionTester(context_of(SYSTEM))
    actor.assert_uninhibited([UninhibitedAlert("A", "B", arrived=True)])
    with pytest.raises(AssertionError, match="A keeps B quiet"):
        actor.assert_uninhibited([UninhibitedAlert("A", "B", arrived=False)])
    with pytest.raises(AssertionError, match="No alert was tried"):
        actor.assert_uninhibited([])
