"""The attacker who asks for pods that the strictest Pod Security Standard forbids."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.pod_security.drivers import admission
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, require, require_each
from acceptance.process import workers
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.domains.pod_security.drivers.admission import Attack, Request
    from acceptance.drivers.http import Reply

_NAMESPACES = "/api/v1/namespaces"
_LEVEL = "pod-security.kubernetes.io/enforce"
_AT_A_TIME = 4
_FORBIDDEN = 403
_STANDARD = re.compile(r'violates PodSecurity "restricted:(\S+)": (.*)', re.DOTALL)


@dataclass(frozen=True)
class Attempt:
    """One attack, and what became of it."""

    attack: Attack
    harmless: Reply
    """The same in the system's namespace, without what is forbidden."""
    possible: Reply
    """With it, where nothing is forbidden."""
    refused: Reply
    """With it, in the system's namespace."""


class AdmissionTester(ClusterActor):
    """Somebody who may create pods, and tries what would give him the node."""

    def open_place(self) -> str:
        """Make a namespace without any standard, and return its name."""
        name = f"acceptance-open-{uuid.uuid4().hex[:8]}"
        labels = {RUN_LABEL: self.system.run, _LEVEL: "privileged"}
        self._undo.callback(self._cluster.delete, f"{_NAMESPACES}/{name}")
        try:
            self._cluster.create(_NAMESPACES, {"metadata": {"name": name, "labels": labels}})
        except Refused as error:
            message = f"Nobody could try what is possible where nothing is forbidden: {error}."
            raise Unverifiable(f"{message} Try: kubectl auth can-i create namespaces") from error
        pod = admission.unscheduled_pod(self.system.run)
        eventually(  # its service account is made a moment later
            lambda: self._cluster.send("POST", api_path("pods", name), pod),
            lambda reply: reply.succeeded,
            timeout=self._timeouts.schedule,
            what="a pod where nothing is forbidden",
        )
        return name

    def ask_for(self, attacks: Sequence[Attack], place: str) -> tuple[Attempt, ...]:
        """Ask for each forbidden thing in `place` and in the system's namespace."""
        pods = self._pods(self.system.workloads.backend)
        require(pods, "The backend has no pod to which a container could be added.")
        own, run = self.system.namespace, self.system.run
        known: dict[str, Reply] = {}

        def harmless(request: Request) -> Reply:
            key = json.dumps(request.body)
            if key not in known:
                known[key] = admission.ask(self._cluster, own, request, pods[0].name)
            return known[key]

        def attempt(attack: Attack) -> Attempt:
            bad = admission.forbidden(attack, run)
            return Attempt(
                attack,
                harmless(admission.harmless(attack, run)),
                admission.ask(self._cluster, place, bad, admission.STANDING),
                admission.ask(self._cluster, own, bad, pods[0].name),
            )

        with workers(_AT_A_TIME) as pool:
            attempts = tuple(pool.map(attempt, attacks))
        self._keep("What was asked for and what was said", pretty(list(map(_shown, attempts))))
        return attempts

    def judge_possible(self, attempts: Sequence[Attempt]) -> None:
        """Where nothing is forbidden the API server takes each of them; else nothing is proved."""
        for each in attempts:
            if not each.possible.succeeded:
                message = f"{each.attack} is no pod that this cluster could have: {each.possible}"
                raise Unverifiable(f"{message} Try: another cluster, or correct the table.")
        require_each(
            attempts,
            lambda each: (
                None
                if each.harmless.succeeded
                else f"the system refuses even a harmless pod: {each.harmless}"
            ),
            nothing="Nothing was asked for.",
        )

    def judge_refused(self, attempts: Sequence[Attempt]) -> None:
        """The system's namespace refuses each by the standard, which names the very field."""

        def fault(attempt: Attempt) -> str | None:
            reply = attempt.refused
            if reply.succeeded:
                return f"the system takes a pod with {attempt.attack}"
            said = _STANDARD.search((reply.json() or {}).get("message", ""))
            if reply.status != _FORBIDDEN or said is None:
                return f"{attempt.attack} was not refused by the standard restricted: {reply}"
            if said[1] == "latest":
                return "the standard has no version, so an upgrade of the cluster changes it"
            if attempt.attack.told not in said[2]:
                return f"{attempt.attack} was refused for something else: {said[2]}"
            return None

        require_each(attempts, fault, nothing="Nothing was asked for.")


def _shown(attempt: Attempt) -> dict[str, object]:
    def said(reply: Reply) -> str:
        if reply.succeeded:
            return "admitted"
        return str((reply.json() or {}).get("message") or reply)

    return {
        "standard": attempt.attack.standard,
        "control": attempt.attack.control,
        "asked for": str(attempt.attack),
        "without it": said(attempt.harmless),
        "where nothing is forbidden": said(attempt.possible),
        "in the system": said(attempt.refused),
    }
