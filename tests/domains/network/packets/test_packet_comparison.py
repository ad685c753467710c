from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.network.drivers import PolicyObjects, Probe, ProbePlacement
from acceptance.domains.network.packets.connection_attempts import AttemptResult, ConnectionAttempt
from acceptance.domains.network.packets.packet_comparison import compare_with_packets
from acceptance.drivers.kubernetes.network_policies.policy import Policy
from acceptance.drivers.kubernetes.network_policies.port import Port
from tests.support.policy_samples import labelled, policy

WEB = Port("tcp", 8000)
ADDRESSES = {"buyer": "10.1.0.2", "store": "10.1.0.3"}
HTTP_ONLY = policy(
    podSelector=labelled(app="store"),
    ingress=[{"from": [{"podSelector": labelled(app="buyer")}], "ports": [{"port": "web"}]}],
)
CLOSED = policy(podSelector=labelled(app="store"))
OUT = "203.0.113.1"


def sample_testbed() -> Any:  # noqa: ANN401
    """Return a testbed of two probes in one namespace, and a listener outside."""
    probes = {
        name: Probe(ProbePlacement(name, "shop", {"app": name}), f"probe-{name}", address)
        for name, address in ADDRESSES.items()
    }
    node = Probe(ProbePlacement("node", "own", {}, node="n"), "probe-node", "10.2.0.1")
    return SimpleNamespace(
        probes={**probes, "node": node}, outside=SimpleNamespace(address="10.9.0.1")
    )


def objects() -> PolicyObjects:
    """Return the pods of the probes as the API sends them."""
    ports = [{"name": "web", "containerPort": 8000}]
    pods = [
        {
            "metadata": {"name": f"probe-{name}", "namespace": "shop", "labels": {"app": name}},
            "spec": {"containers": [{"ports": ports}]},
        }
        for name in ADDRESSES
    ]
    return PolicyObjects((), (), ({"metadata": {"name": "shop"}},), tuple(pods), (), ())


def differences(*policies: Policy, succeeded: bool, **attempt: Any) -> list[str | None]:  # noqa: ANN401
    """Return what is said of one attempt; an empty list if it cannot be compared."""
    made = ConnectionAttempt(
        **{
            "source": "buyer",
            "destination": "store",
            "host": "10.1.0.3",
            "port": WEB,
            "exposed": True,
            "watcher": "store",
            **attempt,
        }
    )
    result = AttemptResult(made, "reached" if succeeded else "timeout", succeeded)
    found = compare_with_packets(policies, objects(), sample_testbed(), [result])
    return [each.difference for each in found]


@pytest.mark.parametrize("policies", [(), (HTTP_ONLY,), (CLOSED, HTTP_ONLY)])
def test_what_is_allowed_has_to_succeed(policies: tuple[Policy, ...]) -> None:
    """A packet that is lost where every policy allows it is a difference."""
    assert differences(*policies, succeeded=True) == [None]
    (said,) = differences(*policies, succeeded=False)
    assert said is not None
    assert said.startswith("the network policies allow it, and yet it failed: buyer → store")


def test_what_is_denied_has_to_fail() -> None:
    """A packet that arrives where no policy allows it is one too."""
    assert differences(CLOSED, succeeded=False) == [None]
    (said,) = differences(CLOSED, succeeded=True)
    assert said is not None
    assert said.startswith("the network policies deny it, and yet it got through: buyer → store")
    (other_port,) = differences(HTTP_ONLY, succeeded=True, port=Port("udp", 8000))
    assert other_port is not None


def test_addresses_outside_are_compared_too() -> None:
    """In both directions, by the address at which the listener is, or from which it came."""
    leaving = policy(
        policyTypes=["Egress"],
        egress=[{"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}],
    )
    assert differences(leaving, succeeded=True, destination="outside", host=OUT) == [None]
    (said,) = differences(leaving, succeeded=True, destination="outside", host="10.9.0.1")
    assert said is not None
    assert differences(CLOSED, succeeded=False, source="outside") == [None]
    (came,) = differences(CLOSED, succeeded=True, source="outside")
    assert came is not None


def test_what_the_network_plugin_decides_is_not_compared() -> None:
    """Whether a block means pods and nodes, what comes from the node, and a Service's address."""
    by_block = policy(ingress=[{"from": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]}])
    assert differences(by_block, succeeded=False) == []
    assert differences(CLOSED, succeeded=True, source="node") == []
    to_node = policy(
        policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": "10.2.0.1/32"}}]}]
    )
    at_node = {"destination": "node", "host": "10.2.0.1"}
    assert differences(to_node, succeeded=False, **at_node) == []
    assert differences(policy(egress=[{}]), succeeded=True, **at_node) == [None]
    service = {"destination": "API server", "host": "10.96.0.1", "socket_port": 6443}
    assert differences(succeeded=True, **service) == []
    assert differences(succeeded=True, destination="DNS", watcher="") == []
