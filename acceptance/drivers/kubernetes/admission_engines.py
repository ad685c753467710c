"""Tells who refused an object: the API server, or a policy engine of the cluster's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acceptance.drivers.http import Reply

_WEBHOOK = re.compile(r'admission webhook "([^"]+)" denied the request')
_POLICY = re.compile(r"ValidatingAdmissionPolicy '([^']+)' with binding")


@dataclass(frozen=True)
class AdmissionEngine:
    """A webhook or a policy of the cluster that decides which objects are admitted."""

    name: str
    webhook: bool
    """Otherwise it is a ValidatingAdmissionPolicy."""

    def __str__(self) -> str:
        """Name it."""
        return f"the admission {'webhook' if self.webhook else 'policy'} {self.name}"


def refusing_engine(reply: Reply) -> AdmissionEngine | None:
    """Return which engine has refused what the API server was asked for; None if none has."""
    found = None if reply.succeeded else reply.json()
    said = str(found.get("message") or "") if isinstance(found, dict) else ""
    if webhook := _WEBHOOK.search(said):
        return AdmissionEngine(webhook[1], webhook=True)
    if policy := _POLICY.search(said):
        return AdmissionEngine(policy[1], webhook=False)
    return None
