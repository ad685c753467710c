from __future__ import annotations

from typing import Any

import pytest

from acceptance.drivers.kubernetes.network_policies.evaluation import (
    Pod,
    PolicyEvaluation,
    treatment,
)
from acceptance.drivers.kubernetes.network_policies.policy import EGRESS, INGRESS, Policy
from acceptance.drivers.kubernetes.network_policies.port import Port
from acceptance.drivers.kubernetes.network_policies.port_set import EVERY_PORT
from tests.support.policy_samples import NAMESPACE_NAME, labelled, pod, policy

BUYER, STORE = pod("buyer", address="10.1.0.2"), pod("store")
STRANGER = pod("stranger", "elsewhere", address="10.1.0.3")
DENY = policy("deny", policyTypes=["Ingress", "Egress"])


def between(*policies: Policy, source: Pod = BUYER, destination: Pod = STORE) -> str:
    """Return the ports that these policies allow, in words."""
    return str(PolicyEvaluation(policies).between(source, destination))


def lets_in(source: Pod, *peers: dict[str, Any], ports: list[dict[str, Any]] | None = None) -> str:
    """Return what a policy of the store with these peers lets a pod connect to."""
    rule = {"from": [*peers], "ports": ports or []}
    return between(policy(podSelector=labelled(app="store"), ingress=[rule]), source=source)


def test_pods_that_no_policy_selects_are_open() -> None:
    """Also if a policy is about other pods, another namespace, or the other direction."""
    assert between() == "every port"
    assert between(policy(podSelector=labelled(app="other"))) == "every port"
    assert between(policy(namespace="elsewhere")) == "every port"
    assert (
        between(policy(podSelector=labelled(app="buyer"), policyTypes=["Ingress"])) == "every port"
    )


def test_both_directions_have_to_be_allowed() -> None:
    """The egress of the source and the ingress of the destination."""
    entering = policy(podSelector=labelled(app="store"), ingress=[{"ports": [{"port": 8000}]}])
    leaving = policy(
        podSelector=labelled(app="buyer"),
        policyTypes=["Egress"],
        egress=[{"ports": [{"port": 7000, "endPort": 8000}]}],
    )
    assert between(DENY) == "no port"
    assert between(DENY, entering) == between(DENY, leaving) == "no port"
    assert between(DENY, entering, leaving) == "TCP 8000"


def test_policies_and_rules_add_up() -> None:
    """None of them takes away what another one allows."""
    one = policy(ingress=[{"ports": [{"port": 1}]}, {"ports": [{"port": 3, "protocol": "UDP"}]}])
    assert between(one, policy(ingress=[{"ports": [{"port": 2}]}])) == "TCP 1-2 and UDP 3"


@pytest.mark.parametrize(
    ("peer", "buyer", "stranger"),
    [
        ({"podSelector": {}}, "every port", "no port"),
        ({"podSelector": labelled(app="stranger")}, "no port", "no port"),
        ({"namespaceSelector": {}}, "every port", "every port"),
        ({"namespaceSelector": labelled(**{NAMESPACE_NAME: "elsewhere"})}, "no port", "every port"),
        ({"namespaceSelector": {}, "podSelector": labelled(app="buyer")}, "every port", "no port"),
        (
            {
                "namespaceSelector": labelled(**{NAMESPACE_NAME: "elsewhere"}),
                "podSelector": labelled(app="buyer"),
            },
            "no port",
            "no port",
        ),
    ],
)
def test_a_peer_is_pods_of_namespaces(peer: dict[str, Any], buyer: str, stranger: str) -> None:
    """Without namespaces those of the policy's own; with both selectors, both have to select."""
    assert (lets_in(BUYER, peer), lets_in(STRANGER, peer)) == (buyer, stranger)


def test_a_rule_without_peers_is_about_everything() -> None:
    """Also about all addresses; several peers add up."""
    assert lets_in(STRANGER) == "every port"
    mine: dict[str, Any] = {"podSelector": {}}
    theirs = {"namespaceSelector": labelled(team="x")}
    assert lets_in(BUYER, mine, theirs) == "every port"
    assert lets_in(STRANGER, mine, theirs) == "no port"


def test_a_named_port_is_that_of_the_destination() -> None:
    """For its protocol alone; of a pod that does not exist it is a name, and of no pod none."""
    assert lets_in(BUYER, ports=[{"port": "web"}]) == "TCP 8000"
    assert lets_in(BUYER, ports=[{"port": "web", "protocol": "UDP"}]) == "no port"
    assert lets_in(BUYER, ports=[{"port": "other"}]) == "no port"
    rule = {"ports": [{"port": "web"}]}
    leaving = policy(policyTypes=["Egress"], egress=[rule])
    unknown = Pod("pods to come", "new", {}, {}, None)
    assert between(leaving, destination=unknown) == 'TCP the port called "web"'
    assert not PolicyEvaluation([leaving]).with_addresses(BUYER, EGRESS)
    entering = policy(ingress=[rule])
    found = PolicyEvaluation([entering]).with_addresses(STORE, INGRESS)
    assert [str(each.ports) for each in found] == ["TCP 8000"]


def test_a_named_port_of_two_containers_is_both() -> None:
    """A pod may use a name once for each of its containers' protocols and numbers."""
    ports = (("web", Port("tcp", 1)), ("web", Port("tcp", 9)), ("web", Port("udp", 5)))
    two = Pod("two", "shop", {}, {"app": "store"}, ports)
    assert between(policy(ingress=[{"ports": [{"port": "web"}]}]), destination=two) == "TCP 1, 9"


def test_addresses_are_those_of_blocks_without_their_exceptions() -> None:
    """A rule with pods as its peers is about no address."""
    block = {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}
    peers = [{"ipBlock": block}, {"ipBlock": {"cidr": "2001:db8::/32"}}, {"podSelector": {}}]
    rules = [{"to": peers, "ports": [{"port": 443}]}, {"to": [{"podSelector": {}}]}]
    found = PolicyEvaluation([policy(egress=rules)]).with_addresses(BUYER, EGRESS)
    assert [(str(each.block), str(each.ports), each.by_block) for each in found] == [
        ("0.0.0.0/0 but 10.0.0.0/8 and 2001:db8::/32", "TCP 443", True)
    ]
    unrestricted = PolicyEvaluation([]).with_addresses(BUYER, EGRESS)
    assert [(str(each.block), each.ports) for each in unrestricted] == [
        ("every address", EVERY_PORT)
    ]
    assert unrestricted[0].reason == "no network policy restricts the connections of buyer pods"


def test_a_block_may_mean_pods_by_their_addresses() -> None:
    """Some network plugins do that, and others do not: both readings can be computed."""
    found = [policy(ingress=[{"from": [{"ipBlock": {"cidr": "10.1.0.0/24"}}]}])]
    assert between(*found) == "every port"
    strict = PolicyEvaluation(found, blocks_mean_pods=False)
    assert not strict.between(BUYER, STORE)


def test_pods_are_alike_if_no_policy_tells_them_apart() -> None:
    """By what selects them, and by whose peer they are."""
    policies = [policy(ingress=[{"from": [{"podSelector": labelled(app="buyer")}]}])]
    first, other, third = (treatment(policies, each) for each in (BUYER, STORE, pod("third")))
    assert first != other
    assert other == third
    assert treatment(policies, STRANGER) != third
