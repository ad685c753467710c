from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.settings import Timeouts
from operations.deployment import BlueGreen, NotDeployed
from operations.deployment.command import with_image
from operations.deployment.preview import Preview
from operations.deployment.smoke import Visitor
from operations.deployment.versions import DeployedPart
from tests.fakes.rollout_cluster import HASH, HOST, FakeHttp, Killed, RolloutCluster
from tests.test_waiting import FakeClock


class Deployer:
    """Deploys to a cluster in memory, where time passes at once."""

    def __init__(self, cluster: RolloutCluster) -> None:
        """Say nothing yet."""
        client, http = _any(cluster), _any(FakeHttp(cluster))
        self.clock = FakeClock()
        part = DeployedPart(client, "checkout", "backend")
        self.said: list[str] = []
        self.blue_green = BlueGreen(
            part,
            Preview(client, part, http, timeout=1.0, clock=self.clock),
            Visitor(http, "backend", HOST),
            timeouts=Timeouts(),
            say=self.said.append,
            clock=self.clock,
        )

    def deploy(self, image: str = "new", kept: float = 5.0) -> None:
        """Deploy an image."""
        self.blue_green.deploy(
            lambda found: with_image(found, "backend", image), watched=5.0, kept=kept
        )

    def roll_back(self, revision: int | None = None) -> None:
        """Go back."""
        self.blue_green.roll_back(revision, watched=5.0, kept=0.0)


def _any(found: object) -> Any:  # noqa: ANN401 (a fake in place of a client)
    return found


@pytest.fixture
def cluster() -> RolloutCluster:
    """A cluster in which the image `old` serves."""
    return RolloutCluster()


def test_a_new_version_gets_the_visitors_at_once_and_serves_alone(cluster: RolloutCluster) -> None:
    """No visitor meets the old one after the first who met the new one; nothing is left."""
    deployer = Deployer(cluster)
    deployer.deploy()
    assert cluster.images == ["new"]
    assert cluster.seen == sorted(cluster.seen, reverse=True)
    assert set(cluster.seen) == {"old", "new"}
    assert cluster.quiet
    assert [line.split(" (")[0].split(":")[0] for line in deployer.said] == [
        "serving",
        "smoke test passed by new, p",
        "switched to new, p",
        "keeping old, p",
        "deployed",
    ]


def test_the_container_that_migrates_gets_the_new_image_too(cluster: RolloutCluster) -> None:
    """And the one beside it keeps its own."""
    Deployer(cluster).deploy()
    spec = cluster.deployment["spec"]["template"]["spec"]
    assert spec["initContainers"][0]["image"] == "new"
    assert [each["image"] for each in spec["containers"]] == ["new", "p"]


def test_what_serves_already_is_not_deployed_again(cluster: RolloutCluster) -> None:
    """Nothing is changed."""
    deployer = Deployer(cluster)
    deployer.deploy("old")
    assert deployer.said == [f"unchanged: old, p ({cluster.sets[0]['hash']}) serves already"]
    assert cluster.changes == []


def test_a_version_that_fails_its_smoke_test_gets_no_visitor(cluster: RolloutCluster) -> None:
    """The old one serves all the time, and nothing is left."""
    cluster.server_errors.add("new")
    with pytest.raises(NotDeployed, match=r"its smoke test failed: POST .* HTTP 500"):
        Deployer(cluster).deploy()
    assert cluster.images == ["old"]
    assert set(cluster.seen) == {"old"}
    assert cluster.quiet


def test_a_version_that_never_is_ready_gets_no_visitor(cluster: RolloutCluster) -> None:
    """The wait ends as soon as waiting does not help."""
    cluster.not_ready.add("new")
    deployer = Deployer(cluster)
    with pytest.raises(NotDeployed, match=r"every new pod is ready: no longer .* not found"):
        deployer.deploy()
    assert deployer.clock.time < 100.0 + Timeouts().rollout
    assert cluster.images == ["old"]
    assert cluster.quiet


def test_an_image_that_has_not_run_is_not_at_fault(cluster: RolloutCluster) -> None:
    """The registry may be away: the error is another one, and nothing is left either."""
    cluster.not_ready.add("new")
    cluster.reason = "ImagePullBackOff"
    with pytest.raises(EnvironmentFailure, match="Try: kubectl describe pods"):
        Deployer(cluster).deploy()
    assert cluster.images == ["old"]
    assert cluster.quiet


def test_a_version_that_fails_after_the_switch_loses_the_visitors(cluster: RolloutCluster) -> None:
    """Three answers of ten are enough, and the old one is still there."""

    def fail_later() -> None:
        if cluster.seen.count("new") > 8:
            cluster.server_errors.add("new")

    cluster.on_request = fail_later
    with pytest.raises(NotDeployed, match="after the switch, 3 of the last 6 requests failed"):
        Deployer(cluster).deploy()
    assert cluster.images == ["old"]
    assert cluster.quiet


def test_a_pod_that_ends_after_the_switch_loses_the_visitors(cluster: RolloutCluster) -> None:
    """Though the other one answers."""

    def lose_a_pod() -> None:
        own = cluster.sets[-1]
        own["pods"] = own["pods"][:1]

    cluster.on_request = lose_a_pod
    with pytest.raises(NotDeployed, match="after the switch, not every pod is ready"):
        Deployer(cluster).deploy()
    assert cluster.images == ["old"]


@pytest.mark.parametrize("moment", ["smoke", "switched", "keeping"])
@pytest.mark.parametrize("kept", [0.0, 5.0])
def test_the_way_back_is_instant_while_a_deployment_is_under_way(
    cluster: RolloutCluster, moment: str, kept: float
) -> None:
    """Somebody else gives the visitors back, and whoever deploys undoes the rest."""
    deployer, other = Deployer(cluster), Deployer(cluster)

    def say(line: str) -> None:
        if line.startswith(moment):
            assert other.blue_green.go_back_at_once()
            assert cluster.selector[HASH] == cluster.sets[0]["hash"]

    deployer.blue_green._say = say
    with pytest.raises(NotDeployed, match="somebody went back"):
        deployer.deploy(kept=kept)
    assert cluster.images == ["old"]
    assert "new" not in cluster.seen[-2:]
    assert cluster.quiet
    assert not other.blue_green.go_back_at_once()


def test_the_way_back_is_seen_at_the_very_end(
    cluster: RolloutCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the last look and the end, the change of the other one is not overwritten."""
    deployer, other = Deployer(cluster), Deployer(cluster)
    noted = deployer.blue_green._noted

    def note(choice: Any, stage: str) -> Any:  # noqa: ANN401 (as it is)
        if stage == "finishing":
            assert other.blue_green.go_back_at_once()
        return noted(choice, stage)

    monkeypatch.setattr(deployer.blue_green, "_noted", note)
    with pytest.raises(NotDeployed, match="somebody went back"):
        deployer.deploy()
    assert cluster.images == ["old"]
    assert cluster.quiet


def test_what_cannot_be_watched_any_more_is_undone(
    cluster: RolloutCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ingress answers nobody here after the switch: that is no success."""
    deployer = Deployer(cluster)
    monkeypatch.setattr(deployer.blue_green._visitor, "await_arrival", lambda *_: False)
    with pytest.raises(EnvironmentFailure, match="does not answer from here"):
        deployer.deploy()
    assert cluster.images == ["old"]
    assert cluster.quiet


def test_nobody_goes_back_to_a_version_without_pods(cluster: RolloutCluster) -> None:
    """The visitors would be served by nobody."""
    deployer = Deployer(cluster)

    def say(line: str) -> None:
        if line.startswith("switched"):
            cluster.sets[0]["status"] = {"replicas": 1, "readyReplicas": 1}
            with pytest.raises(EnvironmentFailure, match="is not at full strength"):
                Deployer(cluster).blue_green.go_back_at_once()

    deployer.blue_green._say = say
    deployer.deploy()


def test_a_change_by_somebody_else_meanwhile_reaches_no_pod(cluster: RolloutCluster) -> None:
    """A rotation or `kubectl rollout undo` would end the pods that have the visitors."""
    deployer = Deployer(cluster)

    def say(line: str) -> None:
        if line.startswith("switched"):
            change = {"spec": {"template": {"metadata": {"annotations": {"restarted": "now"}}}}}
            cluster.patch("/deployments/backend", change)

    deployer.blue_green._say = say
    deployer.deploy()
    assert "" not in cluster.seen
    assert cluster.images == ["new"]


@pytest.mark.parametrize("state", ["paused", "rolling"])
def test_a_deployment_that_somebody_changes_is_left_alone(
    cluster: RolloutCluster, state: str
) -> None:
    """Nothing is pinned to a version that is not at full strength."""
    if state == "paused":
        cluster.deployment["spec"]["paused"] = True
    else:
        other = copy.deepcopy(cluster.sets[0])
        other["spec"]["template"]["metadata"]["labels"][HASH] = other["hash"] = "other"
        other["metadata"]["annotations"] = {}
        cluster.sets.append(other)
    with pytest.raises(EnvironmentFailure, match="Try: kubectl rollout status"):
        Deployer(cluster).deploy()
    assert cluster.changes == []


def test_a_deployment_that_starts_nothing_is_an_error(
    cluster: RolloutCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a webhook puts back what is written."""
    monkeypatch.setattr(DeployedPart, "start", lambda *_: None)
    with pytest.raises(EnvironmentFailure, match="keeps its version"):
        Deployer(cluster).deploy()
    assert cluster.quiet


def test_each_older_version_can_be_had_again(cluster: RolloutCluster) -> None:
    """The last one, or any by its revision; with the same care."""
    deployer = Deployer(cluster)
    for image in ("two", "three"):
        deployer.deploy(image)
    deployer.roll_back()
    assert cluster.images == ["two"]
    with pytest.raises(BrokenInput, match=r"the one before is not known\. Try: --to"):
        deployer.roll_back()
    deployer.roll_back(1)
    assert cluster.images == ["old"]
    assert cluster.quiet
    with pytest.raises(BrokenInput, match=r"Of the older ones, .*, there is no 99\. Try: --to"):
        deployer.roll_back(99)


def test_the_way_back_does_not_lead_to_a_version_that_failed(cluster: RolloutCluster) -> None:
    """It was there last, and it never served."""
    deployer = Deployer(cluster)
    deployer.deploy("two")
    cluster.server_errors.add("bad")
    with pytest.raises(NotDeployed):
        deployer.deploy("bad")
    deployer.roll_back()
    assert cluster.images == ["old"]


def _changes_of(work: Callable[[RolloutCluster], None]) -> int:
    cluster = RolloutCluster()
    work(cluster)
    return len(cluster.changes)


def _fails(cluster: RolloutCluster) -> None:
    cluster.server_errors.add("bad")
    with pytest.raises(NotDeployed):
        Deployer(cluster).deploy("bad")


@pytest.mark.parametrize("image", ["new", "bad"])
def test_a_deployment_that_is_killed_anywhere_is_finished_or_undone(image: str) -> None:
    """Visitors are served all the while, never by a version at fault; the next one succeeds."""
    work = _fails if image == "bad" else lambda cluster: Deployer(cluster).deploy(image)
    total = _changes_of(work)
    assert total > 5
    for number in range(total):
        cluster = RolloutCluster()
        cluster.server_errors.add("bad")
        cluster.kills_after = number
        with pytest.raises(Killed):
            Deployer(cluster).deploy(image)
        cluster.kills_after = 10**6
        if number % 2:
            Deployer(cluster).blue_green.go_back_at_once()
        Deployer(cluster).deploy("newer")
        assert cluster.images == ["newer"]
        assert cluster.quiet
        assert not {"bad", ""} & set(cluster.seen), f"killed at {number}: {cluster.changes}"


def test_what_cannot_be_undone_is_named(cluster: RolloutCluster) -> None:
    """Somebody has deleted the version that serves."""
    cluster.kills_after = 3
    with pytest.raises(Killed):
        Deployer(cluster).deploy()
    cluster.kills_after = 10**6
    del cluster.sets[0]
    with pytest.raises(EnvironmentFailure, match=r"that it gave the visitors to is gone"):
        Deployer(cluster).deploy()
