"""Steps about the cluster: its API server, nodes, scheduling and DNS."""

from __future__ import annotations

from pytest_bdd import given, then, when

from acceptance.domains.cluster import ClusterOperator, ClusterState, DnsLookup, System


@given("the checkout system is deployed", target_fixture="deployed")
def _(system: System) -> System:
    return system


@when("the operator checks the health of the cluster", target_fixture="state")
def _(cluster_operator: ClusterOperator) -> ClusterState:
    return cluster_operator.read_state()


@then("the API server is live and ready")
def _(cluster_operator: ClusterOperator, state: ClusterState) -> None:
    cluster_operator.assert_api_ready(state)


@then("every node is ready")
def _(cluster_operator: ClusterOperator, state: ClusterState) -> None:
    cluster_operator.assert_nodes_ready(state)


@when("the operator schedules a new pod", target_fixture="lookup")
def _(cluster_operator: ClusterOperator) -> DnsLookup:
    return cluster_operator.schedule_lookup()


@then("the new pod resolves a service of the system by its name")
def _(cluster_operator: ClusterOperator, lookup: DnsLookup) -> None:
    cluster_operator.assert_resolved(lookup)


@when("the operator asks the cluster for its version", target_fixture="version")
def _(cluster_operator: ClusterOperator) -> str:
    return cluster_operator.read_version()


@then("the cluster is k3s")
def _(cluster_operator: ClusterOperator, version: str) -> None:
    cluster_operator.assert_k3s(version)
