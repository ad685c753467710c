"""Steps about permissions, service accounts and stolen tokens."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, then, when

from acceptance.domains.rbac import (
    ApiRequest,
    ApiRequestResult,
    PermissionFacts,
    PermissionInspector,
    TokenAbuseTester,
    read_grants,
)


@when(
    "the permissions of everybody whom a binding of the cluster names are computed and asked for",
    target_fixture="permission_facts",
)
def _(permission_inspector: PermissionInspector) -> PermissionFacts:
    return permission_inspector.inspect_permissions()


@then("each has exactly these permissions:")
def _(
    permission_inspector: PermissionInspector,
    permission_facts: PermissionFacts,
    datatable: Sequence[Sequence[str]],
) -> None:
    permission_inspector.assert_permissions_match_table(permission_facts, read_grants(datatable))


@then("the API server permits what the roles permit and nothing else")
def _(permission_inspector: PermissionInspector, permission_facts: PermissionFacts) -> None:
    permission_inspector.assert_answers_follow_from_roles(permission_facts)


@given("an inspection that finds the token of a pod that has one")
def _(token_abuse_tester: TokenAbuseTester) -> None:
    token_abuse_tester.assert_token_found(token_abuse_tester.inspect_pod_with_token())


@given("API requests that succeed with a permitted account", target_fixture="requests")
def _(token_abuse_tester: TokenAbuseTester) -> Sequence[ApiRequest]:
    return token_abuse_tester.requests_that_succeed()


@when(
    "an attacker sends them with the token that each pod could have",
    target_fixture="request_results",
)
def _(
    token_abuse_tester: TokenAbuseTester, requests: Sequence[ApiRequest]
) -> Sequence[ApiRequestResult]:
    return token_abuse_tester.send_with_tokens_of_pods(requests)


@then("the API server knows each token and forbids each request")
def _(token_abuse_tester: TokenAbuseTester, request_results: Sequence[ApiRequestResult]) -> None:
    token_abuse_tester.assert_every_request_forbidden(request_results)
