"""Deploys the stacks of programs that some scenarios need: metrics, logs and traces.

A stack is a folder beside the system's overlay: manifests/overlays/embedded/metrics. A scenario
names the one that it needs by a tag: @needs-metrics.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build.manifests import name_of, pod_templates, render, secrets_for
from acceptance.clusters.embedded.program_images import (
    LOCAL,
    build_stack_images,
    build_stack_images_with_docker,
)
from acceptance.deployment.rollout import apply_to_system, await_rollout
from acceptance.deployment.trust import (
    certificates_of,
    restart_readers,
    trusted_authorities,
    wake_kubelets,
)
from acceptance.drivers.kubernetes.client import Kubernetes
from acceptance.errors import SystemFailure
from acceptance.process import workers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from acceptance.build.images import Image
    from acceptance.build.manifests import Manifest
    from acceptance.clusters.base import Cluster
    from acceptance.progress import Progress, ProgressStep
    from acceptance.settings import Settings
    from acceptance.system import System

STACKS = ("metrics", "logs", "traces")
"""The names of all stacks, in the order in which they are deployed."""
_NAMESPACE = "monitoring"
_SCRAPING = "metrics"
"""The stack that scrapes the system, and so trusts its certificates."""
NEEDS = "needs-"
"""The prefix of a tag that names a stack."""


@dataclass(frozen=True)
class Stack:
    """A stack that the run needs and its overlay has."""

    name: str
    overlay: Path
    objects: tuple[Manifest, ...]

    @property
    def images(self) -> tuple[str, ...]:
        """The images of its pods, as the manifests name them."""
        found = {
            container["image"]
            for template in pod_templates(self.objects)
            for kind in ("initContainers", "containers")
            for container in template["spec"].get(kind) or ()
        }
        return tuple(sorted(found))

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces of its workloads."""
        kinds = {"Deployment", "StatefulSet", "DaemonSet"}
        found = {e["metadata"]["namespace"] for e in self.objects if e["kind"] in kinds}
        return tuple(sorted(found))


def needed_stacks(tags: Collection[str]) -> tuple[str, ...]:
    """Return the stacks that the `tags` of the selected scenarios name."""
    return tuple(name for name in STACKS if f"{NEEDS}{name}" in tags)


def render_stacks(
    settings: Settings, driver: str, needed: Sequence[str], run_id: str
) -> tuple[Stack, ...]:
    """Return those of the `needed` stacks that the overlay for `driver` has.

    Raises `BrokenInput` if one cannot be rendered.
    """
    overlays = {name: settings.overlay_for(driver) / name for name in needed}
    return tuple(
        Stack(name, overlay, render(overlay, {}, run_id))
        for name, overlay in overlays.items()
        if (overlay / "kustomization.yaml").is_file()
    )


def build_images_of(
    stacks: Sequence[Stack], settings: Settings, engine: str, step: ProgressStep
) -> tuple[Image, ...]:
    """Return the images of `stacks` that the cluster cannot pull, built unless they are cached.

    A cluster whose `engine` is docker can pull all but those of this project.

    Raises `BuildFailure` when one cannot be built.
    """
    node = settings.root / "node"
    wanted = sorted({image for stack in stacks for image in stack.images})
    if engine == "docker":
        wanted = [image for image in wanted if image.startswith(LOCAL)]
        return build_stack_images_with_docker(node, wanted, settings.timeouts, step)
    return build_stack_images(node, wanted, settings.timeouts, step)


def deploy_stacks(
    cluster: Cluster,
    system: System,
    settings: Settings,
    stacks: Sequence[Stack],
    images: Sequence[Image],
    *,
    progress: Progress,
    tell_secrets: Callable[[Sequence[str]], None],
) -> None:
    """Return when every workload of `stacks` is at full strength; they watch `system`.

    `tell_secrets` is given the generated values, so that they are redacted.

    Raises `SystemFailure` with the pod's reason and last log lines if one does not get there, or if
    its manifests are rejected.
    """
    limits, kubeconfig = settings.timeouts, Path(system.kubeconfig)
    client = Kubernetes(kubeconfig, system.context, timeout=limits.api)
    with closing(client), progress.step(f"Deploy {', '.join(each.name for each in stacks)}"):
        delivered = {name_of(each): each for each in cluster.deliver(images)}
        namespaces: set[str] = set()
        for stack in stacks:
            own = {name_of(image) for image in stack.images}
            known = {name: full for name, full in delivered.items() if name in own}
            objects = render(stack.overlay, known, system.run)
            made = secrets_for(objects)
            tell_secrets([value for secret in made for value in secret["stringData"].values()])
            objects = (*objects, *made, *_authority(system))
            apply_to_system(client, kubeconfig, system.context, objects, limits.command)
            namespaces |= set(stack.namespaces)
        declared = [each for stack in stacks for each in stack.objects]
        if any(stack.name == _SCRAPING for stack in stacks):
            declared += certificates_of(client, system.namespace)
        trusted = trusted_authorities(client, declared, system.run, timeout=limits.certificate)
        if trusted:
            apply_to_system(client, kubeconfig, system.context, trusted, limits.command)
            wake_kubelets(client, trusted)
            namespaces |= set(restart_readers(client, declared, trusted))
        with workers(max(1, len(namespaces))) as pool:
            waits = [
                pool.submit(
                    await_rollout,
                    client,
                    namespace,
                    limits,
                    what=f"{namespace} at full strength",
                    remedy="look at the pod with --keep-cluster.",
                    error=SystemFailure,
                )
                for namespace in sorted(namespaces)
            ]
            for each in waits:
                each.result()


def _authority(system: System) -> tuple[Manifest, ...]:
    """Return the authority by which probes trust the system; nothing for a public one."""
    if not system.authority:
        return ()
    return (
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "system-authority", "namespace": _NAMESPACE},
            "data": {"ca.crt": system.authority},
        },
    )
