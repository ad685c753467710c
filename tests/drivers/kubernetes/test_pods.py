from __future__ import annotations

from acceptance.drivers.kubernetes.pod_security_standard import RULES
from acceptance.drivers.kubernetes.pods import hardened_pod


def test_a_hardened_pod_has_its_own_labels_and_breaks_no_rule() -> None:
    """Fields of pod and container are added, and replace those that are there."""
    pod = hardened_pod(
        "a",
        "image",
        ["true"],
        labels={"app": "a"},
        container="b",
        namespace="c",
        spec={"terminationGracePeriodSeconds": 0},
        env=[{"name": "X", "value": "1"}],
    )
    assert pod["metadata"] == {"name": "a", "namespace": "c", "labels": {"app": "a"}}
    assert pod["spec"]["terminationGracePeriodSeconds"] == 0
    (container,) = pod["spec"]["containers"]
    assert (container["name"], container["env"]) == ("b", [{"name": "X", "value": "1"}])
    assert not [name for name, rule in RULES.items() if rule.broken_by(pod)]
