from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from acceptance.deployment.rollout import Status
from acceptance.domains.delivery.staging import Staging, StagingOperator
from acceptance.domains.performance.drivers.load import LoadFacts, RequestFacts, read_load
from acceptance.domains.performance.load_tester import LoadTester, Measurement
from acceptance.domains.performance.requirements import FILE, read_performance
from acceptance.domains.recovery.backup_and_restore import PAGE, RecoveryOperator
from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes import facts
from acceptance.drivers.kubernetes.client import Kubernetes
from acceptance.errors import EnvironmentFailure
from acceptance.project import ROOT
from acceptance.runbooks.reader import read_procedure
from acceptance.settings import Timeouts
from acceptance.system import System
from fixtures.environment import RunDirectory
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
            facts.pod(each, workload or "")
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


# Staging ------------------------------------------------------------------------------------------


def stager(
    cluster: Cluster, overlay: Path = ROOT / "manifests/overlays/staging"
) -> StagingOperator:
    """The operator of staging."""
    return StagingOperator(
        SYSTEM,
        on(cluster),
        overlay,
        visit=cast(Callable[[System], Any], None),
        tell_secrets=lambda _: None,
        keep=forget,
        timeouts=PATIENCE,
    )


def judge_images(released: list[Any], tried: list[Any]) -> None:
    """Compare what runs in the system with what runs in staging."""
    actor = stager(Cluster({"checkout": released, "staging": tried}))
    actor.judge_images(Staging(replace(SYSTEM, namespace="staging"), Status((), ())))


SOUND = [pod("backend", "localhost/a:1", "sha256:1"), pod("frontend", "localhost/b:1", "sha256:2")]


def test_the_same_images_are_the_release() -> None:
    """The same references with the same digests in the same containers."""
    judge_images(SOUND, SOUND)


@pytest.mark.parametrize(
    ("tried", "said"),
    [
        ([], "staging does not run backend/backend"),
        (SOUND[:1], "staging does not run frontend/frontend"),
        (
            [SOUND[0], pod("frontend", "localhost/b:1", "sha256:3")],
            "frontend/frontend is sha256:3 in staging and sha256:2 in the release",
        ),
        ([SOUND[0], pod("frontend", "localhost/b:1", "")], "frontend/frontend is nothing in"),
        (
            [SOUND[0], pod("frontend", "localhost/b:2", "sha256:2")],
            "staging runs localhost/b:2 in frontend/frontend, which is not to be released",
        ),
        (
            [*SOUND, pod("frontend", "localhost/b:1", "sha256:2", container="extra")],
            "staging runs frontend/extra, which is no part of the release",
        ),
    ],
)
def test_another_image_in_staging_is_seen(tried: list[Any], said: str) -> None:
    """A missing, other, unknown or additional image is named with its container."""
    with pytest.raises(AssertionError, match=said):
        judge_images(SOUND, tried)


def test_nothing_to_release_proves_nothing() -> None:
    """A system without pods has no images to compare with."""
    with pytest.raises(AssertionError, match="nothing is to be released"):
        judge_images([], SOUND)


def test_staging_has_a_place_and_a_name_of_its_own() -> None:
    """The team's overlay, with the images of the release, in a namespace of the run's."""
    images = tuple(f"localhost/checkout-{name}:1" for name in ("backend", "frontend", "database"))
    actor = stager(Cluster({}))
    actor.system = replace(SYSTEM, images=images)
    objects = actor._rendered()
    place = actor._place(objects)
    assert (place.namespace, place.host) == ("checkout-staging-1a2b", "staging.checkout.local")
    assert {each["metadata"]["labels"]["acceptance.checkout/run"] for each in objects} == {"1a2b"}
    text = json.dumps(objects)
    assert all(image in text for image in images)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([], "Staging has no ingress"),
        ([{"host": ""}], "names no host"),
        ([{"host": "checkout.local"}], "Staging has the host of the system itself"),
        ([{"host": "a"}, {"host": "b"}], "Staging has several hosts: a, b"),
    ],
)
def test_staging_that_cannot_be_told_from_the_system_is_refused(
    rules: list[dict[str, str]], said: str
) -> None:
    """Before anything is deployed."""
    objects = [
        {"kind": "Namespace", "metadata": {"name": "staging"}},
        {"kind": "Ingress", "metadata": {"name": "x"}, "spec": {"rules": rules}},
    ]
    with pytest.raises(AssertionError, match=said):
        stager(Cluster({}))._place(objects)


def test_an_overlay_that_cannot_be_rendered_is_no_staging(tmp_path: Path) -> None:
    """What the team wrote for staging is judged, not excused as the environment's fault."""
    with pytest.raises(AssertionError, match=r"Staging cannot be deployed: .* is no overlay"):
        stager(Cluster({}), tmp_path)._rendered()


class Occupied(Cluster):
    """A cluster with staging's namespace in it, which carries a run's label."""

    def __init__(self, run: str, *, stuck: bool = False) -> None:
        """Have a namespace of `run`, which stays when it is deleted if it is `stuck`."""
        super().__init__({})
        self._run = run
        self._stuck = stuck
        self.deleted: list[tuple[str, int | None]] = []

    def labels(self, path: str) -> dict[str, str]:
        """Those of the namespace."""
        assert path == "/api/v1/namespaces/staging"
        return {"acceptance.checkout/run": self._run}

    def delete(self, path: str, *, grace: int | None = None) -> bool:
        """Note what is deleted."""
        self.deleted.append((path, grace))
        return True

    def exists(self, path: str) -> bool:
        """Whether it is still there."""
        return self._stuck and path.endswith("staging")


def test_staging_of_somebody_else_is_never_touched() -> None:
    """A namespace without this run's label is not ours to delete, whatever it is called."""
    cluster = Occupied("another")
    with pytest.raises(EnvironmentFailure, match="is there and not this run's"):
        stager(cluster)._clear(replace(SYSTEM, namespace="staging"))
    assert cluster.deleted == []


def test_what_a_killed_scenario_left_of_staging_is_removed_first() -> None:
    """The namespace and, without their grace, its pods."""
    cluster = Occupied(SYSTEM.run)
    stager(cluster)._remove("staging")
    path = "/api/v1/namespaces/staging"
    assert cluster.deleted == [(path, None), (f"{path}/pods", 0)]
    with pytest.raises(EnvironmentFailure, match="the namespace staging gone: not reached"):
        stager(Occupied(SYSTEM.run, stuck=True))._remove("staging")


def test_secrets_that_scenarios_make_are_known_to_all_processes(tmp_path: Path) -> None:
    """None is lost when several tell theirs at the same time, and nobody else may read them."""
    names = [f"secret-{number}" for number in range(40)]
    RunDirectory(tmp_path).keep_secrets(["the first"])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: RunDirectory(tmp_path).keep_secrets([name, name]), names))
    found = RunDirectory(tmp_path).secrets()
    assert sorted(found) == sorted(["the first", *names])
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


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
