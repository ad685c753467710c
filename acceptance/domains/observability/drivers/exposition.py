"""Reads a page of metrics in Prometheus' text format, with Prometheus' own library."""

from __future__ import annotations

from contextlib import suppress

from prometheus_client.parser import text_string_to_metric_families


def metric_names(page: str) -> frozenset[str]:
    """Return the names of all samples of a page; none if it is no page of metrics."""
    try:
        return frozenset(
            sample.name
            for family in text_string_to_metric_families(page)
            for sample in family.samples
        )
    except ValueError:
        return frozenset()


def page_series(page: str) -> list[tuple[str, dict[str, str]]]:
    """Return the name and labels of each sample of a page; none if it is no page of metrics."""
    try:
        return [
            (sample.name, dict(sample.labels))
            for family in text_string_to_metric_families(page)
            for sample in family.samples
        ]
    except ValueError:
        return []


def value_of(page: str, name: str) -> float | None:
    """Return the value of the first sample with this name; None if the page has none."""
    with suppress(ValueError):
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                if sample.name == name:
                    return float(sample.value)
    return None
