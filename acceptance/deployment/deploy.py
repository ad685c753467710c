"""Deploys the system under test: builds its images, makes its secrets, and waits for it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from acceptance.build.images import Image, build_image, build_image_with_docker
from acceptance.build.manifests import name_of, render, secrets_for
from acceptance.clusters.ownership import adopt
from acceptance.deployment.issuer import await_certificate, declares_tls, wants_cert_manager
from acceptance.deployment.rollout import apply, await_rollout
from acceptance.drivers.kubernetes.cert_manager import has_cert_manager
from acceptance.drivers.kubernetes.client import Kubernetes
from acceptance.errors import EnvironmentFailure
from acceptance.process import workers
from acceptance.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from acceptance.build.manifests import Manifest
    from acceptance.clusters.base import Cluster, ClusterFacts
    from acceptance.progress import Progress, ProgressStep
    from acceptance.settings import Settings


def build_images(settings: Settings, engine: str, step: ProgressStep) -> tuple[Image, ...]:
    """Return the system's images, built in parallel by docker or buildah unless they are cached.

    `step` is told what is built.

    Raises `BuildFailure` when one cannot be built.
    """
    limit = settings.timeouts.image_build
    build = build_image_with_docker if engine == "docker" else build_image
    with workers(max(1, len(settings.images))) as pool:
        builds = [
            pool.submit(
                build, source.name, source.context, source.dockerfile, timeout=limit, step=step
            )
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
    """Return the system once every workload is at full strength and its certificate is served.

    `tell_secrets` is given the generated values, so that they are redacted.

    Raises `BrokenInput` for a broken manifest. Raises `EnvironmentFailure` if the system does not
    become ready, with the pod's reason and last log lines, or gets no certificate.
    """
    overlay, limits = settings.overlay_for(facts.driver), settings.timeouts
    namespace = cluster.namespace
    with progress.step("Bring the system's images into the cluster"):
        delivered = cluster.deliver(images)
    with ExitStack() as leaving:
        client = Kubernetes(facts.kubeconfig, facts.context, timeout=limits.api)
        leaving.callback(client.close)
        with progress.step("Deploy the system"):
            objects = render(overlay, {name_of(each): each for each in delivered}, run_id)
            _require_cert_manager(client, objects, overlay)
            made = secrets_for(objects)
            tell_secrets([value for secret in made for value in secret["stringData"].values()])
            placed = [*objects, *made]
            if namespace != settings.namespace:
                placed = adopt(placed, run_id, {settings.namespace: namespace})
            apply(facts.kubeconfig, facts.context, placed, timeout=limits.command)
        with progress.step("Wait until the system is up"):
            status = await_rollout(
                client,
                namespace,
                limits,
                what="the system at full strength",
                remedy="look at the pod with --keep-cluster, or make acceptance again.",
                needed=settings.workloads.names,
                error=EnvironmentFailure,
            )
            system = System(
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
                https_port=facts.https_port,
                secure=declares_tls(objects, settings.host),
                published=facts.published or facts.address,
                workloads=settings.workloads,
                contract=settings.contract,
                repository=str(settings.root),
                images=tuple(delivered),
                restarts=tuple(
                    (f"{pod.uid}/{container.name}", container.restarts)
                    for pod in status.pods
                    for container in pod.containers
                ),
                inside=facts.inside,
                public_address=facts.public_address,
                journal=facts.journal,
            )
            return await_certificate(client, system, limits, EnvironmentFailure)


def _require_cert_manager(client: Kubernetes, objects: Sequence[Manifest], overlay: Path) -> None:
    if wants_cert_manager(objects) and not has_cert_manager(client):
        message = (
            f"The cluster has no cert-manager, which has to issue the certificate of {overlay}. "
            "Try: install cert-manager in the cluster, or use an overlay without TLS."
        )
        raise EnvironmentFailure(message)
