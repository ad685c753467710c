from __future__ import annotations

from collections import Counter

import pytest

from acceptance.domains.observability import PageReader, ScrapedPage
from acceptance.domains.observability.drivers.exposition import page_series
from acceptance.domains.observability.drivers.prometheus import ScrapeTarget
from acceptance.domains.observability.metrics.actor import path_of
from acceptance.domains.observability.metrics.scraped_pages import lost_series
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

PAGE = """\
# TYPE requests_total counter
requests_total{status="200",namespace="shop"} 3
requests_total{status="500",namespace="shop"} 1
requests_created{status="500"} 1
# TYPE seconds histogram
seconds_bucket{le="1"} 3
seconds_bucket{le="+Inf"} 4
seconds_count 4
seconds_sum 4
"""
TARGET = {"job": "shop", "instance": "a:80", "namespace": "pods", "pod": "a-1"}
HAD: list[dict[str, str]] = [
    {"__name__": "requests_total", "status": "200", "exported_namespace": "shop", **TARGET},
    {"__name__": "requests_total", "status": "500", "exported_namespace": "shop", **TARGET},
    {"__name__": "seconds_bucket", "le": "1.0", **TARGET},
    {"__name__": "seconds_bucket", "le": "+Inf", **TARGET},
    {"__name__": "seconds_count", **TARGET},
    {"__name__": "seconds_sum", **TARGET},
    {"__name__": "up", **TARGET},
]


def lost(had: list[dict[str, str]]) -> Counter[str]:
    """What Prometheus lacks of the page."""
    return lost_series(page_series(PAGE), had, TARGET)


def test_a_page_that_prometheus_has_loses_nothing() -> None:
    """Labels of the target, numbers and times of creation may be written in another way."""
    assert not lost(HAD)


@pytest.mark.parametrize(
    ("dropped", "name"),
    [(1, "requests{status=500}"), (2, "seconds_bucket{le=1.0}"), (5, "seconds_sum{}")],
)
def test_a_series_that_was_dropped_is_named(dropped: int, name: str) -> None:
    """Also if others of its metric are there."""
    assert lost([each for n, each in enumerate(HAD) if n != dropped]) == {name: 1}


def test_series_that_differ_in_a_label_of_the_target_count_each() -> None:
    """The namespace of what is measured has another name there, and one of two is lost."""
    page = [("free", {"namespace": "one"}), ("free", {"namespace": "two"})]
    had = [{"__name__": "free", "exported_namespace": "one", **TARGET}]
    assert lost_series(page, had, TARGET) == {"free{}": 1}


def test_a_series_that_a_page_has_twice_is_one() -> None:
    """As cAdvisor's page has some."""
    page = [("free", {"disk": "one"}), ("free", {"disk": "one"})]
    assert not lost_series(page, [{"__name__": "free", "disk": "one", **TARGET}], TARGET)


def test_a_name_may_have_dots_in_prometheus() -> None:
    """It asks for names as they are, and the page has underscores for whoever does not."""
    page = [("spans_filtered_total", {"otel_signal": "traces"})]
    had = [{"__name__": "spans.filtered_total", "otel.signal": "traces", **TARGET}]
    assert not lost_series(page, had, TARGET)


def test_a_lost_series_and_an_empty_page_are_faults() -> None:
    """And without any page nothing is proved."""
    reader = PageReader(context_of(SYSTEM))
    reader.assert_nothing_lost((ScrapedPage("shop a-1", 2, ()),))
    with pytest.raises(AssertionError, match=r"lacks 1 of 2 series of shop a-1, such as free\{\}"):
        reader.assert_nothing_lost((ScrapedPage("shop a-1", 2, ("free{}",)),))
    with pytest.raises(AssertionError, match="shop a-1 has an empty page"):
        reader.assert_nothing_lost((ScrapedPage("shop a-1", 0, ()),))
    with pytest.raises(AssertionError, match="No page was read"):
        reader.assert_nothing_lost(())


@pytest.mark.parametrize(
    ("labels", "path"),
    [
        ({"pod": "a-1", "namespace": "x"}, "/api/v1/namespaces/x/pods/a-1:80/proxy/metrics"),
        ({"node": "one"}, "/api/v1/nodes/one/proxy/metrics"),
        ({}, "/metrics"),
    ],
)
def test_a_page_is_read_by_another_way(labels: dict[str, str], path: str) -> None:
    """Through the API server: of a pod, of a node, or its own."""
    url = "http://10.0.0.1:80/metrics"
    target = ScrapeTarget("j", "i", "10.0.0.1", url, "up", "", 5, tuple(labels.items()))
    assert path_of(target) == path
