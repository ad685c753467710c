from __future__ import annotations

from dataclasses import replace

import pytest

from acceptance.contract import Contract, Headers, LackingPart
from acceptance.domains.traffic import SteadyVisitors
from acceptance.drivers.http import Reply, SteadyTraffic, TrafficFacts
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

NAMELESS = replace(SYSTEM, contract=Contract(headers=Headers(served_by="")))
ANSWER = Reply(200, (("x-served-by", "a proxy"),), "", 0.1, named_by="")


def test_visitors_are_served_also_where_no_answer_names_its_pod() -> None:
    """Only what needs the names is unverified; a visitor who was turned away is still seen."""
    with SteadyVisitors(context_of(NAMELESS)) as visitors:
        visitors.assert_served(TrafficFacts((ANSWER,) * 50, 1.0))
        refused = replace(ANSWER, status=503)
        with pytest.raises(AssertionError, match="HTTP 503"):
            visitors.assert_served(TrafficFacts((*(ANSWER,) * 50, refused), 1.0))


def test_which_pod_takes_over_is_not_known_without_its_name() -> None:
    """The part is named, and nothing is unmet."""
    traffic = SteadyTraffic(lambda: ANSWER, rate=200.0, most=100_000)
    with traffic, SteadyVisitors(context_of(NAMELESS)) as visitors:  # noqa: SIM117 (what may raise)
        with pytest.raises(LackingPart, match=r"no headers\.served_by"):
            visitors.assert_served_until_now(traffic)
