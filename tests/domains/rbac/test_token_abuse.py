from __future__ import annotations

from types import SimpleNamespace

import pytest

from acceptance.domains.rbac.drivers.api_requests import RequestTargets, token_abuse_requests
from acceptance.domains.rbac.token_abuse import ApiRequestResult, TokenAbuseTester
from acceptance.drivers.http import Reply
from acceptance.judgement import Unverifiable
from tests.domains.rbac.test_refusals import USER, reply
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

REFUSED = reply(
    f'pods is forbidden: User "{USER}" cannot create resource "pods" in API group "" in the '
    'namespace "shop"'
)
OVER_QUOTA = reply('pods "x" is forbidden: exceeded quota: few')


def judge(*replies: Reply, user: str = USER) -> None:
    """Judge these answers to requests with the token of the only pod."""
    cluster = SimpleNamespace(pods=lambda _namespace, _workload: (SimpleNamespace(name="web"),))
    results = [ApiRequestResult("web", user, "create a pod", each) for each in replies]
    TokenAbuseTester(context_of(SYSTEM, cluster)).assert_every_request_forbidden(results)


def test_requests_that_the_authorizer_refuses_are_forbidden() -> None:
    """Each of them, with a token that is known."""
    judge(REFUSED, REFUSED)


@pytest.mark.parametrize(
    ("answer", "user", "said"),
    [
        (Reply(201, (), "{}", 0.1), USER, "could create a pod"),
        (reply("no", status=409, reason="Conflict"), USER, "was not forbidden to create a pod"),
        (REFUSED, "", "does not know the token of web"),
    ],
)
def test_a_request_that_is_not_forbidden_is_named(answer: Reply, user: str, said: str) -> None:
    """Also beside one of which nothing is known."""
    with pytest.raises(AssertionError, match=said):
        judge(OVER_QUOTA, answer, user=user)


@pytest.mark.parametrize(
    ("answer", "said"),
    [(OVER_QUOTA, "exceeded quota"), (reply("busy", status=503), "busy")],
)
def test_a_quota_says_nothing_about_permissions(answer: Reply, said: str) -> None:
    """It answers 403 to whoever RBAC lets through; neither does an API server that fails."""
    with pytest.raises(Unverifiable, match=rf"something else .* to create a pod.*{said}"):
        judge(REFUSED, answer)


def test_no_request_proves_nothing() -> None:
    """No pod has been tried."""
    with pytest.raises(AssertionError, match="were not tested"):
        judge()


def test_a_log_is_asked_for_by_its_container() -> None:
    """A pod may have several, and without a name the API refuses whoever asks."""
    targets = RequestTargets("shop", "key", "web-1", "web", "web")
    found = {each.action: each for each in token_abuse_requests(targets, "run")}
    assert dict(found["read a log"].query)["container"] == "web"
