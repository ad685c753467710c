from __future__ import annotations

from typing import Any

import pytest
import yaml

from acceptance.domains.incident.policy_evaluation import (
    KnownSender,
    known_senders,
    quarantine_fault,
    ways_left,
)
from acceptance.project import ROOT

BACKEND = {"app.kubernetes.io/name": "backend", "checkout.network/dns": "allowed"}
QUARANTINED = {"incident": "quarantined", "app.kubernetes.io/part-of": "checkout"}
BASE = list(
    yaml.safe_load_all((ROOT / "manifests/base/network-policies.yaml").read_text(encoding="utf-8"))
)


def policy(name: str = "quarantine", **spec: Any) -> dict[str, Any]:  # noqa: ANN401 (any field)
    """A policy for quarantined pods, which denies both directions unless `spec` says otherwise."""
    usual = {
        "podSelector": {"matchLabels": {"incident": "quarantined"}},
        "policyTypes": ["Ingress", "Egress"],
    }
    return {"metadata": {"name": name}, "spec": usual | spec}


def test_a_pod_without_its_labels_is_isolated() -> None:
    """By the policies of this project, with the quarantine and also without it."""
    assert ways_left([*BASE, policy()], QUARANTINED) == []
    assert ways_left(BASE, QUARANTINED) == []


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
    assert said in ways_left([*BASE, policy()], labels)


def test_a_pod_that_no_policy_selects_is_free() -> None:
    """In each direction for itself."""
    assert ways_left([], QUARANTINED) == [
        "no policy denies its ingress",
        "no policy denies its egress",
    ]
    ingress_only = policy(policyTypes=["Ingress"])
    assert ways_left([ingress_only], QUARANTINED) == ["no policy denies its egress"]
    by_default = policy()
    del by_default["spec"]["policyTypes"]
    assert ways_left([by_default], QUARANTINED) == ["no policy denies its egress"]


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
    found = quarantine_fault(policy(**spec), QUARANTINED)
    assert found is None if said is None else said in (found or "")
    assert quarantine_fault(None, QUARANTINED) == "there is no such policy"


def test_who_may_connect_is_read_from_the_policies() -> None:
    """The ingress comes first; addresses and namespaces without a name are left out."""
    found = known_senders(BASE, BACKEND, "checkout")
    assert found[0] == KnownSender("ingress", (("app.kubernetes.io/name", "traefik"),))
    assert known_senders([], BACKEND, "shop") == (KnownSender("shop", ()),)
    peers = [
        {"ipBlock": {"cidr": "10.0.0.0/8"}},
        {"namespaceSelector": {"matchLabels": {"team": "web"}}},
        {"podSelector": {"matchLabels": {"app": "web"}}},
    ]
    mixed = policy(ingress=[{"from": peers}])
    assert known_senders([mixed], QUARANTINED, "shop") == (KnownSender("shop", (("app", "web"),)),)
