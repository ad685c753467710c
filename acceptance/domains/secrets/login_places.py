"""Finds and makes pods from which somebody could try to log in to the database."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.secrets.drivers.pod_relay import RelayPod
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pods import CONTAINER, hardened_pod
from acceptance.judgement import Unverifiable
from acceptance.waiting import eventually, lasting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.facts import PodFacts

LOOPBACK = "through the loopback address"
BACKEND = "from a pod of the backend"
ELSEWHERE = "from a pod of another namespace"
NODE = "from the node"
_SECONDS = 600
"""How long a pod stays that nobody deletes."""


class LoginPlaces(ClusterActor):
    """Knows the backend's pods, and makes a pod in another namespace and one on the node."""

    def _places(self, node: str) -> Mapping[str, RelayPod | str]:
        """Return a pod for each place, or why there is none; `node` is the database's.

        Raises `Unverifiable` if the backend has no pod whose image the others could use.
        """
        found: dict[str, RelayPod | str] = {BACKEND: self._running_backend()}
        image = self._backend_image()
        namespace = f"acceptance-login-{self.system.run}-{uuid.uuid4().hex[:6]}"
        new = {ELSEWHERE: {}, NODE: {"hostNetwork": True, "nodeName": node}}
        try:
            self._create_namespace(namespace)
            pods = {
                place: self._create_pod(namespace, f"login-{number}", image, spec)
                for number, (place, spec) in enumerate(new.items())
            }
        except Refused as error:
            return {**found, **dict.fromkeys(new, f"the cluster admits no pod there: {error}")}
        self._await_running(pods)
        return {**found, **pods}

    def _running_backend(self) -> RelayPod | str:
        for pod in self._pods(self.system.workloads.backend):
            if pod.main.state == "running" and not pod.deleting:
                return RelayPod(self.system.namespace, pod.name, pod.main.name)
        return "no pod of the backend runs"

    def _create_namespace(self, namespace: str) -> None:
        # The Pod Security Standard `privileged` admits a pod on the node's own network.
        labels = {RUN_LABEL: self.system.run, "pod-security.kubernetes.io/enforce": "privileged"}
        body = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": namespace, "labels": labels},
        }
        self._undo.callback(self._delete, api_path("namespaces", name=namespace))
        self._cluster.create(api_path("namespaces"), body)

    def _create_pod(
        self, namespace: str, name: str, image: str, spec: Mapping[str, Any]
    ) -> RelayPod:
        body = hardened_pod(
            name, image, ["sleep", str(_SECONDS)], labels={RUN_LABEL: self.system.run}, spec=spec
        )
        path = api_path("pods", namespace)
        self._undo.callback(self._delete, f"{path}/{name}", grace=0)
        self._cluster.create(path, body)
        return RelayPod(namespace, name, CONTAINER)

    def _delete(self, path: str, *, grace: int | None = None) -> None:
        with suppress(Refused):
            self._cluster.delete(path, grace=grace)

    def _await_running(self, pods: Mapping[str, RelayPod]) -> None:
        def look() -> list[PodFacts]:
            paths = [api_path("pods", each.namespace, each.name) for each in pods.values()]
            return [reading.pod(found) for path in paths if (found := self._cluster.read(path))]

        def unrecoverable(found: list[PodFacts]) -> str | None:
            return next((pod.unrecoverable for pod in found if pod.unrecoverable), None)

        with self._cluster.watch() as wake:
            eventually(
                look,
                lambda found: (
                    len(found) == len(pods) and all(pod.main.state == "running" for pod in found)
                ),
                timeout=self._timeouts.schedule,
                wake=wake,
                unrecoverable=lasting(unrecoverable, seconds=self._timeouts.unrecoverable),
                what="pods run from which to log in",
                describe=lambda found: "; ".join(map(str, found)),
                error=Unverifiable,
            )
