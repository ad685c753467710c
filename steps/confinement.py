"""Steps about what containers are confined to, and which pods the cluster refuses."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, then, when

from acceptance.domains.pod_security.admission import AdmissionTester, Attempt
from acceptance.domains.pod_security.containers import ContainerInspector, Look
from acceptance.domains.pod_security.drivers.admission import attacks_of
from acceptance.drivers.kubernetes.facts import PodFacts


@when("the inspector looks inside each running container", target_fixture="looks")
def _(container_inspector: ContainerInspector) -> Sequence[Look]:
    return container_inspector.look_inside()


@then("no process runs as root")
def _(container_inspector: ContainerInspector, looks: Sequence[Look]) -> None:
    container_inspector.judge_users(looks)


@then("no process has a capability or can get one")
def _(container_inspector: ContainerInspector, looks: Sequence[Look]) -> None:
    container_inspector.judge_powers(looks)


@then("the system calls of every process are filtered")
def _(container_inspector: ContainerInspector, looks: Sequence[Look]) -> None:
    container_inspector.judge_filtered(looks)


@then("nobody can change what a container was made of")
def _(container_inspector: ContainerInspector, looks: Sequence[Look]) -> None:
    container_inspector.judge_unwritable(looks)


@then("no container shares anything with its node")
def _(container_inspector: ContainerInspector, looks: Sequence[Look]) -> None:
    container_inspector.judge_apart(looks)


@then("no container knows more than its configuration")
def _(container_inspector: ContainerInspector, looks: Sequence[Look]) -> None:
    container_inspector.judge_no_tokens(looks)
    container_inspector.judge_no_links(looks)


@when(
    "the inspector compares what each container was to run with what it runs", target_fixture="pods"
)
def _(container_inspector: ContainerInspector) -> Sequence[PodFacts]:
    return container_inspector.look_at_images()


@then("each asked for an image by its content and runs it")
def _(container_inspector: ContainerInspector, pods: Sequence[PodFacts]) -> None:
    container_inspector.judge_digests(pods)


@given("a place where nothing is forbidden", target_fixture="place")
def _(admission_tester: AdmissionTester) -> str:
    return admission_tester.open_place()


@when(
    "an attacker asks there and in the system for pods with each of these:",
    target_fixture="attempts",
)
def _(
    admission_tester: AdmissionTester, place: str, datatable: Sequence[Sequence[str]]
) -> Sequence[Attempt]:
    return admission_tester.ask_for(attacks_of(datatable), place)


@then("each is possible where nothing is forbidden")
def _(admission_tester: AdmissionTester, attempts: Sequence[Attempt]) -> None:
    admission_tester.judge_possible(attempts)


@then("the system refuses each, and nothing else about it")
def _(admission_tester: AdmissionTester, attempts: Sequence[Attempt]) -> None:
    admission_tester.judge_refused(attempts)
