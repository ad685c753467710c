from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

import pytest

from acceptance.clusters.hardening import audit_policy

KUBELET = ("system:node:node", "system:nodes")
CONTROLLER = (
    "system:serviceaccount:kube-system:job-controller",
    "system:serviceaccounts:kube-system",
)
SCHEDULER = ("system:kube-scheduler", "system:authenticated")
BACKEND = ("system:serviceaccount:checkout:backend", "system:serviceaccounts:checkout")
NOBODY = ("", "")


def level(who: tuple[str, str], verb: str, resource: str = "", path: str = "") -> str:
    """The level of a request, as the API server decides: by the first rule that matches all."""
    user, group = who

    def matches(rule: dict[str, Any]) -> bool:
        if rule.get("users") and user not in rule["users"]:
            return False
        if rule.get("userGroups") and group not in rule["userGroups"]:
            return False
        if rule.get("verbs") and verb not in rule["verbs"]:
            return False
        targets, paths = rule.get("resources"), rule.get("nonResourceURLs")
        if not targets and not paths:
            return True
        if resource:
            return any(resource in each["resources"] for each in targets or ())
        return any(fnmatch(path, each) for each in paths or ())

    return next(str(rule["level"]) for rule in audit_policy()["rules"] if matches(rule))


@pytest.mark.parametrize("who", [BACKEND, NOBODY, ("jo", "checkout:operators")])
@pytest.mark.parametrize("verb", ["get", "list", "watch", "create", "delete"])
@pytest.mark.parametrize("resource", ["pods", "secrets", "leases", "nodes", "events", "roles"])
def test_each_request_of_others_is_recorded(who: tuple[str, str], verb: str, resource: str) -> None:
    """A policy cannot ask for the answer, so a refused request is recorded with all others."""
    assert level(who, verb, resource) == "Metadata"


@pytest.mark.parametrize("who", [KUBELET, CONTROLLER, SCHEDULER])
def test_reads_of_the_clusters_own_components_are_not_recorded(who: tuple[str, str]) -> None:
    """But those of Secrets are, and what they change."""
    for verb in ("get", "list", "watch"):
        assert level(who, verb, "pods") == "None"
        assert level(who, verb, "secrets") == "Metadata"
    assert level(who, "update", "leases") == "None"
    assert level(who, "patch", "pods/status") == "None"
    assert level(who, "create", "pods") == "Metadata"
    assert level(who, "create", "serviceaccounts/token") == "Metadata"
    assert level(who, "create", "pods/exec") == "Metadata"


def test_paths_are_recorded_but_for_health() -> None:
    """Probes come every second, and say nothing about anybody."""
    for path in ("/healthz", "/livez", "/readyz", "/readyz/etcd"):
        assert level(NOBODY, "get", path=path) == "None"
    for path in ("/api", "/metrics", "/version"):
        assert level(BACKEND, "get", path=path) == "Metadata"


def test_no_rule_records_a_body_or_a_request_twice() -> None:
    """Bodies hold the values of Secrets."""
    for rule in audit_policy()["rules"]:
        assert rule["level"] in {"None", "Metadata"}
        assert rule["level"] == "None" or rule["omitStages"] == ["RequestReceived"]
