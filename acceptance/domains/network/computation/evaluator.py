"""Computes every connection that the network policies allow, and compares it with the plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acceptance.actor import Actor
from acceptance.domains.network.computation.evaluated_pods import (
    evaluated_pods,
    pods_on_node_networks,
)
from acceptance.domains.network.computation.findings import (
    allowed_connections,
    missing_connections,
    unplanned_connections,
)
from acceptance.domains.network.drivers import api_servers, read_policy_objects, template_of
from acceptance.domains.network.plan import probe_placement
from acceptance.domains.network.plan.connection_plan import (
    ConnectionPlan,
    PortsOfAnyAddress,
    cluster_addresses,
)
from acceptance.domains.network.plan.known_places import KnownPlaces, reasons_not_deployed
from acceptance.domains.network.plan.matrix import read_matrices
from acceptance.domains.network.plan.monitoring_placement import (
    PROGRAMS,
    placements_of_monitoring,
    unlabelled_in_monitoring,
)
from acceptance.domains.network.plan.probe_placement import CERT_MANAGER, ELSEWHERE, NODE
from acceptance.domains.network.plan.staging_overlay import render_staging
from acceptance.drivers.kubernetes.network_policies.policy import parse_policies
from acceptance.errors import BrokenInput
from acceptance.judgement import Unverifiable, listed, require

if TYPE_CHECKING:
    from acceptance.build.manifests import Manifest
    from acceptance.domains.network.drivers import PolicyObjects, ProbePlacement
    from acceptance.domains.network.plan.matrix import ConnectionMatrix
    from acceptance.drivers.kubernetes.network_policies.evaluation import Pod

_NAMESPACE_NAME = "kubernetes.io/metadata.name"
_WORKLOADS = {"Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"}
SYSTEM_PLACES = frozenset(probe_placement.all_places()) - {CERT_MANAGER, ELSEWHERE, NODE}
"""The pods of the system and of its staging, the ingress and DNS."""
MONITORING_PLACES = frozenset({*PROGRAMS, *unlabelled_in_monitoring().values(), CERT_MANAGER})
"""The programs that watch the system, and cert-manager."""


@dataclass(frozen=True)
class ComputedConnections:
    """What the policies allow, compared with the plan."""

    judged: tuple[Pod, ...]
    """The pods of the cluster whose connections are judged."""
    missing: tuple[str, ...]
    """The planned connections that the policies deny."""
    unplanned: tuple[str, ...]
    """The connections that they allow and that are not planned."""
    unrestricted: tuple[str, ...]
    """The pods on the network of their node, where no policy restricts them."""
    untested: tuple[str, ...]
    """Why the connections of some places of the plan are not computed."""


class NetworkPolicyEvaluator(Actor):
    """Evaluates the network policies of the whole cluster; changes nothing."""

    def read_tables(self) -> tuple[ConnectionMatrix, ...]:
        """Return the tables of connections of all features."""
        features = sorted((self._context.settings.root / "features").rglob("*.feature"))
        found = tuple(each for path in features for each in read_matrices(path).values())
        if not found:
            raise BrokenInput("No feature has a table of connections.")
        return found

    def compute_of_system(
        self, tables: tuple[ConnectionMatrix, ...], any_address: PortsOfAnyAddress
    ) -> ComputedConnections:
        """Compute the connections of the system, of its staging, of the ingress and of DNS."""
        return self._compute(tables, any_address, SYSTEM_PLACES)

    def compute_of_monitoring(
        self, tables: tuple[ConnectionMatrix, ...], any_address: PortsOfAnyAddress
    ) -> ComputedConnections:
        """Compute the connections of the programs that watch the system."""
        return self._compute(tables, any_address, MONITORING_PLACES)

    def assert_planned_allowed(self, computed: ComputedConnections) -> None:
        """The policies allow every planned connection of the pods that there are."""
        require(computed.judged, "The cluster has no pod whose connections are planned.")
        require(not computed.missing, listed(computed.missing))

    def assert_nothing_else_allowed(self, computed: ComputedConnections) -> None:
        """The policies allow no other connection, to nobody who is there or could be.

        Raises `Unverifiable` if some of the plan's pods are not deployed.
        """
        require(computed.judged, "The cluster has no pod whose connections are planned.")
        message = "uses the network of its node, where no policy restricts it"
        faults = [*computed.unplanned, *(f"{name} {message}" for name in computed.unrestricted)]
        require(not faults, listed(faults))
        if computed.untested:
            message = f"Not all of the plan can be computed here: {listed(computed.untested)}."
            raise Unverifiable(message)

    def _compute(
        self,
        tables: tuple[ConnectionMatrix, ...],
        any_address: PortsOfAnyAddress,
        judged: frozenset[str],
    ) -> ComputedConnections:
        named = {place for each in tables for place in each.places}
        if unknown := {*any_address} - named:
            raise BrokenInput(f"No table of connections has {min(unknown)}.")
        objects, placements, untested = self._read()
        others = {*probe_placement.PLATFORM, *MONITORING_PLACES} & judged & named
        untested += reasons_not_deployed(sorted(others), placements)
        policies = parse_policies(objects.policies, objects.other_policies)
        places = KnownPlaces(placements)
        pods = evaluated_pods(objects, policies, places)
        plan = ConnectionPlan(
            tables,
            judged & named,
            any_address,
            placements,
            cluster_addresses(objects.node_addresses, api_servers(self._cluster)),
        )
        computed = ComputedConnections(
            tuple(each for each in pods if plan.judges(each) and not each.invented),
            missing_connections(policies, pods, plan),
            tuple(map(str, unplanned_connections(policies, pods, plan))),
            pods_on_node_networks(objects, places, plan.judged),
            tuple(untested),
        )
        self._keep_computed(computed, allowed_connections(policies, pods, plan))
        return computed

    def _read(self) -> tuple[PolicyObjects, dict[str, ProbePlacement], list[str]]:
        """Return the objects of the cluster and of staging, and the places that they have."""
        objects = read_policy_objects(self._cluster)
        placements = probe_placement.placements_of_system(self._cluster, self.system)
        placements |= probe_placement.placements_of_platform(self._cluster)
        # Pods in other namespaces with the labels of a program are invented for every label.
        placements |= {
            name: each
            for name, each in placements_of_monitoring(self._cluster, "").items()
            if each.namespace
        }
        overlay = self._context.path_in_sources(self._context.settings.staging)
        if not (overlay / "kustomization.yaml").is_file():
            return objects, placements, ["there is no staging overlay"]
        staging = render_staging(overlay, self.system, lambda name: f"{name}-{self.system.run}")
        placements |= probe_placement.placements_of_staging(staging, self.system)
        return with_manifests(objects, staging), placements, []

    def _keep_computed(self, computed: ComputedConnections, allowed: tuple[str, ...]) -> None:
        parts = ["Allowed and not planned:", *(computed.unplanned or ["nothing"])]
        parts += ["", "Planned and not allowed:", *(computed.missing or ["nothing"])]
        parts += ["", "Everything that is allowed to pods that there are:", *allowed]
        self._keep("What the network policies allow", "\n".join(parts), "text")


def with_manifests(objects: PolicyObjects, manifests: tuple[Manifest, ...]) -> PolicyObjects:
    """Return the objects of the cluster as if `manifests` were deployed."""
    namespaces = []
    for each in manifests:
        if each["kind"] == "Namespace":
            metadata = each["metadata"]
            labels = {**(metadata.get("labels") or {}), _NAMESPACE_NAME: metadata["name"]}
            namespaces.append({"metadata": {**metadata, "labels": labels}})
    return replace(
        objects,
        policies=(
            *objects.policies,
            *(each for each in manifests if each["kind"] == "NetworkPolicy"),
        ),
        namespaces=(*objects.namespaces, *namespaces),
        templates=(
            *objects.templates,
            *(template_of(each) for each in manifests if each["kind"] in _WORKLOADS),
        ),
    )
