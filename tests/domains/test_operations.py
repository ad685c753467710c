from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from acceptance.domains.performance.drivers.load import LoadFacts, RequestFacts, read_load
from acceptance.domains.performance.load_tester import LoadTester, Measurement
from acceptance.domains.performance.requirements import FILE, read_performance
from acceptance.domains.recovery.backup_and_restore import PAGE, RecoveryOperator
from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes import facts, reading
from acceptance.drivers.kubernetes.client import Kubernetes
from acceptance.errors import EnvironmentFailure
from acceptance.project import ROOT
from acceptance.runbooks.reader import read_procedure
from acceptance.settings import Timeouts
from tests.fakes.system import SYSTEM

WRITTEN = (ROOT / PAGE).read_text(encoding="utf-8")
REQUIRED = read_performance(ROOT / FILE)
PATIENCE = Timeouts(observation=0.01, ingress=0.01, removal=0.01)


def forget(title: str, content: str | bytes, kind: str = "json") -> None:
    """Take evidence that nobody needs."""


def pod(
    workload: str, image: str, digest: str, *, ready: bool = True, container: str = ""
) -> dict[str, Any]:
    """A pod with one container, as the API sends it."""
    name = container or workload
    return {
        "metadata": {
            "name": f"{workload}-1",
            "namespace": "somewhere",
            "uid": workload,
            "labels": {"app.kubernetes.io/name": workload},
        },
        "spec": {"containers": [{"name": name, "image": image, "ports": []}]},
        "status": {
            "phase": "Running",
            "podIP": "10.0.0.1",
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [{"name": name, "imageID": digest, "state": {"running": {}}}],
        },
    }


class Cluster:
    """A cluster of pods and of answers by the beginning of their path."""

    def __init__(
        self, pods: dict[str, list[Any]], answers: dict[str, object] | None = None
    ) -> None:
        """Have `pods` by namespace."""
        self._pods = pods
        self._answers = answers or {}

    def pods(self, namespace: str, workload: str | None = None) -> tuple[facts.PodFacts, ...]:
        """Those of a namespace; a workload is only known as such if its pods were asked for."""
        found = self._pods.get(namespace, [])
        return tuple(
            reading.pod(each, workload or "")
            for each in found
            if workload in {None, each["metadata"]["labels"]["app.kubernetes.io/name"]}
        )

    def items(self, path: str, **query: str) -> list[Any]:
        """Those that have a label that was asked for; raises what is in their place."""
        answer = self._answers.get(path, [])
        if isinstance(answer, Exception):
            raise answer
        assert query["labelSelector"].startswith("app.kubernetes.io/name in (")
        assert isinstance(answer, list)
        return answer

    def send(self, method: str, path: str, query: dict[str, str] | None = None) -> Reply:
        """The answer, or what the API server says when nothing stands behind a Service."""
        answer = next((self._answers[key] for key in self._answers if path.startswith(key)), None)
        if answer is None:
            return Reply(503, (), "no endpoints available", 0.0, request=f"{method} {path}")
        return Reply(200, (), json.dumps(answer), 0.0, request=f"{method} {path} {query}")


def on(cluster: Cluster) -> Kubernetes:
    """The same, as the actors know it."""
    return cast(Kubernetes, cluster)


# Performance --------------------------------------------------------------------------------------


def measured(
    *,
    milliseconds: int = 50,
    requests: int = 600,
    failures: int = 0,
    seconds: float = 10.0,
    before: tuple[str, ...] = ("b-1", "b-2"),
    after: tuple[str, ...] = ("b-2", "b-1"),
) -> Measurement:
    """What a load brought, by default as required."""
    kinds = (RequestFacts("GET x", requests, failures, 1.0, 2.0),)
    histogram = ((10, requests * 9 // 10), (milliseconds, requests - requests * 9 // 10))
    found = LoadFacts(kinds, histogram if requests else (), seconds, ("GET x: 503 (1 times)",))
    return Measurement(REQUIRED, before, after, found)


@pytest.fixture
def load_tester() -> LoadTester:
    """A load tester who has measured already."""
    return LoadTester(SYSTEM, on(Cluster({})), keep=forget, timeouts=PATIENCE)


def judge_all(load_tester: LoadTester, found: Measurement) -> None:
    """Judge everything that the scenario judges."""
    load_tester.judge_replicas(found)
    load_tester.judge_enough(found)
    load_tester.judge_latency(found)
    load_tester.judge_throughput(found)
    load_tester.judge_errors(found)


def test_a_load_within_all_thresholds_passes(load_tester: LoadTester) -> None:
    """Otherwise the failures below would prove nothing."""
    judge_all(load_tester, measured())


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (measured(before=("b-1",)), "1 backend pods serve, and the requirements are for 2"),
        (measured(before=("1", "2", "3")), "3 backend pods serve"),
        (measured(after=("b-1", "b-3")), "The backend pods changed under the load"),
        (measured(requests=399), "Only 399 requests were sent"),
        (measured(requests=0), "Only 0 requests"),
        (measured(milliseconds=501), "95 of 100 requests took up to 501 ms, and 500 ms"),
        (measured(seconds=20.0), r"30\.0 requests were answered in a second, and 40"),
        (measured(failures=1), r"1 of 600 requests failed \(0\.17%\), and 0\.10% may: GET x: 503"),
    ],
)
def test_each_threshold_can_be_missed(
    load_tester: LoadTester, found: Measurement, said: str
) -> None:
    """The sentence has the figure and what was required."""
    with pytest.raises(AssertionError, match=said):
        judge_all(load_tester, found)


def test_percentiles_are_by_nearest_rank() -> None:
    """Of 20 requests the 19th is the 95th percentile."""
    found = replace(measured().facts, histogram=((1, 18), (7, 1), (90, 1)))
    assert [found.percentile(part) for part in (0.5, 0.9, 0.95, 1.0)] == [1, 1, 7, 90]
    with pytest.raises(ValueError, match="nothing was measured"):
        replace(found, histogram=()).percentile(0.5)


def test_locusts_figures_are_added_up() -> None:
    """Figures as locust 2.47 prints them with --json, and its file of failures."""
    entry = {
        "name": "list checkouts",
        "last_request_timestamp": 108.0,
        "start_time": 100.0,
        "num_requests": 4,
        "num_none_requests": 0,
        "num_failures": 1,
        "total_response_time": 40.0,
        "max_response_time": 20.4,
        "min_response_time": 4.0,
        "total_content_length": 1,
        "response_times": {"4": 3, "20.0": 1},
        "num_reqs_per_sec": {},
        "num_fail_per_sec": {},
        "method": "GET",
    }
    second = entry | {"name": "open the page", "start_time": 101.0, "last_request_timestamp": None}
    failures = "Method,Name,Error,Occurrences\nGET,list checkouts,HTTPError('503'),1\n"
    found = read_load(json.dumps([entry, second]), failures)
    assert (found.requests, found.failures, found.seconds) == (8, 2, 8.0)
    assert found.histogram == ((4, 6), (20, 2))
    assert found.requests_per_second == pytest.approx(0.75)
    assert found.errors == ("GET list checkouts: HTTPError('503') (1 times)",)
    assert read_load("[]", "").error_rate == 1


@pytest.mark.parametrize("said", ["", "Traceback", "{}x", '{"a": 1}', '[{"name": "x"}]'])
def test_figures_that_are_none_are_an_environment_failure(said: str) -> None:
    """Nothing is judged of what cannot be read."""
    with pytest.raises(EnvironmentFailure, match="figures cannot be read"):
        read_load(said, "")


# Backup and recovery ------------------------------------------------------------------------------


def judge_page(text: str) -> None:
    """Judge a page as the scenario does."""
    actor = RecoveryOperator(SYSTEM, on(Cluster({})), keep=forget, timeouts=PATIENCE)
    page = read_procedure(text)
    actor.judge_complete(page)
    actor.judge_promises(page)
    actor.judge_rehearsed(page)


def rehearsed(days_ago: int) -> str:
    """The page of this repository, rehearsed so many days ago."""
    day = datetime.now(UTC).date() - timedelta(days=days_ago)
    head, title, _ = WRITTEN.partition("## Last rehearsal\n")
    return f"{head}{title}\n{day}, by a test.\n"


@pytest.mark.parametrize("days", [0, 90])
def test_the_page_is_complete(days: int) -> None:
    """The page of this repository has everything, until its rehearsal is too old."""
    judge_page(rehearsed(days))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        *((f"## {title}\n", "## Other\n", f"has no section {title}") for title in ("Owner", "RPO")),
        ("```sh restore", "```sh", "has no commands to restore"),
        ("24 hours: what", "Little: what", "The RPO .* is no duration"),
        ("30 minutes, from", "Soon, from", "The RTO .* is no duration"),
        ("- Backup: every 24 hours", "- Sometimes", 'has no line "Backup: every'),
        ("Backup: every 24 hours", "Backup: every 25 hours", "cannot keep the loss below"),
        ("- Rehearsal: every 90 days", "- Never", 'has no line "Rehearsal: every'),
    ],
)
def test_what_is_missing_on_the_page_is_named(old: str, new: str, said: str) -> None:
    """By its section."""
    text = rehearsed(1)
    assert old in text
    with pytest.raises(AssertionError, match=said):
        judge_page(text.replace(old, new))


@pytest.mark.parametrize(
    ("days", "said"), [(91, "91 days ago, and .* asks for one every 90 days"), (-2, "yet to come")]
)
def test_a_rehearsal_has_its_time(days: int, said: str) -> None:
    """Neither too long ago nor in the future."""
    with pytest.raises(AssertionError, match=said):
        judge_page(rehearsed(days))
