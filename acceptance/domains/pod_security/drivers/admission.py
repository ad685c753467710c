"""Asks the API server for pods that a Pod Security Standard forbids; nothing of it is ever made.

Source: Kubernetes documentation, "Pod Security Standards" and "Pod Security Admission" (1.34).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.build.manifests import RUN_LABEL
from acceptance.drivers.kubernetes.client import pod_path
from acceptance.drivers.kubernetes.pods import hardened_container, hardened_pod
from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.client import Kubernetes

COLUMNS = ("standard", "control", "field", "value", "in", "told as")
POD = "pod"
KINDS = ("container", "init container", "ephemeral container")
STANDING = "acceptance-standing"
"""The name of `unscheduled_pod`."""
_STRATEGIC = {"Content-Type": "application/strategic-merge-patch+json"}
_IMAGE = "localhost/nobody/runs:this"
_COMMAND = ("/nothing",)


@dataclass(frozen=True)
class Attack:
    """One forbidden thing in one place of a pod."""

    standard: str
    control: str
    field: str
    """Relative to the pod, or to the container."""
    value: Any
    """None takes the field away."""
    where: str
    """`pod`, or one of `KINDS`."""
    told: str
    """How the refusal has to call it."""

    def __str__(self) -> str:
        """Name it in a few words."""
        text = yaml.safe_dump(self.value, default_flow_style=True).removesuffix("\n...\n").strip()
        return f"{self.field}: {'(left out)' if self.value is None else text} in the {self.where}"


@dataclass(frozen=True)
class Request:
    """A pod that is asked for, or a container that is to be added to one."""

    ephemeral: bool
    body: dict[str, Any]


def attacks_of(rows: Sequence[Sequence[str]]) -> tuple[Attack, ...]:
    """Return the attacks of a table, whose first row has the names of the columns.

    Raises `BrokenInput` for a table without rows, and for a row that nobody can read.
    """
    if len(rows) < 2 or tuple(rows[0]) != COLUMNS:  # noqa: PLR2004 (a head and a row)
        message = f"The table of forbidden fields needs rows with {', '.join(COLUMNS)}."
        raise BrokenInput(message)
    return tuple(attack for row in rows[1:] for attack in _attacks(row))


def harmless(attack: Attack, run: str) -> Request:
    """Return the same request without the forbidden field."""
    return _request(attack, run, bad=False)


def forbidden(attack: Attack, run: str) -> Request:
    """Return the request with it."""
    return _request(attack, run, bad=True)


def ask(cluster: Kubernetes, namespace: str, request: Request, pod: str) -> Reply:
    """Return what the API server says to a request; a container would be added to `pod`."""
    path = api_path("pods", namespace)
    if request.ephemeral:
        path = f"{path}/{pod}/ephemeralcontainers"
        return cluster.send("PATCH", path, request.body, headers=_STRATEGIC, query=DRY_RUN)
    return cluster.send("POST", path, request.body, query=DRY_RUN)


def unscheduled_pod(run: str) -> dict[str, Any]:
    """Return a pod that never gets a node, to ask for containers to be added to it."""
    pod = hardened_pod(STANDING, _IMAGE, _COMMAND, labels={RUN_LABEL: run})
    pod["spec"]["schedulerName"] = "nobody"
    return pod


def _attacks(row: Sequence[str]) -> Iterator[Attack]:
    standard, control, field, value, where, told = row
    places = tuple(part.strip() for part in where.split(","))
    if not (standard and control and field and told and set(places) <= {POD, *KINDS}):
        raise BrokenInput(f"A row of forbidden fields cannot be read: {' | '.join(row)}")
    for place in places:
        yield Attack(standard, control, field, yaml.safe_load(value), place, told)


def _request(attack: Attack, run: str, *, bad: bool) -> Request:
    pod = hardened_pod("acceptance-forbidden", _IMAGE, _COMMAND, labels={RUN_LABEL: run})
    # It goes on running, so that it may have probes.
    first = hardened_container("first", _IMAGE, _COMMAND) | {"restartPolicy": "Always"}
    pod["spec"]["initContainers"] = [first]
    added = hardened_container("added", _IMAGE, _COMMAND)
    added.pop("resources")  # which nobody can give to a container that is added
    target = {
        POD: pod,
        "container": pod["spec"]["containers"][0],
        "init container": first,
        "ephemeral container": added,
    }[attack.where]
    for path, value in _needed(attack, bad=bad):
        _set(pod, path, value)
    if bad:
        for path, value in _implied(attack):
            _set(target, path, value)
        _set(target, attack.field, attack.value)
        if attack.field.endswith("hostProcess") and attack.where != POD:
            for each in (first, *pod["spec"]["containers"]):  # all or none make a valid pod
                _set(each, attack.field, attack.value)
    if attack.where == "ephemeral container":
        return Request(ephemeral=True, body={"spec": {"ephemeralContainers": [added]}})
    return Request(ephemeral=False, body=pod)


def _needed(attack: Attack, *, bad: bool) -> Iterator[tuple[str, Any]]:
    """Yield what a pod needs besides, because it would be no valid pod without."""
    if attack.field.endswith("procMount"):
        yield "spec.hostUsers", False
    if attack.field.endswith("hostProcess") and bad:
        yield "spec.hostNetwork", True


def _implied(attack: Attack) -> Iterator[tuple[str, Any]]:
    """Yield what goes without saying with a forbidden value."""
    if attack.field.endswith("privileged"):
        yield "securityContext.allowPrivilegeEscalation", True


def _set(target: dict[str, Any], path: str, value: Any) -> None:  # noqa: ANN401 (YAML's)
    *parents, last = path.split(".")
    for name in parents:
        target = target.setdefault(name, {})
    if value is None:
        target.pop(last, None)
    else:
        target[last] = copy.deepcopy(value)
