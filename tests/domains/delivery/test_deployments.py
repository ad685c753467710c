from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.delivery.commit_deployer import CommitDeployer, HandRun
from acceptance.domains.delivery.deployer_rights import _NEEDED, DEPLOYERS
from acceptance.domains.delivery.deployments import Deployment, Place
from acceptance.domains.delivery.drivers.act import WorkflowRun
from acceptance.domains.delivery.drivers.image_registry import ImageRegistry, PushedImage
from acceptance.domains.delivery.drivers.statements import SigningKey
from acceptance.domains.delivery.part_commits import PartCommit
from acceptance.domains.delivery.team_repository import PushedCommit
from acceptance.domains.delivery.version_samples import Sample, Samples, VersionSampler
from acceptance.drivers.http import Reply
from acceptance.judgement import Unverifiable
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

COMMIT, DIGEST = "c" * 40, f"sha256:{'d' * 64}"
MADE = PartCommit("backend", lambda _: None, mark="abc123", shown_at="/api/openapi.json")
IMAGE = PushedImage("checkout/backend", DIGEST, (COMMIT,))
RUN = WorkflowRun("push", (("deploy", "success"),), (("Deploy", "success"),), (), "", (), 1.0)


def pushed(run: WorkflowRun = RUN) -> PushedCommit:
    """A commit whose workflow ran so."""
    runs = (("backend", run),)
    registry = ImageRegistry("127.0.0.1:1")
    return PushedCommit(MADE, COMMIT, runs, (IMAGE,), registry, Path(), SigningKey())


def sample(number: int, version: str, at: float, status: int | None = 200) -> Sample:
    """A request that a pod of a version has answered."""
    headers = (("x-served-by", f"backend-{version}-xyz"),)
    return Sample(number, at, at, Reply(status, headers, "", 0.01, request="GET /"))


def samples(*versions: tuple[str, int], **changes: Any) -> Samples:  # noqa: ANN401 (fields)
    """So many answers of each version, one after the other, 200 in a second."""
    order = [version for version, times in versions for _ in range(times)]
    answered = tuple(sample(n, each, n / 200) for n, each in enumerate(order, 1))
    found = Samples(len(answered), answered, len(answered) / 200, (0.001,) * 50, 0)
    return replace(found, **changes)


SOUND = samples(("old", 3000), ("new", 3000))


def deployment(found: Samples, run: WorkflowRun = RUN) -> Deployment:
    """What became of a push."""
    place = Place({"app": "backend"}, {"replicas": 2}, ("ingresses/a", "services/a"))
    before = frozenset({"backend-old"})
    return Deployment(pushed(run), found, before, frozenset({"r@sha256:old"}), place)


class Cluster:
    """Has two pods of a backend, its Service, and somebody who deploys."""

    def __init__(self) -> None:
        """Be as after a sound deployment."""
        self.digests = [DIGEST, DIGEST]
        self.selector = {"app": "backend"}
        self.spec = {"replicas": 2}
        self.ingresses = ["a"]
        self.migrates = f"r/checkout/backend@{DIGEST}"

    def pods(self, _: str, __: str) -> tuple[Any, ...]:
        """Return pods, of which only the images count."""
        return tuple(
            SimpleNamespace(
                name="backend-new-1",
                deleting=False,
                main=SimpleNamespace(image_id=f"r/checkout/backend@{each}"),
                containers=[SimpleNamespace(name="migrate", image_id=self.migrates)],
            )
            for each in self.digests
        )

    def read(self, path: str) -> dict[str, Any]:
        """Return the Service or the Deployment."""
        if "/services/" in path:
            return {"spec": {"selector": self.selector}}
        return {"spec": {"template": {}, **self.spec}}

    def items(self, path: str) -> list[dict[str, Any]]:
        """Return the Services or the Ingresses."""
        found = self.ingresses if path.endswith("ingresses") else ["a"]
        return [{"metadata": {"name": each}} for each in found]


@pytest.fixture
def cluster() -> Cluster:
    """A cluster after a sound deployment."""
    return Cluster()


@pytest.fixture
def deployer(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommitDeployer]:
    """Whose ingress answers as the commit."""
    with CommitDeployer(context_of(SYSTEM, cluster)) as actor:
        answer = Reply(200, (), '{"version": "1.0.0+abc123"}', 0.01, request="GET")
        http: Any = actor._http
        monkeypatch.setattr(http, "send", lambda *_: answer)
        monkeypatch.setattr(actor, "serving_when_full", lambda _: ())
        yield actor


def test_a_sound_deployment_passes(deployer: CommitDeployer) -> None:
    """Its image runs, the ingress answers as the commit, and visitors met one after the other."""
    deployer.assert_deployed(deployment(SOUND))
    deployer.assert_unnoticed(deployment(SOUND))
    deployer.assert_unnoticed(
        deployment(samples(("old", 3000), ("new", 99), ("old", 99), ("new", 3000)))
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (samples(("old", 6000)), "Visitors met one version only"),
        (
            samples(("old", 3000), ("new", 300), ("old", 1), ("new", 3000)),
            "the old version for 1.5 s",
        ),
        (samples(("old", 3000), ("new", 3000), ("newer", 9)), "more than one new version"),
        (
            replace(SOUND, answered=(*SOUND.answered[:-1], sample(6000, "new", 30.0, 502))),
            "1 of 6000 requests failed during the deployment: number 6000: .* 502",
        ),
        (
            replace(SOUND, answered=(*SOUND.answered[:-1], sample(6000, "new", 30.0, None))),
            "1 of 6000 requests failed",
        ),
    ],
)
def test_what_a_visitor_noticed_is_named(
    deployer: CommitDeployer, found: Samples, said: str
) -> None:
    """A failure, a version that comes back, or that never came."""
    with pytest.raises(AssertionError, match=said):
        deployer.assert_unnoticed(deployment(found))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (samples(("old", 3000), ("new", 1000)), "4000 requests were sent"),
        (replace(SOUND, seconds=100.0), "60 in a second"),
        (replace(SOUND, sent=6001), "6001 requests were sent, and 6000 are known to have ended"),
        (replace(SOUND, control=(0.1, 1.5)), "1 took longer than 1 s"),
        (replace(SOUND, control_faults=1), "1 failed, so the machine is in trouble"),
        (replace(SOUND, control=()), "Of 0 requests to a server of this run"),
    ],
)
def test_samples_that_tell_nothing_are_no_verdict(
    deployer: CommitDeployer, found: Samples, said: str
) -> None:
    """Too few, incomplete, or of a machine that is in trouble itself."""
    with pytest.raises(Unverifiable, match=said):
        deployer.assert_unnoticed(deployment(found))


def test_what_is_not_deployed_is_named(deployer: CommitDeployer, cluster: Cluster) -> None:
    """A step that did not run, a pod with another image, a Service that stays pinned."""
    for run in (replace(RUN, steps=()), replace(RUN, jobs=(("deploy", "failure"),))):
        with pytest.raises(AssertionError, match="The pipeline has not deployed"):
            deployer.assert_deployed(deployment(SOUND, run))
    cluster.migrates = "r@sha256:old"
    with pytest.raises(AssertionError, match="runs the image from before in migrate"):
        deployer.assert_deployed(deployment(SOUND))
    cluster.digests[1] = "sha256:other"
    with pytest.raises(AssertionError, match=f"and not {DIGEST}"):
        deployer.assert_deployed(deployment(SOUND))
    cluster.digests.clear()
    with pytest.raises(AssertionError, match="No pod of the backend is left"):
        deployer.assert_deployed(deployment(SOUND))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"selector": {"app": "backend", "pod-template-hash": "new"}},
            "the Service backend selects",
        ),
        ({"spec": {"replicas": 2, "minReadySeconds": 9}}, "the Deployment backend has"),
        ({"ingresses": ["a", "backend-preview"]}, "there are .*ingresses/backend-preview"),
    ],
)
def test_what_a_deployment_leaves_behind_is_named(
    deployer: CommitDeployer, cluster: Cluster, changes: dict[str, Any], said: str
) -> None:
    """The next rollout, or a visitor who finds a preview, would suffer from it."""
    for name, value in changes.items():
        setattr(cluster, name, value)
    with pytest.raises(AssertionError, match=f"After the deployment {said}"):
        deployer.assert_deployed(deployment(SOUND))


REFUSED = HandRun(1, "not promoted: x: its signature: none", (), "backend-new")
SAME = HandRun(0, "unchanged", (), "backend-new")


@pytest.mark.parametrize(
    ("refused", "same", "said"),
    [
        (replace(REFUSED, code=0), SAME, "deploys an image that its owner has not signed"),
        (replace(REFUSED, output="no such file"), SAME, "that its owner has not signed"),
        (REFUSED, replace(SAME, code=69), "does not do by hand what the pipeline has done"),
        (REFUSED, replace(SAME, version="backend-old"), "does not do by hand"),
        (REFUSED, replace(SAME, left=("tmp.1/kubeconfig",)), "leaves files .*tmp.1/kubeconfig"),
        (replace(REFUSED, left=("tmp.1",)), SAME, "leaves files"),
    ],
)
def test_a_person_deploys_as_the_pipeline_does(
    deployer: CommitDeployer,
    monkeypatch: pytest.MonkeyPatch,
    refused: HandRun,
    same: HandRun,
    said: str,
) -> None:
    """What is signed, and nothing else; and no credential stays on the machine."""
    found = {False: REFUSED, True: SAME}

    def by_hand(_: Deployment, *, signed: bool) -> HandRun:
        return found[signed]

    monkeypatch.setattr(deployer, "deploy_by_hand", by_hand)
    deployer.assert_deploys_by_hand(deployment(SOUND))
    found.update({False: refused, True: same})
    with pytest.raises(AssertionError, match=said):
        deployer.assert_deploys_by_hand(deployment(SOUND))


def test_an_ingress_that_answers_as_before_is_named(
    deployer: CommitDeployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pods may be there, and nobody reaches them."""
    http: Any = deployer._http
    old = Reply(200, (), '{"version": "1.0.0"}', 0.01, request="GET /api/openapi.json")
    monkeypatch.setattr(http, "send", lambda *_: old)
    with pytest.raises(AssertionError, match="has no abc123"):
        deployer.assert_deployed(deployment(SOUND))


def test_a_sampler_numbers_its_requests_and_knows_the_end_of_each() -> None:
    """In all lanes together, and beside a server of its own."""
    reply = Reply(200, (("x-served-by", "backend-old-1"),), "", 0.0)
    sampler = VersionSampler([lambda: reply, lambda: reply])
    time.sleep(0.3)
    found = sampler.stop()
    assert found.sent == len(found.answered) > 10
    assert found.trouble == ""
    assert {each.version for each in found.answered} == {"backend-old"}
    assert found.rate > 10


def test_deployers_have_the_rights_of_a_deployment_and_no_others(
    deployer: CommitDeployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In their group alone; a right more or less is named."""
    groups = {DEPLOYERS, "system:authenticated"}
    here = SYSTEM.namespace
    given = {(*each, here) for each in _NEEDED}
    client = type("Client", (), {"close": lambda _: None})
    module = "acceptance.domains.delivery"
    monkeypatch.setattr(f"{module}.commit_deployer.Kubernetes", lambda *_, **__: client())
    monkeypatch.setattr(f"{module}.deployer_rights.own_groups", lambda _: groups)
    monkeypatch.setattr(f"{module}.deployer_rights.allowed", lambda _, *right: right in given)
    monkeypatch.setattr(deployer, "_settings", lambda: {"DEPLOY_KUBECONFIG": ""})
    deployer.assert_may_nothing_else()
    for right, said in (
        (("get", "secrets", here), f"may get secrets in {here}"),
        (("create", "ingresses", ""), "may create ingresses in all namespaces"),
        (("patch", "services", here), f"may not patch services in {here}"),
    ):
        given ^= {right}
        with pytest.raises(AssertionError, match=f"Whoever deploys {said}"):
            deployer.assert_may_nothing_else()
        given ^= {right}
    groups.add("system:masters")
    with pytest.raises(AssertionError, match=r"is in the groups .*system:masters"):
        deployer.assert_may_nothing_else()
