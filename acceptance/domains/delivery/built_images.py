"""Runs an image that a workflow has built in a pod of the system, and asks it what it is."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.delivery.node_images import bring_image
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.reading import main_container
from acceptance.judgement import require
from acceptance.waiting import eventually, lasting

if TYPE_CHECKING:
    from acceptance.domains.delivery.team_repository import PushedCommit
    from acceptance.drivers.kubernetes.facts import Object, PodFacts

_HERE = "built.invalid"
"""Stands for the registry, which the node does not reach; nothing can be pulled from there."""
_SHOWN = 2000


@dataclass(frozen=True)
class BuiltPod:
    """A pod that ran an image, and what it answered."""

    part: str
    mark: str
    """What the answer has to show."""
    status: int | None
    answer: str
    digest: str
    """Of the image in the registry."""
    runs: str
    """The image that the kubelet says runs, by its digest."""


class BuiltImageOperator(ClusterActor):
    """Brings an image from the registry to the cluster, and starts it as the system would."""

    def run_image(self, pushed: PushedCommit) -> BuiltPod:
        """Run the image of a pushed commit in a pod with the specification of its workload.

        Raises `Unverifiable` if no image can be brought to a node of this cluster.
        """
        found = [each for each in pushed.images if pushed.commit in each.tags]
        require(found, f"The registry has no image of commit {pushed.commit[:12]}.")
        reference = bring_image(
            self.system,
            pushed.registry,
            found[0],
            f"{_HERE}/{found[0].name}",
            timeout=self._timeouts.image_delivery,
        )
        name = f"acceptance-built-{uuid.uuid4().hex[:6]}"
        body, port = self._pod(name, pushed.part, reference)
        path = api_path("pods", self.system.namespace)
        self._undo.callback(self._cluster.delete, f"{path}/{name}", grace=0)
        self._cluster.create(path, body)
        pod = self._await_running(f"{path}/{name}")
        asked = pushed.made.shown_at
        reply = eventually(
            lambda: self._cluster.ask_pod(self.system.namespace, name, port, asked),
            lambda reply: reply.succeeded,
            timeout=self._timeouts.readiness_change,
            what=f"the {pushed.part} that was built answers",
        )
        shown = {"asked": asked, "status": reply.status, "answer": reply.text[:_SHOWN]}
        facts = {"image": reference, "runs": pod.main.image_id, **shown}
        self._keep(f"What the {pushed.part} that was built answers", pretty(facts))
        return BuiltPod(
            pushed.part,
            pushed.made.mark,
            reply.status,
            reply.text,
            found[0].digest,
            pod.main.image_id,
        )

    def assert_answers_as_commit(self, pod: BuiltPod) -> None:
        """What runs has the digest of the registry, and the mark that only this commit has."""
        require(pod.mark, "The commit has no mark.")
        require(
            pod.runs.endswith(pod.digest),
            f"The registry has the {pod.part} as {pod.digest}, and {pod.runs or 'nothing'} runs.",
        )
        require(
            pod.mark in pod.answer,
            f"The image of the {pod.part} does not answer as the commit that it was built of: "
            f"its answer has no {pod.mark}.",
        )

    def _pod(self, name: str, part: str, image: str) -> tuple[Object, int]:
        """Return a pod like those of a part, which no Service and no workload selects; its port."""
        workload = getattr(self.system.workloads, part)
        found = self._cluster.read(api_path("deployments", self.system.namespace, workload))
        if found is None:
            raise AssertionError(f"There is no Deployment of the {part}.")
        template = found["spec"]["template"]
        spec: dict[str, Any] = {**template["spec"], "restartPolicy": "Never"}
        main = dict(main_container({"metadata": {}, **template}, workload) or {})
        # What comes before it waits for a database, which policies do not let this pod reach.
        spec.pop("initContainers", None)
        spec["containers"] = [{**main, "image": image, "imagePullPolicy": "Never"}]
        metadata = {"name": name, "labels": {RUN_LABEL: self.system.run}}
        port = int(main["ports"][0]["containerPort"])
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}, port

    def _await_running(self, path: str) -> PodFacts:
        def look() -> PodFacts | None:
            found = self._cluster.read(path)
            return reading.pod(found) if found else None

        def hopeless(pod: PodFacts | None) -> str | None:
            return pod.unrecoverable if pod else "it was deleted"

        with self._waking() as wake:
            pod = eventually(
                look,
                lambda pod: pod is not None and pod.main.state == "running",
                timeout=self._timeouts.schedule,
                wake=wake,
                unrecoverable=lasting(hopeless, seconds=self._timeouts.unrecoverable),
                what="the image that was built runs",
            )
        assert pod is not None
        return pod
