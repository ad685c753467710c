"""Steps about the workloads: replicas, probes and storage."""

from __future__ import annotations

from pytest_bdd import parsers, then, when

from acceptance.domains.workloads import (
    DatabaseOutage,
    DatabaseStorage,
    Health,
    PodAnswer,
    PodReplacement,
    StuckContainer,
    WorkloadOperator,
)


@when(
    parsers.re(r"the operator asks each ready (?P<role>backend|frontend) pod"),
    target_fixture="answers",
)
def _(workload_operator: WorkloadOperator, role: str) -> tuple[PodAnswer, ...]:
    return workload_operator.ask_each_pod(role)


@then("at least two pods answered, each with its own name")
def _(workload_operator: WorkloadOperator, answers: tuple[PodAnswer, ...]) -> None:
    workload_operator.assert_each_answered(answers)


@when(
    parsers.re(r"the operator loses one (?P<role>backend|frontend) pod"),
    target_fixture="replacement",
)
def _(workload_operator: WorkloadOperator, role: str) -> PodReplacement:
    return workload_operator.delete_pod(role)


@then(parsers.re(r"the (?P<role>backend|frontend) is back to its full strength"))
def _(workload_operator: WorkloadOperator, role: str) -> None:
    workload_operator.assert_full_strength(role)


@when(
    parsers.re(r"the operator kills one (?P<role>backend|frontend) pod"),
    target_fixture="replacement",
)
def _(workload_operator: WorkloadOperator, role: str) -> PodReplacement:
    return workload_operator.kill_pod(role)


@when("the database pod is lost in the middle of its work", target_fixture="replacement")
def _(workload_operator: WorkloadOperator) -> PodReplacement:
    return workload_operator.crash_database_pod()


@when("the database server is killed")
def _(workload_operator: WorkloadOperator) -> None:
    workload_operator.kill_database_server()


@then("another database pod has taken its place")
def _(workload_operator: WorkloadOperator, replacement: PodReplacement) -> None:
    workload_operator.assert_replaced(replacement)


@when("the operator looks up where the database keeps its data", target_fixture="storage")
def _(workload_operator: WorkloadOperator) -> DatabaseStorage:
    return workload_operator.read_storage()


@then("the data is on a bound persistent volume claim")
def _(workload_operator: WorkloadOperator, storage: DatabaseStorage) -> None:
    workload_operator.assert_on_bound_claims(storage)


@then("a commit is on the disk before it is acknowledged")
def _(workload_operator: WorkloadOperator) -> None:
    workload_operator.assert_commits_are_durable()


@when("the operator looks at the health of every container", target_fixture="health")
def _(workload_operator: WorkloadOperator) -> Health:
    return workload_operator.read_health()


@then("every container has readiness and liveness probes")
def _(workload_operator: WorkloadOperator, health: Health) -> None:
    workload_operator.assert_probes_declared(health)


@then("every container passes them")
def _(workload_operator: WorkloadOperator, health: Health) -> None:
    workload_operator.assert_probes_pass(health)


@then("every container has more time to start than it needed")
def _(workload_operator: WorkloadOperator, health: Health) -> None:
    workload_operator.assert_time_to_start(health)


@then("no container was restarted during the run")
def _(workload_operator: WorkloadOperator, health: Health) -> None:
    workload_operator.assert_no_restart(health)


@when("the operator stops the database until a liveness probe could act", target_fixture="outage")
def _(workload_operator: WorkloadOperator) -> DatabaseOutage:
    return workload_operator.interrupt_database()


@then("the backend reported not ready")
def _(workload_operator: WorkloadOperator, outage: DatabaseOutage) -> None:
    workload_operator.assert_not_ready_during(outage)


@then("no liveness probe restarts a container for it")
def _(workload_operator: WorkloadOperator, outage: DatabaseOutage) -> None:
    workload_operator.assert_none_restarted(outage)


@then("the backend recovered by itself")
def _(workload_operator: WorkloadOperator, outage: DatabaseOutage) -> None:
    workload_operator.assert_recovered(outage)


@when(
    "the operator stops the processes of each container in a pod of each workload",
    target_fixture="stuck",
)
def _(workload_operator: WorkloadOperator) -> tuple[StuckContainer, ...]:
    return workload_operator.stop_one_of_each()


@then("the readiness and the liveness probe of each stopped container failed")
def _(workload_operator: WorkloadOperator, stuck: tuple[StuckContainer, ...]) -> None:
    workload_operator.assert_probes_failed(stuck)
