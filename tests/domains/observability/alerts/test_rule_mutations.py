from __future__ import annotations

import pytest

from acceptance.domains.observability.alerts.rule_mutations import (
    WAYS,
    AlertRule,
    alternatives_of,
    metrics_of,
)

VOLUME = (
    'used_bytes{job="kubelet"} / size_bytes{job="kubelet"} > 0.9\n'
    'or predict_linear(free_bytes{job="kubelet"}[1h], 14400) < 0 and on (a_b) up{x=~"or 5"} > 1'
)
RULE = AlertRule(VOLUME, "1m", "critical")


def changes(way: str, rule: AlertRule = RULE) -> list[tuple[str, AlertRule]]:
    """What a way makes of a rule: the words and the rule."""
    return [(each.change, each.rule) for each in WAYS[way](rule)]


def expressions(way: str, expression: str) -> list[str]:
    """The expressions that a way makes of one."""
    return [rule.expression for _, rule in changes(way, AlertRule(expression, "", "critical"))]


def test_the_metrics_of_an_expression_are_not_its_labels_functions_or_values() -> None:
    """Names in braces, in quotes, before a parenthesis and of groups are others."""
    assert metrics_of(VOLUME) == ("used_bytes", "size_bytes", "free_bytes", "up")
    assert metrics_of('max by (pod) (slo:rate5m{a="b_c"}) or vector(0)') == ("slo:rate5m",)
    assert metrics_of("vector(1)") == ()


def test_each_metric_is_renamed_wherever_it_is_read() -> None:
    """And nothing that has its name within its own."""
    way = "a metric that it reads was renamed"
    assert expressions(way, 'up{a="up"} + up_total + up') == [
        'up_renamed{a="up"} + up_total + up_renamed',
        'up{a="up"} + up_total_renamed + up',
    ]


def test_a_label_value_is_renamed() -> None:
    """The first one that is selected by; one that is ruled out does not count."""
    way = "a label value that it selects was renamed"
    assert expressions(way, 'up{job!="a", way="b"} or up{way="b"}') == [
        'up{job!="a", way="b-2"} or up{way="b-2"}'
    ]
    assert expressions(way, 'up{job!="a"}') == []


def test_an_alternative_is_lost() -> None:
    """Only one whose metrics others read too: the others are lost when a metric is renamed."""
    way = "one of its alternatives was lost"
    assert expressions(way, 'absent(up{a="b"}) or absent(up{a="or"})') == [
        ' absent(up{a="or"})',
        'absent(up{a="b"}) ',
    ]
    assert expressions(way, "a > 1 or b > 1") == []
    assert expressions(way, "(a or vector(0)) == 0") == []


def test_only_what_is_outermost_is_an_alternative() -> None:
    """What is in parentheses, quotes or a longer word is not."""
    assert alternatives_of('(a or b) == 0 and c{d=" or "} or for_e') == (
        '(a or b) == 0 and c{d=" or "} ',
        " for_e",
    )


@pytest.mark.parametrize(
    ("waits", "longer", "hasty"), [("1m", "10m", [""]), ("11s", "110s", [""]), ("", "10m", [])]
)
def test_a_rule_waits_too_long_or_not_at_all(waits: str, longer: str, hasty: list[str]) -> None:
    """One that does not wait can wait only longer."""
    rule = AlertRule("up", waits, "critical")
    assert [each.waits for _, each in changes("it waits ten times as long", rule)] == [longer]
    assert [each.waits for _, each in changes("it does not wait", rule)] == hasty


def test_a_critical_alert_becomes_a_warning() -> None:
    """It calls nobody then."""
    ((change, rule),) = changes("it is a warning")
    assert (change, rule.severity) == ("its severity is warning", "warning")


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("one of its numbers is ten times as high", ["0.9 is 9", "14400 is 144000"]),
        ("one of its numbers is a tenth", ["0.9 is 0.09", "14400 is 1440"]),
    ],
)
def test_each_number_has_another_order_of_magnitude(way: str, said: list[str]) -> None:
    """Windows, values of labels, and 0 and 1 are none of them."""
    assert [change for change, _ in changes(way)] == said


def test_of_a_product_one_factor_is_changed() -> None:
    """The other would change the same number."""
    way = "one of its numbers is ten times as high"
    assert expressions(way, "a5m > (14.4 * 0.001)") == ["a5m > (144 * 0.001)"]


@pytest.mark.parametrize("way", WAYS)
def test_whatever_a_way_does_changes_the_rule(way: str) -> None:
    """A rule that is the same would be noticed by no test."""
    assert all(rule != RULE for _, rule in changes(way))
