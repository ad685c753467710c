"""Tells whether RBAC refused a request, or something that answers 403 as well.

Quota, admission and webhooks refuse what the authorizer has let through, and a proxy before the API
server what has never reached it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acceptance.drivers.http import Reply

FORBIDDEN = 403
_TOO_MANY, _FAILURE = 429, 500
# As the API server words it (forbiddenMessage in k8s.io/apiserver, handlers/responsewriters).
_REFUSED = re.compile(
    r'forbidden: User "(?P<user>[^"]*)" cannot \S+ '
    r'(resource "[^"]+" in API group "[^"]*" (in the namespace "|at the cluster scope)|path ")'
)


def refused_by_authorizer(reply: Reply, user: str) -> bool:
    """Return whether the API server says that `user` is not permitted to do this."""
    said = reply.json()
    if reply.status != FORBIDDEN or not isinstance(said, dict):
        return False
    found = _REFUSED.search(str(said.get("message", "")))
    return said.get("reason") == "Forbidden" and found is not None and found["user"] == user


def is_answer(reply: Reply) -> bool:
    """Return whether the API server has decided about a request, instead of failing."""
    return reply.status is not None and reply.status < _FAILURE and reply.status != _TOO_MANY


def reason_of(reply: Reply) -> str:
    """Return the words of an answer that is no success."""
    said = reply.json()
    message = said.get("message") if isinstance(said, dict) else None
    return str(message or reply)
