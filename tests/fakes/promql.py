"""The syntax of queries, in the form of Prometheus' answer to parse_query."""

from __future__ import annotations

from typing import Any

_TYPES = {"": "=", "re": "=~", "not": "!=", "nre": "!~"}


def series(name: str, *, window: int = 0, **matchers: str) -> dict[str, Any]:
    """A selector; `status__re` is a matcher of the label status by =~."""
    found = [{"name": "__name__", "value": name, "type": "="}]
    for key, value in matchers.items():
        label, _, kind = key.partition("__")
        found.append({"name": label, "value": value, "type": _TYPES[kind]})
    common = {"name": name, "offset": 0, "matchers": found, "timestamp": None, "startOrEnd": None}
    if window:
        return {"type": "matrixSelector", "range": window, **common}
    return {"type": "vectorSelector", **common}


def call(name: str, *arguments: dict[str, Any]) -> dict[str, Any]:
    """A call of a function."""
    return {"type": "call", "func": {"name": name}, "args": list(arguments)}


def rate(name: str, **matchers: str) -> dict[str, Any]:
    """The rate of a counter over a minute."""
    return call("rate", series(name, window=60000, **matchers))


def total(found: dict[str, Any], *by: str, operator: str = "sum") -> dict[str, Any]:
    """An aggregation by labels."""
    return {
        "type": "aggregation",
        "op": operator,
        "expr": found,
        "param": None,
        "grouping": list(by),
        "without": False,
    }


def binary(left: dict[str, Any], operator: str, right: dict[str, Any]) -> dict[str, Any]:
    """An operation on two operands."""
    return {
        "type": "binaryExpr",
        "op": operator,
        "lhs": left,
        "rhs": right,
        "matching": {"card": "one-to-one", "labels": [], "on": False, "include": []},
        "bool": False,
    }


def number(text: str) -> dict[str, Any]:
    """A number."""
    return {"type": "numberLiteral", "val": text}
