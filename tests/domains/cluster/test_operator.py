from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.cluster import ClusterOperator, ClusterState
from acceptance.domains.cluster.diagnostics import Diagnostics
from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.facts import NodeFacts
from acceptance.judgement import Unverifiable
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

OK, BROKEN = Reply(200, (), "ok", 0.1), Reply(500, (), "etcd failed", 0.1)
READY, GHOST = NodeFacts("a", ready=True, version="v1"), NodeFacts("ghost", ready=False, version="")


class Cluster:
    """A cluster that runs every pod to the same end."""

    def __init__(self, phase: str = "Succeeded", output: str = "10.0.0.1 backend") -> None:
        """Let pods end in `phase`, with `output` as their log."""
        self.phase, self.output = phase, output
        self.created: list[Any] = []
        self.deleted: list[str] = []

    def pods(self, *_: str) -> tuple[SimpleNamespace, ...]:
        """Return one backend pod."""
        return (SimpleNamespace(main=SimpleNamespace(image="backend:1")),)

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Keep what is created."""
        self.created.append((path, body))
        return body

    def read(self, _: str) -> dict[str, Any]:
        """Return the pod at its end."""
        (_, body) = self.created[-1]
        return {
            "metadata": {**body["metadata"], "uid": "1"},
            "spec": {"nodeName": "a", **body["spec"]},
            "status": {"phase": self.phase},
        }

    def log(self, _: str, __: str, container: str) -> str | None:
        """Return the log of the pod's container."""
        return self.output if container == "probe" else None

    def delete(self, path: str) -> bool:
        """Keep what is deleted."""
        self.deleted.append(path)
        return True

    def watch(self, _: str) -> nullcontext[None]:
        """Return a watch without events."""
        return nullcontext()


def test_liveness_readiness_and_nodes_are_checked() -> None:
    """Each of them is named when it is wrong."""
    operator = ClusterOperator(context_of(SYSTEM))
    operator.assert_api_ready(ClusterState(OK, OK, ()))
    operator.assert_nodes_ready(ClusterState(OK, OK, (READY,)))
    with pytest.raises(AssertionError, match=r"The API server is not live: .*etcd failed"):
        operator.assert_api_ready(ClusterState(BROKEN, OK, ()))
    with pytest.raises(AssertionError, match="The API server is not ready"):
        operator.assert_api_ready(ClusterState(OK, BROKEN, ()))
    with pytest.raises(AssertionError, match="the node ghost is not ready"):
        operator.assert_nodes_ready(ClusterState(OK, OK, (READY, GHOST)))
    with pytest.raises(AssertionError, match="The cluster has no node"):
        operator.assert_nodes_ready(ClusterState(OK, OK, ()))


def test_a_scheduled_pod_looks_up_the_backend_and_is_deleted() -> None:
    """It may ask the DNS, belongs to the run, and does not stay."""
    cluster = Cluster()
    with ClusterOperator(context_of(SYSTEM, cluster)) as operator:
        operator.assert_resolved(operator.schedule_lookup())
    ((path, body),) = cluster.created
    assert path == "/api/v1/namespaces/checkout/pods"
    assert body["metadata"]["labels"] == {
        "acceptance.checkout/run": SYSTEM.run,
        "checkout.network/dns": "allowed",
    }
    assert body["spec"]["containers"][0]["command"] == ["getent", "hosts", "backend.checkout.svc"]
    assert cluster.deleted == [f"{path}/{body['metadata']['name']}"]


@pytest.mark.parametrize(("phase", "output"), [("Failed", "no such host"), ("Succeeded", "")])
def test_a_name_that_does_not_resolve_is_reported(phase: str, output: str) -> None:
    """Neither a failed pod nor one without an address proves DNS."""
    operator = ClusterOperator(context_of(SYSTEM, Cluster(phase, output)))
    with pytest.raises(AssertionError, match=r"could not resolve backend\.checkout\.svc"):
        operator.assert_resolved(operator.schedule_lookup())


def test_k3s_is_checked_only_where_it_is_expected() -> None:
    """On another flavour, nothing is known about k3s."""
    k3s = ClusterOperator(context_of(replace(SYSTEM, flavour="k3s")))
    k3s.assert_k3s("v1.34.4+k3s1")
    with pytest.raises(AssertionError, match="which is not k3s"):
        k3s.assert_k3s("v1.34.4")
    with pytest.raises(Unverifiable, match="not k3s, so whether k3s runs is not known"):
        ClusterOperator(context_of(SYSTEM)).assert_k3s("v1.34.4")


def test_diagnostics_say_what_could_not_be_read() -> None:
    """A failure is never hidden by another one."""
    kept: dict[str, str | bytes] = {}

    def refuse(*_: object) -> None:
        raise Refused("you may not")

    def keep(title: str, content: str | bytes, kind: str = "json") -> None:
        kept[f"{title} ({kind})"] = content

    cluster = SimpleNamespace(items=refuse, events=refuse, pods=refuse)
    Diagnostics(context_of(SYSTEM, cluster, keep=keep)).collect()
    assert kept == {
        "Objects at the failure (json)": '"Could not be read: you may not"',
        "Events at the failure (json)": '"Could not be read: you may not"',
        "Logs at the failure (text)": "Could not be read: you may not",
    }
