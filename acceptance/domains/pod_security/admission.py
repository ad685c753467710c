"""Tests that admission refuses every pod that the Pod Security Standard `restricted` forbids."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers.kubernetes import pod_admission
from acceptance.drivers.kubernetes.admission_engines import refusing_engine
from acceptance.drivers.kubernetes.client import Inaccessible, Refused, pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pod_security_standard import FORBIDDEN_FIELDS
from acceptance.judgement import Unverifiable, require, require_each
from acceptance.process import workers
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.pod_admission import AdmissionRequest
    from acceptance.drivers.kubernetes.pod_security_standard import ForbiddenField

_AT_A_TIME = 4
_FORBIDDEN = 403
_VIOLATION = re.compile(r'violates PodSecurity "restricted:(\S+)": (.*)', re.DOTALL)


@dataclass(frozen=True)
class AdmissionAttempt:
    """A forbidden field, and the answers to the three requests about it."""

    field: ForbiddenField
    without: Reply
    """To a pod without the field, in the system's namespace."""
    unrestricted: Reply
    """To a pod with the field, in the unrestricted namespace."""
    restricted: Reply
    """To a pod with the field, in the system's namespace."""


class AdmissionTester(ClusterActor):
    """Requests pods with each forbidden field, in the system and where nothing is forbidden."""

    def create_unrestricted_namespace(self) -> str:
        """Create a namespace that admits every pod, and return its name."""
        name = f"acceptance-open-{uuid.uuid4().hex[:8]}"
        self._undo.callback(self._cluster.delete, api_path("namespaces", name=name))
        body = pod_admission.unrestricted_namespace(name, self.system.run)
        try:
            self._cluster.create(api_path("namespaces"), body)
        except Refused as error:
            message = f"No unrestricted namespace could be created for comparison: {error}."
            raise Unverifiable(f"{message} Try: kubectl auth can-i create namespaces") from error
        pod = pod_admission.unscheduled_pod(self.system.run)
        created = eventually(  # the namespace gets its service account a moment later
            lambda: self._cluster.try_to_create(api_path("pods", name), pod),
            lambda reply: reply.succeeded or refusing_engine(reply) is not None,
            timeout=self._timeouts.schedule,
            what="a pod in the unrestricted namespace",
        )
        if engine := refusing_engine(created):
            raise Unverifiable(f"Here {engine} lets no pod be made for comparison: {created}")
        return name

    def request_forbidden_pods(self, namespace: str) -> tuple[AdmissionAttempt, ...]:
        """Request each forbidden field in the unrestricted `namespace` and in the system's."""
        pods = self._pods(self.system.workloads.backend)
        require(pods, "The backend has no pod to which a container could be added.")
        own, run = self.system.namespace, self.system.run
        known: dict[str, Reply] = {}

        def send(where: str, request: AdmissionRequest, pod: str) -> Reply:
            return pod_admission.send_request(self._cluster, where, request, pod)

        def without(request: AdmissionRequest) -> Reply:
            key = json.dumps(request.body)
            if key not in known:
                known[key] = send(own, request, pods[0].name)
            return known[key]

        def attempt(field: ForbiddenField) -> AdmissionAttempt:
            request = pod_admission.request_with(field, run)
            return AdmissionAttempt(
                field,
                without(pod_admission.request_without(field, run)),
                send(namespace, request, pod_admission.UNSCHEDULED),
                send(own, request, pods[0].name),
            )

        with workers(_AT_A_TIME) as pool:
            attempts = tuple(pool.map(attempt, FORBIDDEN_FIELDS))
        self._keep("Requested pods and the answers", pretty(list(map(_shown, attempts))))
        return attempts

    def assert_accepted_where_unrestricted(self, attempts: Sequence[AdmissionAttempt]) -> None:
        """The unrestricted namespace accepts each pod; else its refusal elsewhere proves nothing.

        The system's namespace accepts the same pod without the field.
        """
        for each in attempts:
            if not self._passes_the_api(each.unrestricted):
                message = f"This cluster accepts no pod with {each.field}: {each.unrestricted}"
                raise Unverifiable(f"{message} Try: another cluster, or correct the table.")
        require_each(
            attempts,
            lambda each: (
                None
                if self._passes_the_api(each.without)
                else f"the system refuses even a hardened pod: {each.without}"
            ),
            nothing="No pod was requested.",
        )

    def _passes_the_api(self, reply: Reply) -> bool:
        """Whether a pod is accepted by all but the cluster's own engine of policies.

        Raises `Unverifiable` for one whose refusal may come before the standard is asked.
        """
        engine = refusing_engine(reply)
        if engine is None:
            return reply.succeeded
        try:
            if pod_admission.is_asked_last(self._cluster, engine):
                return True
        except Inaccessible as error:
            message = f"When {engine} is asked is not known: {error.message}"
            raise Unverifiable(message) from error
        message = f"Here {engine} refuses the pods of the comparison before the standard is asked"
        raise Unverifiable(f"{message}: {reply}")

    def assert_refused_by_standard(self, attempts: Sequence[AdmissionAttempt]) -> None:
        """The system's namespace refuses each pod by the standard, because of that field.

        Whether its version is fixed or `latest` decides what an upgrade does, not what is refused.
        """

        def fault(attempt: AdmissionAttempt) -> str | None:
            reply = attempt.restricted
            if reply.succeeded:
                return f"the system accepts a pod with {attempt.field}"
            said = _VIOLATION.search((reply.json() or {}).get("message", ""))
            if reply.status != _FORBIDDEN or said is None or refusing_engine(reply):
                return f"{attempt.field} was not refused by the standard restricted: {reply}"
            if attempt.field.message not in said[2]:
                return f"{attempt.field} was refused for another reason: {said[2]}"
            return None

        require_each(attempts, fault, nothing="No pod was requested.")


def _shown(attempt: AdmissionAttempt) -> dict[str, object]:
    def said(reply: Reply) -> str:
        if reply.succeeded:
            return "admitted"
        return str((reply.json() or {}).get("message") or reply)

    return {
        "standard": attempt.field.profile,
        "control": attempt.field.control,
        "requested": str(attempt.field),
        "without the field": said(attempt.without),
        "in an unrestricted namespace": said(attempt.unrestricted),
        "in the system": said(attempt.restricted),
    }
