from __future__ import annotations

from tests.support.committed_manifests import committed


def test_every_namespace_enforces_a_standard_of_a_fixed_version() -> None:
    """An upgrade of the cluster changes no rule; only two namespaces mount folders of the node."""
    for namespace in committed("Namespace"):
        labels = namespace["metadata"]["labels"]
        if namespace["metadata"]["name"] in {"local-path-storage", "monitoring-agents"}:
            assert labels["pod-security.kubernetes.io/enforce"] == "privileged"
            continue
        for mode in ("enforce", "audit", "warn"):
            assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
            assert labels[f"pod-security.kubernetes.io/{mode}-version"] == "v1.34"
