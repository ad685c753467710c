from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.observability import DeceivedShipper, ImpostorTester
from acceptance.domains.observability.drivers.impostor import Impostor, ImpostorLog
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE = {
    "metadata": {"name": "store", "namespace": "monitoring"},
    "spec": {"selector": {"app": "store"}},
}
REFUSED = ("certificate unknown",)
BULK = {"path": "/_bulk", "password": True, "lines": 1000}


class Place:
    """A cluster that notes what is created and changed, and has one log and one slice."""

    def __init__(self, log: str = "", pods: tuple[str, ...] = ()) -> None:
        """Have the log of the impostor, and the pods that the Service leads to."""
        self._log, self._pods = log, pods
        self.created: list[Any] = []
        self.selectors: list[Mapping[str, str | None]] = []

    def create(self, path: str, body: Mapping[str, Any]) -> None:
        """Note a pod."""
        assert path.endswith("/monitoring/pods")
        self.created.append(body)

    def patch(self, path: str, change: Mapping[str, Any]) -> None:
        """Note a selector."""
        assert path.endswith("/services/store")
        self.selectors.append(change["spec"]["selector"])

    def items(self, _: str, **__: str) -> list[Any]:
        """Return the slice."""
        return [{"endpoints": [{"targetRef": {"name": each}} for each in self._pods]}]

    def log(self, *_: str) -> str:
        """Return the log."""
        return self._log


def impostor(cluster: Place) -> Impostor:
    """An impostor of the Service."""
    return Impostor(cast("Any", cluster), SERVICE, {"app": "store", RUN_LABEL: "r1"})


def deceived(*requests: Mapping[str, Any], refused: tuple[str, ...] = REFUSED) -> DeceivedShipper:
    """What an impostor has seen."""
    lines: Any = None
    return DeceivedShipper(ImpostorLog(refused, requests), lines)


def test_the_impostor_takes_the_place_of_the_store_and_gives_it_back() -> None:
    """Policies know it by the store's labels, and the Service by its own."""
    cluster = Place(pods=("acceptance-impostor-r1",))
    found = impostor(cluster)
    found.start("backend", {"https": 9200})
    (pod,) = cluster.created
    labels = pod["metadata"]["labels"]
    assert labels["app"] == "store"
    assert pod["spec"]["containers"][0]["ports"] == [{"name": "https", "containerPort": 9200}]
    found.take_place()
    found.give_place_back()
    taken, given = cluster.selectors
    assert taken["app"] is None
    own = {key: value for key, value in taken.items() if key != "app"}
    assert own.items() <= labels.items()
    assert given == {**dict.fromkeys(own), "app": "store"}
    assert found.in_place()
    assert not impostor(Place(pods=("acceptance-impostor-r1", "store-0"))).in_place()


def test_what_the_impostor_has_seen_is_read_from_its_log() -> None:
    """Anything else in the log is left out, and what the suite itself has asked."""
    events = [
        {"event": "ready"},
        {"event": "refused", "error": "no", "peer": "10.0.0.1"},
        {"event": "request", "peer": "10.0.0.2", **BULK},
        {"event": "request", "peer": "10.0.0.1", **BULK},
        {"event": "request", "peer": "10.0.0.1", **BULK, "path": "/probe"},
    ]
    cluster = Place("Traceback\n" + "\n".join(map(json.dumps, events)))
    assert impostor(cluster).ready()
    seen = impostor(cluster).log()
    assert seen.refused == ("no",)
    assert [each["lines"] for each in seen.requests] == [1000, 1000]
    assert seen.attempts == 3
    assert seen.peers == ("10.0.0.1", "10.0.0.2")


def test_a_shipper_that_ends_the_handshake_passes() -> None:
    """Nothing was given."""
    ImpostorTester(context_of(SYSTEM)).assert_nothing_given(deceived())


def test_a_shipper_that_sends_is_named() -> None:
    """With the number of passwords and lines."""
    tester = ImpostorTester(context_of(SYSTEM))
    with pytest.raises(AssertionError, match="an impostor 1 requests, 1 with its password, and 10"):
        tester.assert_nothing_given(deceived(BULK))
    with pytest.raises(AssertionError, match="has not tried to reach the impostor"):
        tester.assert_nothing_given(deceived(refused=()))
