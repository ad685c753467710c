"""Steps about the cluster, its ingress and what is deployed."""

from __future__ import annotations

from pytest_bdd import given, then, when

from acceptance.domains.cluster.operator import ClusterState, Lookup
from acceptance.domains.workloads.health import Absence
from acceptance.domains.workloads.operator import WorkloadOperator
from acceptance.drivers.kubernetes.facts import IngressFacts, PodFacts
from acceptance.system import System


@given("the checkout system is deployed", target_fixture="deployed")
def _(system: System) -> System:
    return system


@when("the operator asks the cluster how it is", target_fixture="state")
def _(operator: WorkloadOperator) -> ClusterState:
    return operator.ask_cluster()


@then("the cluster is alive and ready for work")
def _(operator: WorkloadOperator, state: ClusterState) -> None:
    operator.judge_alive(state)


@then("every node is ready")
def _(operator: WorkloadOperator, state: ClusterState) -> None:
    operator.judge_nodes(state)


@when("the operator schedules a new pod", target_fixture="lookup")
def _(operator: WorkloadOperator) -> Lookup:
    return operator.schedule_pod()


@then("the new pod resolves a service of the system by its name")
def _(operator: WorkloadOperator, lookup: Lookup) -> None:
    operator.judge_lookup(lookup)


@when("the operator asks the cluster what it is", target_fixture="version")
def _(operator: WorkloadOperator) -> str:
    return operator.ask_flavour()


@then("the cluster is k3s")
def _(operator: WorkloadOperator, version: str) -> None:
    operator.judge_k3s(version)


@when("the operator looks at the ingress", target_fixture="ingresses")
def _(operator: WorkloadOperator) -> tuple[IngressFacts, ...]:
    return operator.look_at_ingress()


@then("its class is nginx")
def _(operator: WorkloadOperator, ingresses: tuple[IngressFacts, ...]) -> None:
    operator.judge_class(ingresses)


@then("it publishes the address that visitors use")
def _(operator: WorkloadOperator, ingresses: tuple[IngressFacts, ...]) -> None:
    operator.judge_published(ingresses)


@when("the operator looks at the health of every container", target_fixture="health")
def _(operator: WorkloadOperator) -> tuple[PodFacts, ...]:
    return operator.look_at_health()


@then("every container has startup, readiness and liveness probes")
def _(operator: WorkloadOperator, health: tuple[PodFacts, ...]) -> None:
    operator.judge_probes(health)


@then("every container passes them")
def _(operator: WorkloadOperator, health: tuple[PodFacts, ...]) -> None:
    operator.judge_passing(health)


@then("no container was restarted during the run")
def _(operator: WorkloadOperator, health: tuple[PodFacts, ...]) -> None:
    operator.judge_restarts(health)


@when("the operator takes the database away for a while", target_fixture="absence")
def _(operator: WorkloadOperator) -> Absence:
    return operator.take_database_away()


@then("the backend said that it was not ready")
def _(operator: WorkloadOperator, absence: Absence) -> None:
    operator.judge_truthful(absence)


@then("the backend recovered by itself")
def _(operator: WorkloadOperator, absence: Absence) -> None:
    operator.judge_recovered(absence)
