"""Steps about visitors who come over HTTP, and about the pods that serve them."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from acceptance.domains.traffic.visitor import Meeting, Visitor, Welcome
from acceptance.domains.workloads.operator import WorkloadOperator
from acceptance.domains.workloads.pods import PodAnswer, Replacement
from acceptance.drivers.http import Reply, SteadyTraffic
from acceptance.system import System


@when(
    parsers.re(r"the operator asks each ready (?P<role>backend|frontend) pod"),
    target_fixture="answers",
)
def _(operator: WorkloadOperator, system: System, role: str) -> tuple[PodAnswer, ...]:
    return operator.ask_each(system.named(role))


@then("at least two pods answered, each for itself")
def _(operator: WorkloadOperator, answers: tuple[PodAnswer, ...]) -> None:
    operator.judge_answers(answers)


@when(
    parsers.re(
        r"visitors send requests to the (?P<role>backend|frontend) until each pod has answered"
    ),
    target_fixture="meeting",
)
def _(visitor: Visitor, operator: WorkloadOperator, system: System, role: str) -> Meeting:
    return visitor.meet_all(system.named(role), operator.serving_whole(system.named(role)))


@then("every ready pod has served visitors")
def _(visitor: Visitor, meeting: Meeting) -> None:
    visitor.judge_meeting(meeting)


@given(
    parsers.re(r"visitors are sending requests to the (?P<role>backend|frontend) steadily"),
    target_fixture="traffic",
)
def _(visitor: Visitor, system: System, role: str) -> SteadyTraffic:
    return visitor.keep_coming(system.named(role))


@when(
    parsers.re(r"the operator loses one (?P<role>backend|frontend) pod"),
    target_fixture="replacement",
)
def _(operator: WorkloadOperator, system: System, role: str) -> Replacement:
    return operator.lose_pod(system.named(role))


@then(parsers.re(r"the (?P<role>backend|frontend) is back to its full strength"))
def _(operator: WorkloadOperator, system: System, role: str) -> None:
    operator.judge_strength(system.named(role))


@then("every visitor request was answered")
def _(visitor: Visitor, traffic: SteadyTraffic) -> None:
    visitor.judge_served(traffic)


@when("a visitor opens the page and the service by name", target_fixture="welcome")
def _(visitor: Visitor) -> Welcome:
    return visitor.open_by_name()


@then("the page comes from the frontend")
def _(visitor: Visitor, operator: WorkloadOperator, system: System, welcome: Welcome) -> None:
    visitor.judge_page(welcome.page, operator.serving(system.workloads.frontend))


@then("the service answers from the backend")
def _(visitor: Visitor, operator: WorkloadOperator, system: System, welcome: Welcome) -> None:
    visitor.judge_service(welcome.service, operator.serving(system.workloads.backend))


@when("a visitor asks the ingress for an unknown host", target_fixture="hosts")
def _(visitor: Visitor) -> tuple[Reply, Reply]:
    return visitor.ask_unknown_host()


@then("the known host is served and the unknown one is refused")
def _(visitor: Visitor, hosts: tuple[Reply, Reply]) -> None:
    visitor.judge_refused(*hosts)


@given("visitors are paging through the list steadily", target_fixture="traffic")
def _(visitor: Visitor) -> SteadyTraffic:
    return visitor.keep_paging()


@then("a visitor can pay another checkout")
def _(visitor: Visitor) -> None:
    visitor.pay_checkout(visitor.start_checkout())
