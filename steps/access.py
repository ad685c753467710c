"""Steps about who may do what in the cluster, and about stolen credentials."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, then, when

from acceptance.domains.pod_security.containers import ContainerInspector, Look
from acceptance.domains.rbac.permission_table import grants_of
from acceptance.domains.rbac.permissions import Answers, PermissionInspector
from acceptance.domains.rbac.token_abuse import Theft, TokenAbuseTester, Wish


@when(
    "the inspector asks the cluster what each service account and each role may do",
    target_fixture="answers",
)
def _(access_inspector: PermissionInspector) -> Answers:
    return access_inspector.ask_everything()


@then("each may do exactly this:")
def _(
    access_inspector: PermissionInspector, answers: Answers, datatable: Sequence[Sequence[str]]
) -> None:
    access_inspector.judge_table(answers, grants_of(datatable))


@given("a look that finds the credentials of a container that has some")
def _(token_abuse_tester: TokenAbuseTester) -> None:
    token_abuse_tester.judge_found(token_abuse_tester.look_at_careless_pod())


@then("no container of the system holds credentials of the cluster")
def _(container_inspector: ContainerInspector, looks: Sequence[Look]) -> None:
    container_inspector.judge_no_tokens(looks)


@given("requests of a thief that succeed where they are allowed", target_fixture="wishes")
def _(token_abuse_tester: TokenAbuseTester) -> Sequence[Wish]:
    return token_abuse_tester.wishes()


@when("the thief sends them with the credentials that each pod could have", target_fixture="thefts")
def _(token_abuse_tester: TokenAbuseTester, wishes: Sequence[Wish]) -> Sequence[Theft]:
    return token_abuse_tester.steal(wishes)


@then("the cluster knows the thief and refuses each request")
def _(token_abuse_tester: TokenAbuseTester, thefts: Sequence[Theft]) -> None:
    token_abuse_tester.judge_refused(thefts)
