from __future__ import annotations

from typing import Any

import pytest

from acceptance.domains.observability.drivers.promql import (
    Matcher,
    Selector,
    counts,
    increased,
    read_tree,
    selectors,
    write,
)
from tests.fakes.promql import binary, call, number, rate, series, total

ERRORS = total(rate("requests_total", job="backend", status__re="5.."), "route")
QUANTILE = call(
    "histogram_quantile", number("0.99"), total(rate("seconds_bucket", job="backend"), "le")
)


def nested(found: dict[str, Any]) -> dict[str, Any]:
    """The same in parentheses."""
    return {"type": "parenExpr", "expr": found}


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (series("up"), "up"),
        (series("up", job="a", pod__not="b"), 'up{job="a", pod!="b"}'),
        (series("", job='"'), '{__name__="", job="\\""}'),
        (series("up", window=60000), "up[60000ms]"),
        ({**series("up"), "offset": 5000}, "up offset 5000ms"),
        (
            ERRORS,
            'sum by (route) (rate(requests_total{job="backend", status=~"5.."}[60000ms]))',
        ),
        (total(series("up")), "sum (up)"),
        ({**total(series("up")), "without": True}, "sum without () (up)"),
        (
            {**total(series("up"), operator="topk"), "param": number("3")},
            "topk (3, up)",
        ),
        (nested(binary(number("1"), "-", series("up"))), "(1) - (up)"),
        ({**binary(series("up"), "==", number("0")), "bool": True}, "(up) == bool (0)"),
        (
            {
                **binary(series("a"), "/", series("b")),
                "matching": {
                    "card": "many-to-one",
                    "labels": ["pod"],
                    "on": True,
                    "include": ["node"],
                },
            },
            "(a) / on (pod) group_left (node) (b)",
        ),
        ({"type": "unaryExpr", "op": "-", "expr": series("up")}, "-(up)"),
        (call("label_join", {"type": "stringLiteral", "val": "a"}), 'label_join("a")'),
        (
            {"type": "subquery", "expr": series("up"), "range": 60000, "step": 0},
            "(up)[60000ms:]",
        ),
    ],
)
def test_what_is_read_is_written(found: dict[str, Any], text: str) -> None:
    """Every kind of node becomes the query again that it was made of."""
    assert write(read_tree(found)) == text


@pytest.mark.parametrize("found", [None, {}, {"type": "lambda"}])
def test_other_syntax_is_refused(found: object) -> None:
    """A node that is not known is never left out."""
    with pytest.raises((KeyError, TypeError)):
        read_tree(found)


def test_a_rate_becomes_an_exact_increase() -> None:
    """Between two times, and from zero for a series that is new."""
    assert write(increased(read_tree(ERRORS), 10, 20.5)) == (
        'sum by (route) ((requests_total{job="backend", status=~"5.."} @ 20.500) - '
        '((requests_total{job="backend", status=~"5.."} @ 10.000) or ((0) * '
        '(requests_total{job="backend", status=~"5.."} @ 20.500))))'
    )
    text = write(increased(read_tree(binary(number("1"), "-", QUANTILE)), 10, 20))
    assert "rate" not in text
    assert text.startswith("(1) - (histogram_quantile(0.99, sum by (le) (")
    kept = call("max_over_time", series("up", window=60000))
    assert write(increased(read_tree(kept), 10, 20)) == "max_over_time(up[60000ms])"


def test_selectors_are_found_wherever_they_are() -> None:
    """In both operands, in arguments and in aggregations."""
    found = list(selectors(read_tree(binary(ERRORS, "/", QUANTILE))))
    assert [each.metric for each in found] == ["requests_total", "seconds_bucket"]
    assert found[0].matched("job") == "backend"
    assert found[0].matched("status") == ""
    assert counts(read_tree(QUANTILE))
    assert not counts(read_tree(total(series("up"))))
    assert Selector("up").matched("job") == ""


@pytest.mark.parametrize(
    ("operator", "value", "accepted"),
    [("=", "500", True), ("!=", "500", False), ("=~", "5..", True), ("!~", "5..", False)],
)
def test_matchers(operator: str, value: str, *, accepted: bool) -> None:
    """A pattern has to fit the whole value, as in Prometheus."""
    assert Matcher("status", operator, value).accepts("500") is accepted
    assert not Matcher("status", "=~", "50").accepts("500")
