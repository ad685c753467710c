from __future__ import annotations

from typing import Any

import pytest
import yaml

from acceptance.domains.incident.quarantine import (
    KnownSender,
    known_senders,
    quarantine_fault,
    ways_left,
)
from acceptance.drivers.kubernetes.network_policies.policy import Policy, parse_policy
from acceptance.project import ROOT
from tests.support.policy_samples import labelled, policy

BACKEND = {"app.kubernetes.io/name": "backend", "checkout.network/dns": "allowed"}
QUARANTINED = {"incident": "quarantined", "app.kubernetes.io/part-of": "checkout"}
_MANIFEST = (ROOT / "manifests/base/network-policies.yaml").read_text(encoding="utf-8")
BASE = [
    parse_policy({**each, "metadata": {**each["metadata"], "namespace": "shop"}})
    for each in yaml.safe_load_all(_MANIFEST)
]


def quarantine(**spec: Any) -> Policy:  # noqa: ANN401 (any field)
    """A policy for quarantined pods, which denies both directions unless `spec` says otherwise."""
    usual = {"podSelector": labelled(incident="quarantined"), "policyTypes": ["Ingress", "Egress"]}
    return policy("quarantine", **(usual | spec))


def test_a_pod_without_its_labels_is_isolated() -> None:
    """By the policies of this project, with the quarantine and also without it."""
    assert ways_left([*BASE, quarantine()], "shop", QUARANTINED) == []
    assert ways_left(BASE, "shop", QUARANTINED) == []


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (BACKEND, "the policy backend-to-database allows egress"),
        (BACKEND, "the policy from-ingress allows ingress"),
        (
            {**QUARANTINED, "checkout.network/dns": "allowed"},
            "the policy dns allows egress",
        ),
        (
            {**QUARANTINED, "app.kubernetes.io/name": "frontend"},
            "the policy from-ingress allows ingress",
        ),
    ],
)
def test_a_label_that_stays_leaves_a_way(labels: dict[str, str], said: str) -> None:
    """Policies add up, so each one that selects the pod still allows what it allows."""
    assert said in ways_left([*BASE, quarantine()], "shop", labels)


def test_a_pod_that_no_policy_selects_is_free() -> None:
    """In each direction for itself."""
    assert ways_left([], "shop", QUARANTINED) == [
        "no policy denies its ingress",
        "no policy denies its egress",
    ]
    ingress_only = quarantine(policyTypes=["Ingress"])
    assert ways_left([ingress_only], "shop", QUARANTINED) == ["no policy denies its egress"]
    by_default = quarantine(policyTypes=None)
    assert ways_left([by_default], "shop", QUARANTINED) == ["no policy denies its egress"]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, None),
        ({"podSelector": {}}, None),
        ({"podSelector": {"matchLabels": {"incident": "quarantine"}}}, "does not select the pod"),
        ({"policyTypes": ["Ingress"]}, "does not select the pod for egress"),
        ({"policyTypes": ["Egress"]}, "does not select the pod for ingress"),
        ({"egress": [{}]}, "it allows egress"),
        ({"ingress": [{"from": [{"podSelector": {}}]}]}, "it allows ingress"),
        (
            {"podSelector": {"matchExpressions": [{"key": "incident", "operator": "Exists"}]}},
            None,
        ),
        (
            {
                "podSelector": {
                    "matchExpressions": [{"key": "incident", "operator": "DoesNotExist"}]
                }
            },
            "does not select the pod",
        ),
        (
            {
                "podSelector": {
                    "matchExpressions": [
                        {"key": "incident", "operator": "In", "values": ["quarantined", "x"]},
                        {"key": "release", "operator": "NotIn", "values": ["old"]},
                    ]
                }
            },
            None,
        ),
    ],
)
def test_a_quarantine_selects_the_pod_and_allows_nothing(
    spec: dict[str, Any], said: str | None
) -> None:
    """A selector with a typo, a direction that is missing, and a rule that allows."""
    found = quarantine_fault(quarantine(**spec), "shop", QUARANTINED)
    assert found is None if said is None else said in (found or "")
    assert quarantine_fault(None, "shop", QUARANTINED) == "there is no such policy"


def test_who_may_connect_is_read_from_the_policies() -> None:
    """The ingress comes first; addresses and namespaces without a name are left out."""
    found = known_senders(BASE, "shop", BACKEND)
    assert found[0] == KnownSender("ingress", (("app.kubernetes.io/name", "traefik"),))
    assert known_senders([], "shop", BACKEND) == (KnownSender("shop", ()),)
    peers = [
        {"ipBlock": {"cidr": "10.0.0.0/8"}},
        {"namespaceSelector": {"matchLabels": {"team": "web"}}},
        {"podSelector": {"matchLabels": {"app": "web"}}},
    ]
    mixed = quarantine(ingress=[{"from": peers}])
    assert known_senders([mixed], "shop", QUARANTINED) == (KnownSender("shop", (("app", "web"),)),)
