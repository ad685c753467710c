"""Sends the requests of an attacker with the token that each pod could have."""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.rbac.drivers import api_requests, refusals
from acceptance.domains.rbac.drivers.api_requests import ApiRequest, RequestTargets
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.identity import TOKEN_SECONDS, create_token
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pods import CONTAINER, hardened_pod
from acceptance.judgement import Unverifiable, listed, require, require_each
from acceptance.waiting import eventually, lasting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.actor import ActorContext
    from acceptance.drivers.container_inspection import ContainerInspection
    from acceptance.drivers.http import Reply


@dataclass(frozen=True)
class ApiRequestResult:
    """The answer to a request that was sent with the token that a pod could have."""

    pod: str
    account: str
    """The user name of the token by the API server; empty if it does not know the token."""
    action: str
    reply: Reply


class TokenAbuseTester(ClusterActor):
    """Tests that the token of a pod's service account is of no use to an attacker."""

    def __init__(self, context: ActorContext) -> None:
        """Create no token yet."""
        super().__init__(context)
        self._tell_secrets = context.tell_secrets

    def inspect_pod_with_token(self) -> ContainerInspection:
        """Inspect a new pod that has a token, as one of the backend's could have."""
        pods = self._pods(self.system.workloads.backend)
        require(pods, "The backend has no pod whose image a new pod could use.")
        image = pods[0].main.image
        name = f"acceptance-token-{uuid.uuid4().hex[:8]}"
        body = hardened_pod(
            name,
            image,
            ["sleep", str(TOKEN_SECONDS)],
            labels={RUN_LABEL: self.system.run},
            spec={"automountServiceAccountToken": True},
        )
        path = api_path("pods", self.system.namespace, name)
        self._undo.callback(self._cluster.delete, path, grace=0)
        self._cluster.create(api_path("pods", self.system.namespace), body)
        with self._waking() as wake:
            pod = eventually(
                lambda: reading.pod(self._cluster.ask(path).json()),
                lambda pod: pod.ready,
                timeout=self._timeouts.schedule,
                wake=wake,
                unrecoverable=lasting(
                    lambda pod: pod.unrecoverable, seconds=self._timeouts.unrecoverable
                ),
                what="a pod that has a token",
            )
        return self._inspect(pod.name, CONTAINER)

    def assert_token_found(self, found: ContainerInspection) -> None:
        """The inspection finds the token of a pod that has one; else it proves nothing."""
        if not any(each.kind == "jwt" for each in found.credentials):
            message = f"The inspection does not find the token that {found.pod} has"
            raise Unverifiable(f"{message}, so it proves nothing about other pods.")

    def requests_that_succeed(self) -> tuple[ApiRequest, ...]:
        """Return requests that were just sent with success by an account that may send them.

        Raises `Unverifiable` if one of them fails even so.
        """
        requests = self._requests()
        name = f"acceptance-permitted-{uuid.uuid4().hex[:8]}"
        try:
            api_requests.create_permitted_account(
                self._cluster,
                self.system.namespace,
                name,
                self.system.run,
                lambda path: self._undo.callback(self._cluster.delete, path),
            )
            token = self._token(name)
        except Refused as error:
            message = f"The requests cannot be tried with a permitted account: {error}."
            raise Unverifiable(f"{message} Try: kubectl auth can-i create clusterroles") from error
        with closing(self._cluster.with_token(token)) as permitted:
            eventually(  # new permissions reach the API server a moment later
                lambda: [(each, each.send(permitted)) for each in requests],
                lambda found: all(reply.succeeded for _, reply in found),
                timeout=self._timeouts.api,
                what="each request succeeds with a permitted account",
                describe=lambda found: "; ".join(
                    f"{each.action}: {reply}" for each, reply in found if not reply.succeeded
                ),
                error=Unverifiable,
            )
        shown = {each.action: str(each) for each in requests}
        self._keep("Requests that succeed with a permitted account", pretty(shown))
        return requests

    def send_with_tokens_of_pods(
        self, requests: Sequence[ApiRequest]
    ) -> tuple[ApiRequestResult, ...]:
        """Send every request with the token that each pod of the system could have."""
        results = []
        for found in self._cluster.pod_objects(self.system.namespace):
            if not found["metadata"].get("ownerReferences"):
                continue  # the suite's own
            token = self._token(found["spec"].get("serviceAccountName", "default"), found)
            with closing(self._cluster.with_token(token)) as attacker:
                user = api_requests.user_name(attacker)
                results += [
                    ApiRequestResult(
                        found["metadata"]["name"], user, each.action, each.send(attacker)
                    )
                    for each in requests
                ]
        self._keep("Answers to requests with stolen tokens", pretty(list(map(_shown, results))))
        return tuple(results)

    def assert_every_request_forbidden(self, results: Sequence[ApiRequestResult]) -> None:
        """The API server knew each token, and its authorizer refused each request.

        Raises `Unverifiable` if something else did, such as a quota or a webhook: then it is not
        known what the token permits.
        """

        def fault(result: ApiRequestResult) -> str | None:
            if not result.account.startswith("system:serviceaccount:"):
                return f"the API server does not know the token of {result.pod}"
            if result.reply.status == refusals.FORBIDDEN or not refusals.is_answer(result.reply):
                return None
            done = "could" if result.reply.succeeded else "was not forbidden to"
            return f"an attacker with the token of {result.pod} {done} {result.action}"

        tested = {result.pod for result in results}
        for name in self.system.names:
            pods = {pod.name for pod in self._pods(name)}
            require(pods and pods <= tested, f"Some pods' tokens of {name} were not tested.")
        require_each(results, fault, nothing="There is no pod whose token could be tested.")
        unknown = [
            f"something else than the API server's authorizer refused the token of {each.pod} to "
            f"{each.action}, so it is not known what it permits: {refusals.reason_of(each.reply)}"
            for each in results
            if not refusals.refused_by_authorizer(each.reply, each.account)
        ]
        if unknown:
            raise Unverifiable(f"{listed(unknown)}. Try: kubectl auth can-i with this account")

    def _requests(self) -> tuple[ApiRequest, ...]:
        namespace, backend = self.system.namespace, self.system.workloads.backend
        secrets = sorted(self._cluster.secrets(namespace))
        pods = self._pods(backend)
        require(secrets, "The system has no Secret that an attacker could read.")
        require(pods, "The backend has no pod.")
        targets = RequestTargets(namespace, secrets[0], pods[0].name, pods[0].main.name, backend)
        return api_requests.token_abuse_requests(targets, self.system.run)

    def _token(self, account: str, pod: Mapping[str, Any] | None = None) -> str:
        token = create_token(self._cluster, self.system.namespace, account, pod)
        self._tell_secrets([token])
        return token


def _shown(result: ApiRequestResult) -> dict[str, object]:
    said = result.reply.json() or {}
    return {
        "pod": result.pod,
        "user": result.account,
        "request": result.action,
        "status": result.reply.status,
        "said": said.get("message", "") if isinstance(said, dict) else "",
    }
