"""Routes of the running service and of its description, compared both ways."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.contract import Contract
from acceptance.domains.penetration.service_routes import (
    ServiceRouteInspector,
    ServiceRoutes,
    _below,
)
from tests.support.actors import context_of

SYSTEM: Any = SimpleNamespace(
    contract=Contract(),
    host="checkout.local",
    address="127.0.0.1",
    port=9,
    http_port=9,
    secure=False,
)
KNOWN = ("GET /api/checkouts", "POST /api/checkouts")


@pytest.mark.parametrize(
    ("running", "reason"),
    [
        ((("a", KNOWN), ("b", (*KNOWN, "GET /api/x"))), "b has undocumented routes: GET /api/x"),
        ((("a", KNOWN[:1]),), "a lacks documented routes: POST /api/checkouts"),
        ((), "no route"),
    ],
)
def test_each_pod_has_the_documented_routes(
    running: tuple[tuple[str, tuple[str, ...]], ...], reason: str
) -> None:
    """One pod of two, a route too many and one too few are seen."""
    inspector = ServiceRouteInspector(context_of(SYSTEM))
    with pytest.raises(AssertionError, match=reason):
        inspector.assert_all_documented(ServiceRoutes(KNOWN, running))
    inspector.assert_all_documented(ServiceRoutes(KNOWN, (("a", KNOWN), ("b", KNOWN))))


@pytest.mark.parametrize(
    ("path", "prefix", "below"),
    [
        ("/api/checkouts", "/api", True),
        ("/api", "/api/", True),
        ("/apis/checkouts", "/api", False),
        ("/metrics", "/api", False),
        ("/metrics", "/", True),
    ],
)
def test_an_ingress_matches_whole_elements_of_a_path(path: str, prefix: str, below: bool) -> None:
    """As pathType Prefix of an Ingress has it."""
    assert _below(path, prefix) is below
