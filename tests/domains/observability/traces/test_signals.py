from __future__ import annotations

import pytest

from acceptance.domains.observability import (
    read_signals,
)
from acceptance.domains.observability.traces import signals
from tests.domains.observability.traces.samples import span

TABLE = [
    ["service", "span", "attributes"],
    ["browser", "pay", "method, template"],
    ["", "cancel", ""],
    ["backend", "POST", "route, (error.type)"],
]


def test_an_empty_cell_is_that_of_the_row_above() -> None:
    """And brackets are around what only some spans have."""
    pay, cancel, post = read_signals(TABLE)
    assert (str(pay), str(cancel), str(post)) == (
        "browser: pay",
        "browser: cancel",
        "backend: POST",
    )
    assert pay.always == cancel.always == {"method", "template"}
    assert post.always == {"route"}
    assert post.sometimes == {"error.type"}
    with pytest.raises(ValueError, match="has the columns span"):
        read_signals([["span"]])


def test_what_is_declared_has_to_be_seen() -> None:
    """Each attribute on each span, those in brackets on one."""
    pay, _, post = read_signals(TABLE)
    assert signals.missing(pay, []) == "browser: pay is declared, and was not recorded"
    both = (("method", "POST"), ("template", "/"))
    good = span("pay", "", "browser", "client", attributes=both)
    bad = span("pay", "", "browser", "client", attributes=both[:1])
    assert signals.missing(pay, [good]) is None
    assert signals.missing(pay, [good, bad]) == "browser: pay lacks template"
    plain = span("POST", "", "backend", "server", attributes=(("route", "/"),))
    failed = span(
        "POST", "", "backend", "server", attributes=(("route", "/"), ("error.type", "500"))
    )
    assert signals.missing(post, [plain]) == "backend: POST lacks error.type"
    assert signals.missing(post, [plain, failed]) is None


def test_what_is_seen_has_to_be_declared() -> None:
    """The same name from another service is another span."""
    declared = read_signals(TABLE)
    known = span("POST", "", "backend", "server", attributes=(("route", "/"), ("error.type", "5")))
    assert signals.undeclared(known, declared) is None
    other = span("POST", "", "ingress", "server")
    said = signals.undeclared(other, declared)
    assert said == "ingress: POST was recorded, and is not declared"
    more = span("POST", "", "backend", "server", attributes=(("enduser.id", "Ada"),))
    assert signals.undeclared(more, declared) == "backend: POST has enduser.id, not declared"
