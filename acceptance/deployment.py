"""Deploys the system under test: builds its images, makes its secrets, waits until it is up."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.clusters.ownership import adopt
from acceptance.drivers.kubernetes import Kubernetes
from acceptance.errors import EnvironmentFailure
from acceptance.images import Image, build_image, build_image_with_docker
from acceptance.kubectl import kubectl
from acceptance.manifests import Manifest, render, secrets_for
from acceptance.process import workers
from acceptance.system import System
from acceptance.waiting import eventually, lasting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acceptance.clusters.base import Cluster, ClusterFacts
    from acceptance.drivers.facts import PodFacts, WorkloadFacts
    from acceptance.progress import Progress
    from acceptance.settings import Settings, Timeouts

_LOG_LINES = 10


@dataclass(frozen=True)
class Status:
    """How far the rollout is: its workloads and pods."""

    workloads: tuple[WorkloadFacts, ...]
    pods: tuple[PodFacts, ...]

    @property
    def complete(self) -> bool:
        """Whether every workload has all of its pods, and there is one."""
        return bool(self.workloads) and all(workload.full for workload in self.workloads)

    @property
    def hopeless(self) -> str | None:
        """The first pod that cannot come up any more, in words; None if there is none."""
        return next((pod.hopeless for pod in self.pods if pod.hopeless), None)

    def __str__(self) -> str:
        """Name what is not up yet."""
        parts = [str(each) for each in self.workloads if not each.full]
        parts += [str(pod) for pod in self.pods if not pod.ready and not pod.deleting]
        return "; ".join(parts) or "there is no workload yet"


def build_images(settings: Settings, engine: str) -> tuple[Image, ...]:
    """Return the system's images, built side by side by docker or buildah unless they are cached.

    Raises `BuildFailure` when one cannot be built.
    """
    limit = settings.timeouts.image_build
    build = build_image_with_docker if engine == "docker" else build_image
    with workers(max(1, len(settings.images))) as pool:
        builds = [
            pool.submit(build, source.name, source.context, source.dockerfile, timeout=limit)
            for source in settings.images
        ]
        return tuple(build.result() for build in builds)


def deploy(
    cluster: Cluster,
    facts: ClusterFacts,
    settings: Settings,
    images: Sequence[Image],
    *,
    run_id: str,
    progress: Progress,
    tell_secrets: Callable[[Sequence[str]], None],
) -> System:
    """Return the system once every workload is at full strength.

    `tell_secrets` gets the generated values, so that they are redacted from what is written.

    Raises `BrokenInput` for a broken manifest; `EnvironmentFailure` when the system does not come
    up, with the pod's reason and its last log lines.
    """
    overlay = settings.overlay_for(facts.driver)
    named = {image.reference.rpartition(":")[0]: image.reference for image in images}
    with progress.step("Deliver the system's images"):
        cluster.deliver(images)
    with progress.step("Deploy the system"):
        objects = render(overlay, named, run_id)
        made = secrets_for(objects)
        tell_secrets([value for secret in made for value in secret["stringData"].values()])
        namespace = _apply(cluster, facts, settings, (*objects, *made), run_id)
    with progress.step("Wait for the system"):
        client = Kubernetes(facts.kubeconfig, facts.context, timeout=settings.timeouts.api)
        try:
            status = _await_rollout(client, namespace, settings.timeouts)
        finally:
            client.close()
    return System(
        run=run_id,
        driver=facts.driver,
        flavour=facts.flavour,
        version=facts.version,
        kubeconfig=str(facts.kubeconfig),
        context=facts.context,
        namespace=namespace,
        host=settings.host,
        address=facts.address,
        http_port=facts.http_port,
        published=facts.published or facts.address,
        workloads=settings.workloads,
        restarts=tuple(
            (f"{pod.uid}/{container.name}", container.restarts)
            for pod in status.pods
            for container in pod.containers
        ),
    )


def _apply(
    cluster: Cluster,
    facts: ClusterFacts,
    settings: Settings,
    objects: Sequence[Manifest],
    run_id: str,
) -> str:
    """Apply the objects, namespaces first, and return the namespace of the system."""
    namespace = cluster.namespace
    if namespace != settings.namespace:
        objects = adopt(list(objects), run_id, {settings.namespace: namespace})
    # The server takes one List in its order; kustomize and the secrets come in a working order.
    ordered = sorted(objects, key=_order)
    document: dict[str, Any] = {"apiVersion": "v1", "kind": "List", "items": ordered}
    kubectl(
        facts.kubeconfig,
        facts.context,
        ["apply", "--server-side", "--force-conflicts", "--filename=-"],
        timeout=settings.timeouts.command,
        stdin=json.dumps(document),
    )
    return namespace


def _order(found: Manifest) -> int:
    first = ("Namespace", "ServiceAccount", "ConfigMap", "Secret", "Service")
    return first.index(found["kind"]) if found["kind"] in first else len(first)


def _await_rollout(client: Kubernetes, namespace: str, timeouts: Timeouts) -> Status:
    with client.watch_pods(namespace) as wake:
        try:
            return eventually(
                lambda: Status(client.workloads(namespace), client.pods(namespace)),
                lambda status: status.complete,
                timeout=timeouts.rollout,
                wake=wake,
                hopeless=lasting(lambda status: status.hopeless, seconds=timeouts.hopeless),
                what="the system at full strength",
                remedy="look at the pod with --keep-cluster, or make acceptance again.",
                error=EnvironmentFailure,
            )
        except EnvironmentFailure as error:
            said = _last_words(client, namespace)
            raise EnvironmentFailure(f"{error.message}{said}") from error


def _last_words(client: Kubernetes, namespace: str) -> str:
    """Return the last log lines of the containers that are not ready."""
    parts = []
    for pod in client.pods(namespace):
        for container in pod.containers:
            if container.ready or pod.ready:
                continue
            text = client.log(namespace, pod.name, container.name) or client.log(
                namespace, pod.name, container.name, previous=True
            )
            if text:
                lines = "\n".join(text.splitlines()[-_LOG_LINES:])
                parts.append(f"\n{pod.name}/{container.name}:\n{lines}")
    return "".join(parts)
