"""Steps about network policies."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, then, when

from acceptance.domains.network import (
    AttemptResult,
    ComputedConnections,
    ConnectionMatrix,
    ConnectionSurvey,
    NetworkPolicyEvaluator,
    NetworkPolicyTester,
    PlacedProbes,
    PortsOfAnyAddress,
    UnlabelledPod,
    UnlabelledPodTester,
    parse_any_address,
    parse_matrix,
)


@given("only these connections are planned", target_fixture="planned_connections")
def _(datatable: Sequence[Sequence[str]]) -> ConnectionMatrix:
    return parse_matrix(datatable)


@given(
    "probes beside all pods connect to everything while no policy forbids it",
    target_fixture="placed_probes",
)
def _(
    network_policy_tester: NetworkPolicyTester, planned_connections: ConnectionMatrix
) -> PlacedProbes:
    return network_policy_tester.place_probes(planned_connections)


@given(
    "probes beside all pods connect to each other's ports while no policy forbids it",
    target_fixture="placed_probes",
)
def _(
    network_policy_tester: NetworkPolicyTester, planned_connections: ConnectionMatrix
) -> PlacedProbes:
    return network_policy_tester.place_probes(planned_connections, own_ports=True)


@when(
    "every probe tries to connect to every other, to the cluster and to the outside",
    target_fixture="connection_survey",
)
def _(network_policy_tester: NetworkPolicyTester, placed_probes: PlacedProbes) -> ConnectionSurvey:
    return network_policy_tester.try_every_connection(placed_probes)


@then("every planned connection succeeds")
def _(network_policy_tester: NetworkPolicyTester, connection_survey: ConnectionSurvey) -> None:
    network_policy_tester.assert_planned_succeed(connection_survey)


@then("no other connection succeeds, and no packet of one arrives")
def _(network_policy_tester: NetworkPolicyTester, connection_survey: ConnectionSurvey) -> None:
    network_policy_tester.assert_no_others(connection_survey)


@then("every attempt ends as the network policies say")
def _(network_policy_tester: NetworkPolicyTester, connection_survey: ConnectionSurvey) -> None:
    network_policy_tester.assert_packets_agree(connection_survey)


@given(
    "the connections in the tables of all scenarios are planned",
    target_fixture="tables_of_connections",
)
def _(network_policy_evaluator: NetworkPolicyEvaluator) -> tuple[ConnectionMatrix, ...]:
    return network_policy_evaluator.read_tables()


@given(
    "only these of its pods may connect to ports of any address",
    target_fixture="ports_of_any_address",
)
def _(datatable: Sequence[Sequence[str]]) -> PortsOfAnyAddress:
    return parse_any_address(datatable)


@when(
    "everything is computed that the network policies allow the pods of the system",
    target_fixture="computed_connections",
)
def _(
    network_policy_evaluator: NetworkPolicyEvaluator,
    tables_of_connections: tuple[ConnectionMatrix, ...],
    ports_of_any_address: PortsOfAnyAddress,
) -> ComputedConnections:
    return network_policy_evaluator.compute_of_system(tables_of_connections, ports_of_any_address)


@when(
    "everything is computed that the network policies allow the programs of the monitoring",
    target_fixture="computed_connections",
)
def _(
    network_policy_evaluator: NetworkPolicyEvaluator,
    tables_of_connections: tuple[ConnectionMatrix, ...],
    ports_of_any_address: PortsOfAnyAddress,
) -> ComputedConnections:
    return network_policy_evaluator.compute_of_monitoring(
        tables_of_connections, ports_of_any_address
    )


@then("the network policies allow every planned connection")
def _(
    network_policy_evaluator: NetworkPolicyEvaluator, computed_connections: ComputedConnections
) -> None:
    network_policy_evaluator.assert_planned_allowed(computed_connections)


@then("the network policies allow no other connection")
def _(
    network_policy_evaluator: NetworkPolicyEvaluator, computed_connections: ComputedConnections
) -> None:
    network_policy_evaluator.assert_nothing_else_allowed(computed_connections)


@given(
    "a temporary policy allows an unlabelled pod to reach every real pod and the cluster",
    target_fixture="unlabelled_pod",
)
def _(unlabelled_pod_tester: UnlabelledPodTester) -> UnlabelledPod:
    return unlabelled_pod_tester.start_with_allow_policy()


@when("the temporary allow policy is removed", target_fixture="attempt_results")
def _(
    unlabelled_pod_tester: UnlabelledPodTester, unlabelled_pod: UnlabelledPod
) -> tuple[AttemptResult, ...]:
    return unlabelled_pod_tester.remove_allow_policy(unlabelled_pod)


@then("the unlabelled pod reaches nothing")
def _(
    unlabelled_pod_tester: UnlabelledPodTester, attempt_results: tuple[AttemptResult, ...]
) -> None:
    unlabelled_pod_tester.assert_nothing_reached(attempt_results)
