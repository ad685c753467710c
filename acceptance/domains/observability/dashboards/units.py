"""Derives the unit of a query from its metrics, and says by which units Grafana shows it.

The unit of a metric is in its name, as Prometheus' "Metric and label naming" has it; of a metric
whose name has none, in what it says about itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers.promql import (
    Aggregation,
    Binary,
    Call,
    Literal,
    Negation,
    Selector,
    Subquery,
    selectors,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.domains.observability.drivers.promql import Tree

SECONDS, BYTES, RATIO, TRUTH, MOMENT = "seconds", "bytes", "a ratio", "yes or no", "a moment"
COUNT, REQUESTS, FACTOR = "a number", "a number of requests", "a factor"
PROCESSORS, PER_SECOND, REQUESTS_RATE, BYTES_RATE = (
    "processors",
    "events per second",
    "requests per second",
    "bytes per second",
)
UNKNOWN, PLAIN = "not known", "a plain number"
"""PLAIN is a constant, which takes the unit of what it is joined with."""

SHOWN_AS: Mapping[str, tuple[str, ...]] = {
    SECONDS: ("s", "dtdurations"),
    BYTES: ("bytes", "decbytes"),
    RATIO: ("percentunit",),
    TRUTH: ("bool_on_off", "bool", "bool_yes_no"),
    COUNT: ("short", "none"),
    REQUESTS: ("short", "none"),
    FACTOR: ("short", "none"),
    PROCESSORS: ("short", "none"),
    PER_SECOND: ("ops", "cps"),
    REQUESTS_RATE: ("reqps",),
    BYTES_RATE: ("Bps", "binBps"),
    PLAIN: ("short", "none"),
}
"""Grafana's units by what is measured."""

_RATES = {
    SECONDS: PROCESSORS,
    REQUESTS: REQUESTS_RATE,
    COUNT: PER_SECOND,
    BYTES: BYTES_RATE,
}
_COUNTED = {"count", "count_values", "group"}
_NAMES = (
    (r"(^|_)up|_success", TRUTH),
    (r".*(_timestamp|_start_time|_expiry)_seconds", MOMENT),
    (r".*requests?(_total|_count|_bucket)", REQUESTS),
    (r".*_seconds(_total|_sum)?", SECONDS),
    (r".*_seconds_(count|bucket)", REQUESTS),
    (r".*_bytes(_total|_sum)?", BYTES),
    (r".*burn_rate:ratio", FACTOR),
    (r".*[_:]ratio", RATIO),
    (r".*(_total|_count|_bucket)|ALERTS", COUNT),
)
_HELP = ((r"\bunix ?time", MOMENT), (r"\bseconds\b", SECONDS), (r"\bbytes\b", BYTES))


def unit_of(tree: Tree, helps: Mapping[str, str]) -> str:  # noqa: PLR0911 (a case each)
    """Return the unit of what a query gives; `helps` is what each metric says about itself."""
    match tree:
        case Selector(metric):
            return _unit_of_metric(metric, helps.get(metric, ""))
        case Call():
            return _unit_of_call(tree, helps)
        case Aggregation(operator, inner):
            unit = unit_of(inner, helps)
            if operator in _COUNTED or (operator == "sum" and unit == TRUTH):
                return COUNT
            return RATIO if operator == "avg" and unit == TRUTH else unit
        case Binary():
            return _unit_of_operation(tree, helps)
        case Negation(_, inner) | Subquery(inner):
            return unit_of(inner, helps)
        case _:
            return PLAIN


def _unit_of_metric(metric: str, text: str) -> str:
    for pattern, unit in _NAMES:
        if re.fullmatch(pattern, metric) or (unit == TRUTH and re.search(f"({pattern})$", metric)):
            return unit
    for pattern, unit in _HELP:
        if re.search(pattern, text, re.IGNORECASE):
            return unit
    return COUNT if text else UNKNOWN  # which has not been scraped yet, or is recorded by a rule


def _unit_of_call(call: Call, helps: Mapping[str, str]) -> str:
    name, arguments = call.name, call.arguments
    if name == "time":
        return MOMENT
    if name == "histogram_quantile":
        found = next(selectors(arguments[-1]), Selector(""))
        return unit_of(Selector(found.metric.removesuffix("_bucket")), helps)
    if name in {"changes", "resets", "count_over_time"}:
        return COUNT
    operands = [unit_of(each, helps) for each in arguments if not isinstance(each, Literal)]
    unit = operands[-1] if operands else PLAIN
    return _RATES.get(unit, UNKNOWN) if name in {"rate", "irate", "deriv"} else unit


def _unit_of_operation(found: Binary, helps: Mapping[str, str]) -> str:  # noqa: PLR0911
    left, right = unit_of(found.left, helps), unit_of(found.right, helps)
    if found.returns_bool:
        return TRUTH
    if found.compares or found.operator in {"and", "unless"}:
        return left
    if found.operator == "/":
        return _quotient(left, right)
    if found.operator == "*":
        factors = [e.text for e in (found.left, found.right) if isinstance(e, Literal)]
        # A query that is scaled is in no unit of Prometheus.
        return (right if left == PLAIN else left) if factors in (["0"], ["1"]) else UNKNOWN
    if found.operator == "-" and {left, right} == {MOMENT}:
        return SECONDS
    if found.operator == "-" and left == PLAIN and right == PROCESSORS:
        return RATIO  # what is left of one processor
    units = {left, right} - {PLAIN}
    return units.pop() if len(units) == 1 else UNKNOWN if units else PLAIN


def _quotient(left: str, right: str) -> str:
    if left == right:
        return RATIO
    if left == PROCESSORS and right in {PER_SECOND, REQUESTS_RATE}:
        return SECONDS  # the mean duration
    return UNKNOWN
