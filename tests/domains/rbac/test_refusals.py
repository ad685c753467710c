from __future__ import annotations

import json

import pytest

from acceptance.domains.rbac.drivers.refusals import reason_of, refused_by_authorizer
from acceptance.drivers.http import Reply

USER = "system:serviceaccount:shop:backend"


def reply(message: str, *, status: int = 403, reason: str = "Forbidden") -> Reply:
    """Return an answer of the API server."""
    text = json.dumps({"kind": "Status", "code": status, "reason": reason, "message": message})
    return Reply(status, (), text, 0.1)


def words(thing: str, verb: str, resource: str, *, user: str = USER, group: str = "") -> str:
    """Return what the authorizer says about a request in a namespace."""
    what = f'cannot {verb} resource "{resource}" in API group "{group}" in the namespace "shop"'
    return f'{thing} is forbidden: User "{user}" {what}'


@pytest.mark.parametrize(
    "said",
    [
        words("secrets", "list", "secrets"),
        words('pods "web"', "get", "pods/log"),
        words("nodes", "list", "nodes").replace('in the namespace "shop"', "at the cluster scope"),
        words('deployments.apps "web"', "patch", "deployments", group="apps") + ": RBAC: not found",
        f'forbidden: User "{USER}" cannot get path "/metrics"',
    ],
)
def test_the_words_of_the_authorizer_are_known(said: str) -> None:
    """For an object, a list, the whole cluster, another user, and a path."""
    assert refused_by_authorizer(reply(said), USER)


@pytest.mark.parametrize(
    "answer",
    [
        reply('pods "web" is forbidden: exceeded quota: few, requested: pods=1, used: pods=3'),
        reply('pods "web" is forbidden: violates PodSecurity "restricted:v1.34": hostPID'),
        reply('admission webhook "no.example.org" denied the request: not today'),
        reply('namespaces "shop" is forbidden: unable to create new content in it'),
        reply(
            'rolebindings.rbac.authorization.k8s.io "x" is forbidden: user "x" (groups=[]) is '
            "attempting to grant RBAC permissions not currently held"
        ),
        reply(words("secrets", "list", "secrets"), reason="Invalid"),
        reply(words("secrets", "list", "secrets"), status=404),
        reply(words("secrets", "list", "secrets", user="somebody")),
        Reply(403, (), "<html>403 Forbidden</html>", 0.1),
        Reply(403, (), "[]", 0.1),
    ],
)
def test_another_refusal_is_not_the_authorizers(answer: Reply) -> None:
    """Quota, Pod Security, a webhook, another user, another status, and a proxy."""
    assert not refused_by_authorizer(answer, USER)
    assert reason_of(answer)
