from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from acceptance.domains.observability import ScrapedImpostor, ScrapeImpostorTester
from acceptance.domains.observability.drivers.impostor import ImpostorLog
from acceptance.domains.observability.drivers.prometheus import ScrapeTarget
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.domains.observability.drivers.impostor import Impostor
    from acceptance.domains.observability.drivers.prometheus import Prometheus

REFUSED = ("bad certificate",)
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
    """It ended each handshake."""
    actor().assert_nothing_asked(scraped())
    actor().assert_reported_down(scraped())


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (scraped(SCRAPE), "has sent an impostor 1 requests"),
        (scraped(refused=()), "has not tried to reach the impostor"),
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


class Watched(ScrapeImpostorTester):
    """Has an impostor and targets that are given, look by look."""

    def watch(self, impostor: Impostor, *looks: tuple[ScrapeTarget, ...]) -> ScrapedImpostor:
        """Watch the impostor."""
        self._impostor = impostor
        self._looks = [*looks]
        return self.watch_impostor()

    def prometheus(self) -> Prometheus:
        """Return what has the targets."""
        found: Any = self
        return cast("Prometheus", found)

    def targets(self) -> SimpleNamespace:
        """Return the targets of this look; the last ones stay."""
        return SimpleNamespace(
            targets=self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]
        )


def test_only_a_scrape_of_prometheus_counts() -> None:
    """The prober tries the impostor too, and says nothing about Prometheus."""
    deleted: list[bool] = []
    log = ImpostorLog(REFUSED * 3, ())
    impostor: Any = SimpleNamespace(name="i", log=lambda: log, delete=lambda: deleted.append(True))

    def own(job: str, health: str, error: str = "") -> ScrapeTarget:
        return ScrapeTarget(job, "i", "10.0.0.1", "https://a", health, error, 5, (("pod", "i"),))

    probed, new = own("endpoints", "up"), own("alertmanager", "unknown")
    untyped: Any = object()
    watched = Watched(context_of(system=SYSTEM, cluster=untyped))
    down = own("alertmanager", "down", SAID)
    found = watched.watch(impostor, (), (probed,), (probed, new), (probed, down))
    assert (found.health, found.error, deleted) == ("down", SAID, [True])
