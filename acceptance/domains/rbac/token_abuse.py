"""The thief: looks for credentials in containers, and uses those that each pod could have."""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.pod_security.containers import ContainerInspector
from acceptance.drivers.kubernetes import facts
from acceptance.drivers.kubernetes.client import MERGE, Refused, pod_path, pretty
from acceptance.drivers.kubernetes.pods import hardened_pod
from acceptance.judgement import Unverifiable, require, require_each
from acceptance.waiting import eventually, lasting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.actor import ActorContext
    from acceptance.drivers.container_inspection import ContainerInspection
    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.client import Kubernetes

_CORE = "/api/v1"
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_WHO_AM_I = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_FORBIDDEN = 403
_SECONDS = 600
"""How long stolen credentials are valid: the shortest that the API gives."""
# Exactly what the requests below need, of the one who shows that they can be sent.
_RULES: tuple[tuple[str, str, str], ...] = (
    ("", "secrets configmaps namespaces nodes", "get list"),
    ("", "pods", "get list create delete"),
    ("", "pods/log", "get"),
    ("", "serviceaccounts/token", "create"),
    ("", "users", "impersonate"),
    ("apps", "deployments", "get patch"),
    ("rbac.authorization.k8s.io", "rolebindings", "create"),
    ("rbac.authorization.k8s.io", "roles", "bind"),
)


@dataclass(frozen=True)
class Wish:
    """A request that a thief would like to send."""

    words: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def send(self, cluster: Kubernetes) -> Reply:
        """Return the answer to it."""
        headers, query = dict(self.headers), dict(self.query)
        return cluster.send(self.method, self.path, self.body, headers=headers, query=query)


@dataclass(frozen=True)
class Theft:
    """What became of a wish with the credentials that a pod could have."""

    pod: str
    account: str
    """Who the cluster says that it is; empty if it does not know."""
    wish: str
    reply: Reply


class TokenAbuseTester(ContainerInspector):
    """Somebody who got into a container, and wants the cluster."""

    def __init__(self, context: ActorContext) -> None:
        """Steal nothing yet."""
        super().__init__(context)
        self._tell_secrets = context.tell_secrets

    def look_at_careless_pod(self) -> ContainerInspection:
        """Look inside of a new pod that has credentials, as one of the backend's could have."""
        pods = self._pods(self.system.workloads.backend)
        require(pods, "The backend has no pod whose image a new pod could use.")
        image = next(each.image for each in pods[0].containers if not each.init)
        name = f"acceptance-careless-{uuid.uuid4().hex[:8]}"
        body = hardened_pod(
            name, image, ["sleep", str(_SECONDS)], labels={RUN_LABEL: self.system.run}
        )
        body["spec"]["automountServiceAccountToken"] = True
        namespace = self.system.namespace
        self._undo.callback(self._cluster.delete, api_path("pods", namespace, name), grace=0)
        self._cluster.create(api_path("pods", namespace), body)
        with self._waking() as wake:
            pod = eventually(
                lambda: reading.pod(
                    self._cluster.send("GET", api_path("pods", namespace, name)).json()
                ),
                lambda pod: pod.ready,
                timeout=self._timeouts.schedule,
                wake=wake,
                unrecoverable=lasting(
                    lambda pod: pod.unrecoverable, seconds=self._timeouts.unrecoverable
                ),
                what="a pod that has credentials",
            )
        return self._look(pod, "probe")

    def judge_found(self, careless: ContainerInspection) -> None:
        """Credentials are found where there are some; else a look that finds none says nothing."""
        if not careless.tokens:
            message = f"The look does not find the credentials that {careless.pod} has"
            raise Unverifiable(f"{message}, so it says nothing about others.")

    def wishes(self) -> tuple[Wish, ...]:
        """Return requests that succeed with credentials that allow them, as was tried.

        Raises `Unverifiable` if one does not succeed even so.
        """
        wishes = self._wishes()
        name = f"acceptance-accomplice-{uuid.uuid4().hex[:8]}"
        try:
            self._allow(name)
            token = self._token(name)
        except Refused as error:
            message = f"Nobody could show that the requests can be sent at all: {error}."
            raise Unverifiable(f"{message} Try: kubectl auth can-i create clusterroles") from error
        with closing(self._cluster.with_token(token)) as accomplice:
            replies = eventually(  # the API server hears of new rights a moment later
                lambda: [(wish, wish.send(accomplice)) for wish in wishes],
                lambda found: all(reply.succeeded for _, reply in found),
                timeout=self._timeouts.api,
                what="each request of a thief succeeds where it is allowed",
                describe=lambda found: "; ".join(
                    f"{wish.words}: {reply}" for wish, reply in found if not reply.succeeded
                ),
                error=Unverifiable,
            )
        shown = {wish.words: f"{wish.method} {wish.path}" for wish, _ in replies}
        self._keep("What succeeds where it is allowed", pretty(shown))
        return wishes

    def steal(self, wishes: Sequence[Wish]) -> tuple[Theft, ...]:
        """Send every wish with the credentials that each pod of the system could have."""
        thefts = []
        for found in self._cluster.pod_objects(self.system.namespace):
            if not found["metadata"].get("ownerReferences"):
                continue  # the suite's own
            account = found["spec"].get("serviceAccountName", "default")
            token = self._token(account, found)
            with closing(self._cluster.with_token(token)) as thief:
                known = (thief.send("POST", _WHO_AM_I, {}).json() or {}).get("status") or {}
                user = (known.get("userInfo") or {}).get("username", "")
                thefts += [
                    Theft(found["metadata"]["name"], user, wish.words, wish.send(thief))
                    for wish in wishes
                ]
        self._keep("What a thief was told", pretty([_shown(each) for each in thefts]))
        return tuple(thefts)

    def judge_refused(self, thefts: Sequence[Theft]) -> None:
        """The cluster knew who asked, and did not allow it."""

        def fault(theft: Theft) -> str | None:
            if not theft.account.startswith("system:serviceaccount:"):
                return f"the cluster does not know the credentials that {theft.pod} could have"
            if theft.reply.status == _FORBIDDEN:
                return None
            done = "could" if theft.reply.succeeded else "was not refused when it tried to"
            return f"who has the credentials of {theft.pod} {done} {theft.wish}"

        seen = {theft.pod for theft in thefts}
        for name in self.system.names:
            pods = {pod.name for pod in self._pods(name)}
            require(pods and pods <= seen, f"Nobody stole from each pod of {name}.")
        require_each(thefts, fault, nothing="There is no pod to steal from.")

    def _wishes(self) -> tuple[Wish, ...]:
        own, run = self.system.namespace, self.system.run
        secrets = sorted(self._cluster.secrets(own))
        pods = self._pods(self.system.workloads.backend)
        require(secrets, "The system has no Secret, so there is nothing to steal.")
        require(pods, "The backend has no pod.")
        pod, trial = pods[0].name, (("dryRun", "All"),)
        here = f"{_CORE}/namespaces/{own}"
        deployment = f"/apis/apps/v1/namespaces/{own}/deployments/{self.system.workloads.backend}"
        new_pod = hardened_pod(
            "acceptance-thief", "localhost/nobody/runs:this", ["/nothing"], labels={RUN_LABEL: run}
        )
        return (
            Wish("list the Secrets", "GET", f"{here}/secrets"),
            Wish("read a Secret", "GET", f"{here}/secrets/{secrets[0]}"),
            Wish("list the Secrets of the whole cluster", "GET", f"{_CORE}/secrets"),
            Wish("read the configuration", "GET", f"{here}/configmaps"),
            Wish("read another namespace", "GET", f"{_CORE}/namespaces/kube-system/configmaps"),
            Wish("list the namespaces", "GET", f"{_CORE}/namespaces"),
            Wish("list the nodes", "GET", f"{_CORE}/nodes"),
            Wish("list the pods", "GET", f"{here}/pods"),
            Wish("read a log", "GET", f"{here}/pods/{pod}/log", query=(("limitBytes", "1"),)),
            Wish("create a pod", "POST", f"{here}/pods", new_pod, trial),
            Wish("delete a pod", "DELETE", f"{here}/pods/{pod}", None, trial),
            Wish(
                "change a Deployment",
                "PATCH",
                deployment,
                {"metadata": {"annotations": {"acceptance.checkout/thief": "was here"}}},
                trial,
                tuple(MERGE.items()),
            ),
            Wish(
                "get the credentials of another service account",
                "POST",
                f"{here}/serviceaccounts/default/token",
                {"spec": {"expirationSeconds": _SECONDS}},
                trial,
            ),
            Wish(
                "give itself a role",
                "POST",
                f"{_RBAC}/namespaces/{own}/rolebindings",
                {
                    "metadata": {"name": "acceptance-thief"},
                    "roleRef": {
                        "apiGroup": "rbac.authorization.k8s.io",
                        "kind": "Role",
                        "name": "anything",
                    },
                },
                trial,
            ),
            Wish(
                "act as somebody else",
                "POST",
                _WHO_AM_I,
                {},
                headers=(("Impersonate-User", "acceptance:somebody"),),
            ),
        )

    def _allow(self, name: str) -> None:
        """Make a service account that may send the requests, to be removed afterwards."""
        own, labels = self.system.namespace, {RUN_LABEL: self.system.run}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
        rules = [
            {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}
            for group, resources, verbs in _RULES
        ]
        subject = {"kind": "ServiceAccount", "name": name, "namespace": own}
        for path, body in (
            (f"{_CORE}/namespaces/{own}/serviceaccounts", {}),
            (f"{_RBAC}/clusterroles", {"rules": rules}),
            (f"{_RBAC}/clusterrolebindings", {"roleRef": reference, "subjects": [subject]}),
        ):
            self._undo.callback(self._cluster.delete, f"{path}/{name}")
            self._cluster.create(path, {"metadata": {"name": name, "labels": labels}, **body})

    def _token(self, account: str, pod: Mapping[str, Any] | None = None) -> str:
        """Return a token of a service account, as a kubelet would mount it into `pod`."""
        spec: dict[str, Any] = {"expirationSeconds": _SECONDS}
        if pod is not None:
            own = {"name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
            spec["boundObjectRef"] = {"apiVersion": "v1", "kind": "Pod", **own}
        path = f"{_CORE}/namespaces/{self.system.namespace}/serviceaccounts/{account}/token"
        made = self._cluster.create(path, {"spec": spec})
        if made is None:
            raise Refused(f"{path}: there is no token to be had")
        token = str(made["status"]["token"])
        self._tell_secrets([token])
        return token


def _shown(theft: Theft) -> dict[str, object]:
    said = theft.reply.json() or {}
    return {
        "pod": theft.pod,
        "known as": theft.account,
        "wish": theft.wish,
        "status": theft.reply.status,
        "said": said.get("message", "") if isinstance(said, dict) else "",
    }
