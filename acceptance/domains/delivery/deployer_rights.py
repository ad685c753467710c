"""What those who deploy may do, and what they may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.delivery.drivers.client_certificates import allowed, own_groups

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.client import Kubernetes

DEPLOYERS = "checkout:deployers"
"""The group of those who deploy."""
_EVERYBODY = "system:authenticated"
_NEEDED = (("patch", "deployments"), ("patch", "services"), ("create", "ingresses"))
"""What a deployment does, in the namespace of the system."""
_OF_OTHERS = (
    ("get", "secrets"),
    ("create", "pods"),
    ("create", "pods/exec"),
    ("create", "rolebindings"),
    ("create", "networkpolicies"),
    ("delete", "networkpolicies"),
)
_ELSEWHERE = (
    ("patch", "namespaces", ""),
    ("create", "validatingadmissionpolicies", ""),
    ("patch", "deployments", "kube-system"),
    *((*each, "") for each in _NEEDED),
)


@dataclass(frozen=True)
class Right:
    """Whether somebody may do a thing, and has to."""

    verb: str
    kind: str
    namespace: str
    """Empty for all."""
    may: bool
    needed: bool

    def __str__(self) -> str:
        """Name it."""
        where = self.namespace or "all namespaces"
        return f"{'may' if self.may else 'may not'} {self.verb} {self.kind} in {where}"


@dataclass(frozen=True)
class Rights:
    """The groups of somebody, and what they may do of what was asked."""

    groups: tuple[str, ...]
    asked: tuple[Right, ...]

    @property
    def faults(self) -> list[str]:
        """Return what is too much or too little, as parts of a sentence."""
        faults = [str(each) for each in self.asked if each.may is not each.needed]
        if set(self.groups) != {DEPLOYERS, _EVERYBODY}:
            faults.append(f"is in the groups {', '.join(self.groups)}")
        return faults


def rights_of(client: Kubernetes, namespace: str) -> Rights:
    """Ask with the client of somebody who deploys what that person may do."""
    wanted = [(verb, kind, namespace, True) for verb, kind in _NEEDED]
    wanted += [(verb, kind, namespace, False) for verb, kind in _OF_OTHERS]
    wanted += [(*each, False) for each in _ELSEWHERE]
    asked = tuple(
        Right(verb, kind, where, allowed(client, verb, kind, where), needed)
        for verb, kind, where, needed in wanted
    )
    return Rights(tuple(sorted(own_groups(client))), asked)
