from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acceptance.domains.delivery import node_images
from acceptance.domains.delivery.built_images import BuiltImageOperator, BuiltPod
from acceptance.domains.delivery.drivers.image_registry import ImageRegistry, PushedImage
from acceptance.domains.delivery.drivers.statements import SigningKey
from acceptance.domains.delivery.part_commits import PartCommit
from acceptance.domains.delivery.team_repository import PushedCommit
from acceptance.drivers.http import Reply
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable
from acceptance.process import Completed
from acceptance.settings import Timeouts
from tests.fakes.evidence import RecordedEvidence
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

COMMIT, DIGEST, MARK = "c" * 40, f"sha256:{'d' * 64}", "abc123"
IMAGE = PushedImage("checkout/backend", DIGEST, (COMMIT,))
LIMITS = Timeouts(schedule=1.0, readiness_change=0.1, unrecoverable=0.05)
TEMPLATE = {
    "metadata": {"labels": {"app.kubernetes.io/name": "backend"}},
    "spec": {
        "initContainers": [{"name": "migrate", "image": "old"}],
        "containers": [
            {"name": "log", "image": "sidecar"},
            {"name": "backend", "image": "old", "ports": [{"containerPort": 8000}]},
        ],
    },
}


class Registry(ImageRegistry):
    """Saves an image without being asked over a network."""

    def save(self, image: PushedImage, folder: Path) -> Path:
        """Write its layout."""
        folder.mkdir()
        (folder / "index.json").write_text(image.digest)
        return folder


class Cluster:
    """Runs the pod that it is given, and answers for it."""

    def __init__(self) -> None:
        """Have a Deployment of the backend."""
        self.pods: dict[str, dict[str, Any]] = {}
        self.deleted: list[str] = []
        self.answer = f'{{"version": "1.0.0+{MARK}"}}'
        self.state: dict[str, object] = {"running": {}}

    def read(self, path: str) -> dict[str, Any] | None:
        """Return the Deployment, or a pod with its state."""
        if "/deployments/" in path:
            return {"spec": {"template": TEMPLATE}} if path.endswith("backend") else None
        found = self.pods[path.rpartition("/")[2]]
        state = {"name": "backend", "state": self.state, "imageID": DIGEST}
        return {**found, "status": {"phase": "Running", "containerStatuses": [state]}}

    def create(self, _: str, body: dict[str, Any]) -> None:
        """Start a pod."""
        body["metadata"]["uid"] = "1"
        self.pods[body["metadata"]["name"]] = body

    def delete(self, path: str, *, grace: int | None = None) -> None:
        """Remember that it was deleted at once."""
        assert grace == 0
        self.deleted.append(path.rpartition("/")[2])

    def watch(self, _: str) -> AbstractContextManager[None]:
        """Return no events: the fake changes nothing by itself."""
        return nullcontext()

    def ask_pod(self, _: str, pod: str, port: int, path: str) -> Reply:
        """Return the answer of the pod."""
        assert (pod in self.pods, port, path) == (True, 8000, "/api/openapi.json")
        status = 200 if self.answer else 503
        return Reply(status, (), self.answer, 0.0, request="GET")


MADE = PartCommit("backend", lambda _: None, mark=MARK, shown_at="/api/openapi.json")
PUSHED = PushedCommit(MADE, COMMIT, (), (IMAGE,), Registry("127.0.0.1:1"), Path(), SigningKey())


@pytest.fixture
def imported(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that bring an image to the node."""
    found: list[list[str]] = []

    def run(command: Sequence[str], **_: object) -> Completed:
        found.append(list(command))
        return Completed("", "", 0.0, 0)

    monkeypatch.setattr(node_images, "run", run)
    return found


@pytest.fixture
def cluster() -> Cluster:
    """It runs nothing yet."""
    return Cluster()


@pytest.fixture
def operator(cluster: Cluster) -> Iterator[BuiltImageOperator]:
    """Who has a way onto the node."""
    system = replace(SYSTEM, inside=("nsenter", "--"))
    context = context_of(system, cluster, keep=RecordedEvidence(), timeouts=LIMITS)
    with BuiltImageOperator(context) as actor:
        yield actor


def test_an_image_runs_as_the_workload_would_and_gets_no_visitor(
    operator: BuiltImageOperator, cluster: Cluster, imported: list[list[str]]
) -> None:
    """By its digest, without the labels by which Services select; it is deleted afterwards."""
    operator.assert_answers_as_commit(operator.run_image(PUSHED))
    (pod,) = cluster.pods.values()
    assert pod["spec"]["containers"] == [
        {
            "name": "backend",
            "image": f"built.invalid/checkout/backend@{DIGEST}",
            "imagePullPolicy": "Never",
            "ports": [{"containerPort": 8000}],
        }
    ]
    assert "app.kubernetes.io/name" not in pod["metadata"]["labels"]
    assert "initContainers" not in pod["spec"]
    assert imported[0][:4] == ["nsenter", "--", "ctr", "--namespace=k8s.io"]
    operator.__exit__(None, None, None)
    assert cluster.deleted == [pod["metadata"]["name"]]


@pytest.mark.usefixtures("imported")
def test_an_image_that_answers_as_another_commit_is_told(
    operator: BuiltImageOperator, cluster: Cluster
) -> None:
    """An answer without a mark proves nothing either."""
    cluster.answer = '{"version": "1.0.0"}'
    with pytest.raises(AssertionError, match="does not answer as the commit"):
        operator.assert_answers_as_commit(operator.run_image(PUSHED))
    sound = BuiltPod("backend", MARK, 200, MARK, DIGEST, f"built.invalid/checkout/backend@{DIGEST}")
    operator.assert_answers_as_commit(sound)
    with pytest.raises(AssertionError, match="has no mark"):
        operator.assert_answers_as_commit(replace(sound, mark=""))
    for other in ("built.invalid/checkout/backend@sha256:e", ""):
        with pytest.raises(AssertionError, match=f"and {other or 'nothing'} runs"):
            operator.assert_answers_as_commit(replace(sound, runs=other))


@pytest.mark.usefixtures("imported")
def test_an_image_that_does_not_run_or_answer_is_told(
    operator: BuiltImageOperator, cluster: Cluster
) -> None:
    """What was built is the system's, and so is that it crashes."""
    cluster.answer = ""
    with pytest.raises(AssertionError, match="the backend that was built answers"):
        operator.run_image(PUSHED)
    cluster.state = {"waiting": {"reason": "CreateContainerError"}}
    with pytest.raises(AssertionError, match="the image that was built runs"):
        operator.run_image(PUSHED)
    with pytest.raises(AssertionError, match="There is no Deployment of the frontend"):
        operator.run_image(replace(PUSHED, made=replace(MADE, part="frontend")))
    with pytest.raises(AssertionError, match="has no image of commit"):
        operator.run_image(replace(PUSHED, images=()))


def test_a_cluster_without_a_way_onto_its_node_proves_nothing(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor one whose node refuses the image."""
    context = context_of(SYSTEM, cluster, keep=RecordedEvidence(), timeouts=LIMITS)
    with (
        BuiltImageOperator(context) as actor,
        pytest.raises(Unverifiable, match="No image can be brought"),
    ):
        actor.run_image(PUSHED)

    def run(_: Sequence[str], **__: object) -> Completed:
        raise EnvironmentFailure("ctr failed with exit code 1.")

    monkeypatch.setattr(node_images, "run", run)
    system = replace(SYSTEM, inside=("nsenter",))
    with (
        BuiltImageOperator(context_of(system, cluster, keep=RecordedEvidence())) as actor,
        pytest.raises(Unverifiable, match="cannot be brought here: ctr failed"),
    ):
        actor.run_image(PUSHED)
