"""Steps about who reaches whom."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, then, when

from acceptance.domains.network.connections import Outcome
from acceptance.domains.network.engineer import Ground, NetworkEngineer, Survey
from acceptance.domains.network.matrix import Matrix, parse_matrix
from acceptance.domains.network.unlabelled_pod import Newcomer


@given("these connections are planned", target_fixture="plan")
def _(datatable: Sequence[Sequence[str]]) -> Matrix:
    return parse_matrix(datatable)


@given(
    "a probe beside every pod reaches everything while nothing forbids it", target_fixture="ground"
)
def _(network_engineer: NetworkEngineer, plan: Matrix) -> Ground:
    return network_engineer.place_probes(plan)


@when("every probe tries every other, the cluster and the outside", target_fixture="survey")
def _(network_engineer: NetworkEngineer, ground: Ground) -> Survey:
    return network_engineer.try_everything(ground)


@then("every planned connection is made")
def _(network_engineer: NetworkEngineer, survey: Survey) -> None:
    network_engineer.judge_planned(survey)


@then("no other one is made, and no packet of one arrives")
def _(network_engineer: NetworkEngineer, survey: Survey) -> None:
    network_engineer.judge_others(survey)


@given("a new pod is let through to every real pod and to the cluster", target_fixture="newcomer")
def _(network_engineer: NetworkEngineer) -> Newcomer:
    return network_engineer.let_newcomer_through()


@when("nobody lets the new pod through any more", target_fixture="attempts")
def _(network_engineer: NetworkEngineer, newcomer: Newcomer) -> tuple[Outcome, ...]:
    return network_engineer.stop_letting_through(newcomer)


@then("the new pod reaches nothing")
def _(network_engineer: NetworkEngineer, attempts: tuple[Outcome, ...]) -> None:
    network_engineer.judge_lonely(attempts)
