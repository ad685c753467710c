"""What a cure has to leave as it was: objects, wanted pods, targets, and rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from acceptance.domains.observability.drivers.prometheus import Prometheus
    from acceptance.domains.observability.drivers.prometheus_rules import PrometheusRules
    from acceptance.drivers.kubernetes.client import Kubernetes

_SCALED = ("deployments", "statefulsets")
_KINDS = (
    *_SCALED,
    *("daemonsets", "cronjobs", "services", "ingresses", "networkpolicies", "configmaps"),
    *("secrets", "serviceaccounts", "rolebindings", "persistentvolumeclaims", "certificates"),
)
_SELECTED = {"secrets": {"labelSelector": "cert-manager.io/next-private-key!=true"}}
"""cert-manager keeps the key of a certificate that is being issued in a Secret for a moment."""
_OF_SUITE = "acceptance-"


@dataclass(frozen=True)
class ClusterState:
    """What there is at one time, in all namespaces."""

    objects: frozenset[str]
    """Kind, namespace and name: "secrets checkout/checkout-tls"."""
    wanted: tuple[tuple[str, int], ...]
    """How many pods a workload wants, by the same words."""
    targets: tuple[tuple[str, int], ...]
    """How many targets of a job are up."""
    rules: frozenset[str]
    """Name and expression."""


def read_state(
    cluster: Kubernetes, prometheus: Prometheus, rules: PrometheusRules, namespace: str
) -> ClusterState:
    """Return what there is now; raises `Refused` if the API server does not say.

    Of the suite's own namespaces only `namespace` counts: others come and go.
    """
    objects, wanted = set(), {}
    for kind in _KINDS:
        for each in cluster.items(api_path(kind), **_SELECTED.get(kind, {})):
            metadata = each["metadata"]
            if metadata["namespace"].startswith(_OF_SUITE) and metadata["namespace"] != namespace:
                continue
            name = f"{kind} {metadata['namespace']}/{metadata['name']}"
            objects.add(name)
            if kind in _SCALED:
                wanted[name] = int(each["spec"].get("replicas", 1))
    jobs: dict[str, int] = {}
    for target in prometheus.targets().targets:
        jobs[target.job] = jobs.get(target.job, 0) + target.up
    known = frozenset(f"{rule.name}: {rule.query}" for rule in rules.rules().rules)
    return ClusterState(frozenset(objects), tuple(wanted.items()), tuple(jobs.items()), known)


def losses(
    sound: ClusterState, broken: ClusterState, cured: ClusterState, given_up: Collection[str]
) -> Iterator[str]:
    """Say what is less after the cures than it was.

    Objects have to be there that were before the causes or after them, but for `given_up`; wanted
    pods, targets and rules have to be as before the causes.
    """
    gone = (sound.objects | broken.objects) - cured.objects - frozenset(given_up)
    yield from (f"{each} is gone" for each in sorted(gone))
    wanted = dict(cured.wanted)
    for name, number in sound.wanted:
        if wanted.get(name, number) < number:
            yield f"{name} wants {wanted[name]} pods, and wanted {number} before"
    up = dict(cured.targets)
    for job, number in sound.targets:
        if up.get(job, 0) < number:
            yield f"{up.get(job, 0)} of {number} targets of {job} are up"
    missing = {each.partition(":")[0] for each in sound.rules - cured.rules}
    yield from (f"the rule {name} is gone or changed" for name in sorted(missing))
