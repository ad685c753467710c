from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acceptance.domains.observability import StackInspector, StackInventory
from acceptance.domains.observability.drivers.stack_workloads import StackWorkload, workloads_of
from acceptance.domains.observability.stack.inventory import delivered_workloads, faults_of_images
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import Inaccessible
from acceptance.drivers.kubernetes.facts import PodFacts, WorkloadFacts
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts
from tests.fakes.monitored_cluster import MonitoredCluster, pod
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

HASH = "0123456789abcdef"
BUILT = frozenset({"localhost/rsyslog"})
PROMETHEUS = StackWorkload(
    "Deployment",
    "somewhere",
    "prometheus",
    "prometheus",
    (("prometheus", "localhost/prometheus:1"),),
)
SHIPPER = StackWorkload(
    "DaemonSet", "somewhere", "rsyslog", "rsyslog", (("rsyslog", "localhost/rsyslog:8"),)
)
RETENTION = StackWorkload(
    "CronJob", "somewhere", "retention", "retention", (("job", "localhost/rsyslog:8"),)
)
FULL = WorkloadFacts("Deployment", "prometheus", 1, 1, 1, observed=True)
DELIVERED = "localhost/prometheus:1@sha256:aa"


def serving(image: str = DELIVERED, state: str = "running") -> PodFacts:
    """The pod of Prometheus."""
    facts = reading.pod(pod("prometheus"), "prometheus")
    return replace(facts, containers=(replace(facts.containers[0], image=image, state=state),))


def with_image(workload: StackWorkload, *images: str) -> StackWorkload:
    """A workload with these images in the place of its own."""
    names = [name for name, _ in workload.containers]
    return replace(workload, containers=tuple(zip(names, images, strict=True)))


def inventory(**changed: Any) -> StackInventory:  # noqa: ANN401 (any field)
    """Prometheus, as the repository has it."""
    running = with_image(PROMETHEUS, DELIVERED)
    facts = (("somewhere", FULL),)
    found = StackInventory((PROMETHEUS,), (running,), facts, (("somewhere", serving()),), ())
    return replace(found, **changed)


@pytest.fixture
def inspector() -> StackInspector:
    """An operator who asks nobody."""
    return StackInspector(context_of(SYSTEM))


def judge(inspector: StackInspector, found: StackInventory) -> None:
    """Judge what the scenario judges."""
    inspector.assert_as_in_repository(found)
    inspector.assert_nothing_else(found)
    inspector.assert_steady(found)


def test_what_runs_as_the_repository_says_passes(inspector: StackInspector) -> None:
    """Its images have their digests besides."""
    judge(inspector, inventory())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"found": ()}, "Deployment somewhere/prometheus is not deployed"),
        ({"wanted": ()}, "The repository has no program"),
        (
            {"facts": (("somewhere", replace(FULL, ready=0)),)},
            "has not all of its pods: Deployment prometheus: 0 of 1 replicas ready",
        ),
        ({"facts": (("elsewhere", FULL),)}, "has not all of its pods: none"),
        (
            {"found": (with_image(PROMETHEUS, "localhost/prometheus:2@sha256:aa"),)},
            "runs localhost/prometheus:2@sha256:aa in prometheus, and the repository has",
        ),
        (
            {"pods": (("somewhere", serving("localhost/prometheus:0")),)},
            "prometheus-1 runs another image in prometheus than its workload",
        ),
        (
            {"found": (with_image(PROMETHEUS, DELIVERED), RETENTION)},
            "CronJob somewhere/retention is not in the repository",
        ),
        (
            {"pods": (("somewhere", serving(state="CrashLoopBackOff")),)},
            "prometheus-1: prometheus is CrashLoopBackOff",
        ),
        (
            {"restarted": ("prometheus-1: prometheus",)},
            "prometheus-1: prometheus was started again a moment ago",
        ),
        ({"pods": ()}, "No pod of the monitoring runs"),
    ],
)
def test_every_difference_is_named(
    inspector: StackInspector, changed: dict[str, Any], said: str
) -> None:
    """Missing, besides, half, in another image, or started again and again."""
    with pytest.raises(AssertionError, match=said):
        judge(inspector, inventory(**changed))


def test_a_job_needs_no_pod(inspector: StackInspector) -> None:
    """What runs once a day has no pod in between."""
    found = with_image(RETENTION, f"localhost/rsyslog:{HASH}@sha256:bb")
    both = inventory(
        wanted=(PROMETHEUS, RETENTION), found=(with_image(PROMETHEUS, DELIVERED), found)
    )
    judge(inspector, both)


def test_two_builds_of_one_image_are_seen(inspector: StackInspector) -> None:
    """What a job runs is of another release than what the shipper runs."""
    builds = [f"localhost/rsyslog:{each * 16}@sha256:{each}" for each in "ab"]
    both = inventory(
        wanted=(SHIPPER, RETENTION),
        found=(with_image(SHIPPER, builds[0]), with_image(RETENTION, builds[1])),
        facts=(("somewhere", WorkloadFacts("DaemonSet", "rsyslog", 1, 1, 1, observed=True)),),
        pods=(),
    )
    with pytest.raises(AssertionError, match=r"localhost/rsyslog runs in 2 builds: .*:a+@.*:b+@"):
        inspector.assert_as_in_repository(both)


@pytest.mark.parametrize(
    ("image", "faults"),
    [
        (f"localhost/rsyslog:{HASH}@sha256:bb", 0),
        ("localhost/rsyslog:8", 0),
        ("localhost/rsyslog:9", 1),
        (f"localhost/other:{HASH}", 1),
        ("localhost/rsyslog", 1),
    ],
)
def test_an_image_that_is_built_here_has_the_hash_of_its_sources(image: str, faults: int) -> None:
    """Only a hash may stand in the place of the tag, and only where there is a Dockerfile."""
    found = with_image(SHIPPER, image)
    assert len(faults_of_images(SHIPPER, found, BUILT)) == faults
    hashed = with_image(PROMETHEUS, f"localhost/prometheus:{HASH}")
    assert faults_of_images(PROMETHEUS, hashed, BUILT)


def test_containers_are_compared_both_ways() -> None:
    """A container that is missing and one that is besides are both faults."""
    other = replace(SHIPPER, containers=(("proxy", "localhost/proxy:1"),))
    assert faults_of_images(SHIPPER, other, BUILT) == [
        "DaemonSet somewhere/rsyslog has no container rsyslog",
        "DaemonSet somewhere/rsyslog has a container proxy besides",
    ]


def test_the_overlay_of_the_cluster_is_rendered() -> None:
    """All kinds of workloads of all three stacks are wanted, with their standard labels."""
    found = delivered_workloads(context_of(SYSTEM))
    assert {"prometheus", "rsyslog", "jaeger", "opensearch"} <= {each.program for each in found}
    assert {each.kind for each in found} == {"Deployment", "StatefulSet", "DaemonSet", "CronJob"}
    assert all(each.containers for each in found)


def test_other_objects_are_no_workloads() -> None:
    """A Service runs nothing."""
    assert workloads_of([{"kind": "Service"}]) == ()


def test_what_may_not_be_listed_is_unverifiable() -> None:
    """Nobody knows what runs where nobody may look."""
    answers = {"/apis/apps/v1/namespaces/monitoring/deployments": Inaccessible("you may not")}
    cluster = MonitoredCluster([], answers)
    inspector = StackInspector(context_of(SYSTEM, cluster, timeouts=Timeouts(recovery=0.01)))
    with pytest.raises(Unverifiable, match=r"unknown which programs .* run: you may not"):
        inspector.read_inventory()
