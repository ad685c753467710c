from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.observability import ScrapedImpostor, ScrapeImpostorTester
from acceptance.domains.observability.drivers.impostor import ImpostorLog
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUSED = ("bad certificate",)
PROBE = {"path": "/probe", "password": False, "lines": 0}
SCRAPE = {"path": "/metrics", "password": False, "lines": 0}
SAID = "x509: certificate signed by unknown authority"


def actor() -> ScrapeImpostorTester:
    """The actor."""
    untyped: Any = object()
    return ScrapeImpostorTester(context_of(system=SYSTEM, cluster=untyped))


def scraped(
    *requests: Mapping[str, Any],
    refused: tuple[str, ...] = REFUSED,
    health: str = "down",
    error: str = SAID,
) -> ScrapedImpostor:
    """What an impostor got."""
    return ScrapedImpostor(ImpostorLog(refused, requests), health, error)


def test_an_impostor_that_was_asked_nothing_passes() -> None:
    """The suite's own request does not count."""
    actor().assert_nothing_asked(scraped(PROBE))
    actor().assert_reported_down(scraped(PROBE))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (scraped(PROBE, SCRAPE), "has sent an impostor 1 requests"),
        (scraped(PROBE, refused=()), "has not tried to reach the impostor"),
    ],
)
def test_an_impostor_that_was_asked_is_told(found: ScrapedImpostor, said: str) -> None:
    """And so is one that nobody has found."""
    with pytest.raises(AssertionError, match=said):
        actor().assert_nothing_asked(found)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (scraped(health="up", error=""), "it is up, without an error"),
        (scraped(error="connection refused"), "it is down, connection refused"),
        (scraped(health="", error=""), "it is unknown, without an error"),
    ],
)
def test_another_reason_for_being_down_is_told(found: ScrapedImpostor, said: str) -> None:
    """A target may be down for many reasons, of which one proves something."""
    with pytest.raises(AssertionError, match=said):
        actor().assert_reported_down(found)
