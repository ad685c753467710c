from __future__ import annotations

from typing import Any

import pytest

from acceptance.drivers.kubernetes.network_policies.policy import (
    EGRESS,
    INGRESS,
    NotUnderstood,
    Selector,
    parse_policies,
    parse_policy,
)
from tests.support.policy_samples import labelled, policy, policy_object


@pytest.mark.parametrize(
    ("spec", "directions"),
    [
        ({}, {INGRESS}),
        ({"ingress": [{}]}, {INGRESS}),
        ({"egress": [{}]}, {INGRESS, EGRESS}),
        ({"egress": []}, {INGRESS}),
        ({"egress": [{}], "policyTypes": ["Egress"]}, {EGRESS}),
        ({"policyTypes": ["Ingress", "Egress"]}, {INGRESS, EGRESS}),
    ],
)
def test_missing_policy_types_follow_from_the_rules(
    spec: dict[str, Any], directions: set[str]
) -> None:
    """Every policy is about ingress unless it says otherwise, and about egress if it has a rule."""
    assert {*policy(**spec).rules} == directions


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        ({"tiers": []}, "the field tiers"),
        ({"policyTypes": ["Forward"]}, "the policy type Forward"),
        ({"ingress": [{"to": []}]}, "the field to"),
        ({"ingress": [{"from": [{"fqdn": "example.org"}]}]}, "the field fqdn"),
        ({"ingress": [{"from": [{}]}]}, "a peer that is not either"),
        (
            {"ingress": [{"from": [{"podSelector": {}, "ipBlock": {"cidr": "::/0"}}]}]},
            "a peer that is not either",
        ),
        ({"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0"}}]}]}, "the ipBlock"),
        ({"ingress": [{"from": [{"ipBlock": {"except": []}}]}]}, "the ipBlock"),
        ({"ingress": [{"ports": [{"protocol": "ICMP"}]}]}, "the protocol ICMP"),
        ({"ingress": [{"ports": [{"port": "web", "endPort": 9}]}]}, "the ports web to 9"),
        ({"ingress": [{"ports": [{"port": 9, "endPort": 8}]}]}, "the ports 9 to 8"),
        ({"ingress": [{"ports": [{"port": 0}]}]}, "the ports 0 to 0"),
        ({"ingress": [{"ports": [{"endPort": 8}]}]}, "the ports None to 8"),
        (
            {
                "podSelector": {
                    "matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]
                }
            },
            "the operator Gt",
        ),
        ({"podSelector": {"matchFields": []}}, "the field matchFields"),
    ],
)
def test_what_is_not_understood_is_unverified(spec: dict[str, Any], what: str) -> None:
    """A field that was left out could allow or deny anything."""
    with pytest.raises(NotUnderstood, match=f"network policy shop/p has {what}"):
        policy(**spec)


def test_another_kind_or_version_of_policies_is_unverified() -> None:
    """They allow or deny beside the network policies, in ways of their own."""
    with pytest.raises(NotUnderstood, match="of other kinds: AdminNetworkPolicy everything"):
        parse_policies([policy_object()], ["AdminNetworkPolicy everything"])
    assert len(parse_policies([policy_object()], [])) == 1
    with pytest.raises(NotUnderstood, match=r"the version networking\.k8s\.io/v2"):
        parse_policy({**policy_object(), "apiVersion": "networking.k8s.io/v2"})


def selector(*expressions: tuple[str, str, list[str]], **labels: str) -> Selector:
    """Return the selector of a policy with these expressions and labels."""
    keys = ("key", "operator", "values")
    found = [dict(zip(keys, each, strict=True)) for each in expressions]
    return policy(podSelector={**labelled(**labels), "matchExpressions": found}).pods


@pytest.mark.parametrize(
    ("expression", "labels", "selected"),
    [
        (("app", "In", ["a", "b"]), {"app": "b"}, True),
        (("app", "In", ["a", "b"]), {}, False),
        (("app", "NotIn", ["a"]), {"app": "a"}, False),
        (("app", "NotIn", ["a"]), {}, True),
        (("app", "Exists", []), {"app": ""}, True),
        (("app", "Exists", []), {}, False),
        (("app", "DoesNotExist", []), {"app": ""}, False),
        (("app", "DoesNotExist", []), {}, True),
    ],
)
def test_expressions_select_as_in_kubernetes(
    expression: tuple[str, str, list[str]], labels: dict[str, str], *, selected: bool
) -> None:
    """A label that is absent is not in the values, too."""
    assert selector(expression).selects(labels) is selected


def test_an_empty_selector_selects_everything_and_others_need_all_of_it() -> None:
    """Each label and each expression has to hold."""
    assert selector().selects({})
    both = selector(("app", "Exists", []), tier="web")
    assert both.selects({"app": "a", "tier": "web"})
    assert not both.selects({"tier": "web"})


def test_examples_have_the_fewest_labels() -> None:
    """One for each value that is named, and none of what contradicts itself."""
    assert selector(("app", "In", ["a", "b"]), tier="web").examples() == (
        {"tier": "web", "app": "a"},
        {"tier": "web", "app": "b"},
    )
    assert selector(("app", "Exists", []), ("old", "DoesNotExist", [])).examples() == (
        {"app": "any"},
    )
    assert selector(("app", "NotIn", ["a"]), app="a").examples() == ()
    assert selector().examples() == ({},)
