"""Checks that nothing is lost between the page of a target and Prometheus."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeAlias

from acceptance.domains.observability.drivers.exposition import page_series
from acceptance.domains.observability.drivers.prometheus import PROBES
from acceptance.domains.observability.metrics.actor import MetricsOperator
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import require_each
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from acceptance.domains.observability.drivers.prometheus import Prometheus, ScrapeTarget
    from acceptance.domains.observability.metrics.actor import ScrapeState

Series: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
_EXPORTED = "exported_"
"""What Prometheus puts before a label of a page that the target has too."""
_NUMBERS = ("le", "quantile")
"""Labels that are numbers, which Prometheus 3 writes in one way only: 1.0 for 1."""
_NAME = "__name__"
_UNUSUAL = re.compile(r"[^a-zA-Z0-9_:]")


@dataclass(frozen=True)
class ScrapedPage:
    """A target's page, and which of its series Prometheus never had while it was looked at."""

    target: str
    series: int
    lost: tuple[str, ...]


class PageReader(MetricsOperator):
    """Reads the page of each target by another way than Prometheus does."""

    def read_pages(self, state: ScrapeState) -> tuple[ScrapedPage, ...]:
        """Compare each target's page with Prometheus, until it has all or until the deadline.

        What a page gets later is not lost: a series is lost that Prometheus lacks each time. It
        is a failed check if a page cannot be read.
        """
        client = self.prometheus()
        targets = [each for each in state.targets if each.job != PROBES]
        last: dict[str, ScrapedPage] = {}

        def look() -> bool:
            for each in targets:
                before = last.get(each.url)
                if before is None or before.lost:
                    last[each.url] = self._page(client, each, before)
            return not any(each.lost for each in last.values())

        last_seen(look, bool, timeout=self._timeouts.observation)
        found = tuple(last.values())
        self._keep(
            "Pages and what Prometheus lacks of them", pretty([asdict(each) for each in found])
        )
        return found

    def assert_pages_complete(self, state: ScrapeState) -> None:
        """Prometheus has every series of the page of every target; raises as `read_pages` does."""
        self.assert_nothing_lost(self.read_pages(state))

    def assert_nothing_lost(self, pages: tuple[ScrapedPage, ...]) -> None:
        """Prometheus has every series of every page."""

        def fault(page: ScrapedPage) -> str | None:
            if not page.series:
                return f"{page.target} has an empty page"
            if not page.lost:
                return None
            return (
                f"Prometheus lacks {len(page.lost)} of {page.series} series of {page.target}, such "
                f"as {page.lost[0]}"
            )

        require_each(pages, fault, nothing="No page was read.")

    def _page(
        self, client: Prometheus, target: ScrapeTarget, before: ScrapedPage | None
    ) -> ScrapedPage:
        page = page_series(self._page_of(target))
        had = client.of_target(target.job, target.instance)
        if had.refused:
            raise AssertionError(f"Prometheus does not answer: {had.refused}.")
        labels = dict(target.labels)
        lost = lost_series(page, [dict(each.labels) for each in had.samples], labels)
        if before is not None:
            lost &= Counter(before.lost)
        name = f"{target.job} {labels.get('pod') or labels.get('node') or target.instance}"
        return ScrapedPage(name, len(page), tuple(sorted(lost.elements())))


def lost_series(
    page: Iterable[tuple[str, Mapping[str, str]]],
    had: Iterable[Mapping[str, str]],
    target: Collection[str],
) -> Counter[str]:
    """Return how often each series of a page is missing in what Prometheus has of it.

    Labels that the target has too are left out on both sides, so a series counts by the others.
    """
    own = {*target, *(f"{_EXPORTED}{name}" for name in target)}
    # Some pages have a series twice, which Prometheus takes once.
    once = {(name, tuple(sorted(labels.items()))) for name, labels in page}
    wanted = Counter(_key(name, dict(labels), own) for name, labels in once if not _of_time(name))
    there = Counter(_key(each[_NAME], each, own) for each in had)
    return Counter({_in_words(key): count for key, count in (wanted - there).items()})


def _of_time(name: str) -> bool:
    """Whether it says when a counter began, which Prometheus need not keep."""
    return name.endswith("_created")


def _key(name: str, labels: Mapping[str, str], own: Collection[str]) -> Series:
    # In the newer of two formats, each counter ends with _total.
    kept = sorted(
        (_escaped(key), str(float(value)) if key in _NUMBERS else value)
        for key, value in labels.items()
        if value and key != _NAME and key not in own
    )
    return _escaped(name).removesuffix("_total"), tuple(kept)


def _escaped(name: str) -> str:
    """Return a name as a page has it for whoever does not ask for UTF-8, as Prometheus does."""
    return _UNUSUAL.sub("_", name)


def _in_words(series: Series) -> str:
    name, labels = series
    return name + "{" + ", ".join(f"{key}={value}" for key, value in labels) + "}"
