from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.observability.drivers.exposition import metric_names
from acceptance.domains.observability.drivers.prometheus import ScrapeTarget
from acceptance.domains.observability.metrics.scrape_plan import (
    ExpectedTarget,
    ScrapeRow,
    compare,
    expected_targets,
)
from acceptance.judgement import Unverifiable

TWO = (
    ExpectedTarget("backend", "backend-1", "10.0.0.1"),
    ExpectedTarget("backend", "backend-2", "10.0.0.2"),
)


def target(
    address: str, *, job: str = "backend", port: int = 8000, health: str = "up", error: str = ""
) -> ScrapeTarget:
    """A target of Prometheus."""
    url = f"http://{address}:{port}/metrics"
    return ScrapeTarget(job, f"{address}:{port}", address, url, health, error, 5.0)


def test_what_is_planned_and_scraped_agrees() -> None:
    """Each planned target is up, and there is no other."""
    assert compare(TWO, [target("10.0.0.1"), target("10.0.0.2")]) == ([], [])


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ([], "backend does not scrape backend-1 at 10.0.0.1"),
        ([target("10.0.0.1")], "backend does not scrape backend-2 at 10.0.0.2"),
        (
            [target("10.0.0.1"), target("10.0.0.2", job="api")],
            "backend does not scrape backend-2 at 10.0.0.2",
        ),
        (
            [target("10.0.0.1"), target("10.0.0.2", health="down", error="late")],
            "backend: backend-2 is down: late",
        ),
    ],
)
def test_an_unscraped_target_is_named(targets: list[ScrapeTarget], said: str) -> None:
    """One pod of two, another job's target and a target that is down do not count."""
    missing, _ = compare(TWO, targets)
    assert said in missing


def test_what_nobody_planned_is_named() -> None:
    """A target of no plan is a finding, and so is a page that is scraped twice."""
    both = [target("10.0.0.1"), target("10.0.0.2")]
    _, beside = compare(TWO, [*both, target("10.0.0.9")])
    assert beside == [
        "backend scrapes http://10.0.0.9:8000/metrics of 10.0.0.9:8000; it is not planned"
    ]
    _, twice = compare(TWO, [*both, target("10.0.0.1")])
    assert twice == ["http://10.0.0.1:8000/metrics is scraped more than once"]


def test_probes_of_endpoints_are_another_subject() -> None:
    """A probe of a pod does not count as a scrape of its metrics, and is no finding."""
    probes = [target("10.0.0.1", job="endpoints"), target("10.0.0.1", job="endpoints")]
    missing, beside = compare(TWO[:1], probes)
    assert missing == ["backend does not scrape backend-1 at 10.0.0.1"]
    assert not beside


def test_the_metrics_of_a_page_are_read() -> None:
    """Samples count, and not what is only announced; any other page has none."""
    page = "# TYPE up gauge\nup 1\n# TYPE announced_total counter\n"
    assert metric_names(page) == {"up"}
    assert not metric_names("<html>welcome</html>")
    assert not metric_names("")


def test_a_program_can_depend_on_the_cluster() -> None:
    """Then each of its names is looked for, and a page has one of the metrics."""
    row = ScrapeRow("log-shipper", "rsyslog or fluent-bit", "every pod", "lines or chunks")
    assert row.programs == ("rsyslog", "fluent-bit")
    assert row.metrics == ("lines", "chunks")
    assert ScrapeRow("backend", "backend", "every pod", "requests").programs == ("backend",)


def test_programs_of_either_name_are_expected() -> None:
    """The one that runs is to be scraped; without any there is nothing to judge."""
    pod = {"metadata": {"name": "rsyslog-1"}, "status": {"podIP": "10.0.0.7", "phase": "Running"}}
    found: dict[str, list[object]] = {"app.kubernetes.io/name=rsyslog": [pod]}
    cluster: Any = SimpleNamespace(items=lambda _, **asked: found.get(asked["labelSelector"], []))
    system: Any = SimpleNamespace(names=("backend",))
    row = ScrapeRow("log-shipper", "rsyslog or fluent-bit", "every pod", "lines")
    expected = expected_targets(cluster, system, [row])
    assert expected == (ExpectedTarget("log-shipper", "rsyslog-1", "10.0.0.7"),)
    found.clear()
    with pytest.raises(Unverifiable, match="There is no rsyslog or fluent-bit in the cluster"):
        expected_targets(cluster, system, [row])
