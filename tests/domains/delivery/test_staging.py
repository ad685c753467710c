from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.deployment.rollout import RolloutStatus
from acceptance.domains.delivery import staging
from acceptance.domains.delivery.staging import StagingEnvironment, StagingOperator
from acceptance.drivers.kubernetes import facts, reading
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

SHORT = Timeouts(observation=0.01, ingress=0.01, removal=0.01)


def pod(workload: str, image: str, digest: str, *, container: str = "") -> dict[str, Any]:
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
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": name, "imageID": digest, "state": {"running": {}}}],
        },
    }


class PodCluster:
    """A cluster of pods."""

    def __init__(self, pods: dict[str, list[Any]]) -> None:
        """Have `pods` by namespace."""
        self._pods = pods

    def pods(self, namespace: str, workload: str | None = None) -> tuple[facts.PodFacts, ...]:
        """The pods of a namespace; they know their workload only if it was asked for."""
        found = self._pods.get(namespace, [])
        return tuple(
            reading.pod(each, workload or "")
            for each in found
            if workload in {None, each["metadata"]["labels"]["app.kubernetes.io/name"]}
        )


def stager(cluster: PodCluster, **changes: object) -> StagingOperator:
    """The operator of staging, of a system with these facts."""
    system = replace(SYSTEM, **changes)  # type: ignore[arg-type]
    return StagingOperator(context_of(system, cluster, timeouts=SHORT))


def compare_images(released: list[Any], staged: list[Any]) -> None:
    """Compare what runs in the system with what runs in staging."""
    actor = stager(PodCluster({"checkout": released, "staging": staged}))
    system = replace(SYSTEM, namespace="staging")
    actor.assert_release_images(StagingEnvironment(system, RolloutStatus((), ())))


SOUND = [pod("backend", "localhost/a:1", "sha256:1"), pod("frontend", "localhost/b:1", "sha256:2")]


def test_the_same_images_are_the_release() -> None:
    """The same references with the same digests in the same containers."""
    compare_images(SOUND, SOUND)


@pytest.mark.parametrize(
    ("staged", "said"),
    [
        ([], "staging does not run backend/backend of the release"),
        (SOUND[:1], "staging does not run frontend/frontend of the release"),
        (
            [SOUND[0], pod("frontend", "localhost/b:1", "sha256:3")],
            "frontend/frontend is sha256:3 in staging and sha256:2 in the release",
        ),
        ([SOUND[0], pod("frontend", "localhost/b:1", "")], "frontend/frontend is nothing in"),
        (
            [SOUND[0], pod("frontend", "localhost/b:2", "sha256:2")],
            "staging runs localhost/b:2 in frontend/frontend, which is not an image of the release",
        ),
        (
            [*SOUND, pod("frontend", "localhost/b:1", "sha256:2", container="extra")],
            "staging runs frontend/extra, which is not part of the release",
        ),
    ],
)
def test_another_image_in_staging_is_unmet(staged: list[Any], said: str) -> None:
    """A missing, different, unknown or additional image is named with its container."""
    with pytest.raises(AssertionError, match=said):
        compare_images(SOUND, staged)


def test_a_release_without_images_proves_nothing() -> None:
    """A system without pods has no images to compare with."""
    with pytest.raises(AssertionError, match="the release has no image"):
        compare_images([], SOUND)


def test_staging_has_a_namespace_and_a_host_of_its_own() -> None:
    """The team's overlay, with the images of the release, in a namespace of this run."""
    images = tuple(f"localhost/checkout-{name}:1" for name in ("backend", "frontend", "database"))
    actor = stager(PodCluster({}), images=images)
    objects = actor._rendered()
    place = actor._place(objects)
    assert (place.namespace, place.host) == ("checkout-staging-1a2b", "staging.checkout.local")
    assert {each["metadata"]["labels"]["acceptance.checkout/run"] for each in objects} == {"1a2b"}
    text = json.dumps(objects)
    assert all(image in text for image in images)


def test_staging_may_have_several_hosts() -> None:
    """Visitors come to the one that has the page."""

    def rule(host: str, service: str) -> dict[str, Any]:
        return {"host": host, "http": {"paths": [{"backend": {"service": {"name": service}}}]}}

    rules = [rule("api.staging", "backend"), rule("*.staging", "frontend")]
    rules += [rule("www.staging", "frontend"), rule("other.staging", "frontend")]
    objects = [
        {"kind": "Namespace", "metadata": {"name": "staging"}},
        {"kind": "Ingress", "metadata": {"name": "x"}, "spec": {"rules": rules}},
    ]
    assert stager(PodCluster({}))._place(objects).host == "www.staging"


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([], "Staging has no ingress"),
        ([{"host": ""}], "names no host"),
        ([{"host": "checkout.local"}], "Staging has the same host as the system itself"),
        ([{"host": "a"}, {"host": "checkout.local"}], "Staging has the same host as the system"),
        ([{"host": "a"}, {}], "names no host"),
        ([{"host": "*.staging.example"}], "no host but a wildcard"),
    ],
)
def test_staging_that_shares_the_host_of_the_system_is_refused(
    rules: list[dict[str, str]], said: str
) -> None:
    """Before anything is deployed."""
    objects = [
        {"kind": "Namespace", "metadata": {"name": "staging"}},
        {"kind": "Ingress", "metadata": {"name": "x"}, "spec": {"rules": rules}},
    ]
    with pytest.raises(AssertionError, match=said):
        stager(PodCluster({}))._place(objects)


def test_an_overlay_that_cannot_be_rendered_is_unmet(tmp_path: Path) -> None:
    """The team wrote it, so it is not an environment failure."""
    (tmp_path / "manifests" / "overlays" / "staging").mkdir(parents=True)
    with pytest.raises(AssertionError, match=r"Staging cannot be deployed: .* is not an overlay"):
        stager(PodCluster({}), repository=str(tmp_path))._rendered()


def test_a_system_without_staging_is_unverified(tmp_path: Path) -> None:
    """It may be sound; whether its release can be tried somewhere is not known."""
    with pytest.raises(Unverifiable, match="There is no staging overlay staging, so a release to"):
        stager(PodCluster({}), repository=str(tmp_path)).deploy_staging()


class OccupiedCluster(PodCluster):
    """A cluster that has the namespace of staging, with the label of a run."""

    def __init__(self, run: str, *, stuck: bool = False) -> None:
        """Have a namespace of `run`, which cannot be deleted if it is `stuck`."""
        super().__init__({})
        self._run = run
        self._stuck = stuck
        self.deleted: list[tuple[str, int | None]] = []

    def labels(self, path: str) -> dict[str, str]:
        """Those of the namespace."""
        assert path == "/api/v1/namespaces/staging"
        return {"acceptance.checkout/run": self._run}

    def delete(self, path: str, *, grace: int | None = None) -> bool:
        """Record what is deleted."""
        self.deleted.append((path, grace))
        return True

    def exists(self, path: str) -> bool:
        """Whether it still exists."""
        return self._stuck and path.endswith("staging")


def test_staging_of_another_run_is_never_touched() -> None:
    """A namespace without this run's label is not deleted, whatever its name."""
    cluster = OccupiedCluster("another")
    with pytest.raises(EnvironmentFailure, match="exists and belongs to another run"):
        stager(cluster)._clear(replace(SYSTEM, namespace="staging"))
    assert cluster.deleted == []


def test_staging_of_a_killed_scenario_is_removed_first() -> None:
    """The namespace and, without a grace period, its pods."""
    cluster = OccupiedCluster(SYSTEM.run)
    stager(cluster)._remove("staging")
    path = "/api/v1/namespaces/staging"
    assert cluster.deleted == [(path, None), (f"{path}/pods", 0)]
    with pytest.raises(EnvironmentFailure, match="the namespace staging gone: not reached"):
        stager(OccupiedCluster(SYSTEM.run, stuck=True))._remove("staging")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Error from server (Forbidden): User jane cannot create services", EnvironmentFailure),
        ("The Deployment backend is invalid: spec.selector", AssertionError),
    ],
)
def test_a_right_that_the_suite_lacks_is_not_the_release(
    monkeypatch: pytest.MonkeyPatch, said: str, kind: type[Exception]
) -> None:
    """The message names the right; manifests that the cluster rejects are the team's."""

    def refuse(*_: object, **__: object) -> None:
        raise EnvironmentFailure(said)

    monkeypatch.setattr(staging, "apply", refuse)
    cluster = SimpleNamespace(readiness=lambda: SimpleNamespace(succeeded=True))
    with pytest.raises(kind, match=re.escape(said)):
        StagingOperator(context_of(SYSTEM, cluster))._apply([])
