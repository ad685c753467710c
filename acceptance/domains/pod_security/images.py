"""Compares the image that each container requests with the one that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import require_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.drivers.kubernetes.facts import ContainerFacts, PodFacts


class ImageInspector(ClusterActor):
    """Tests that containers run the released images, known by their digests."""

    def pods_of_workloads(self) -> tuple[PodFacts, ...]:
        """Return the pods of the system's workloads, with the images of their containers."""
        pods = tuple(pod for name in self.system.names for pod in self._pods(name))
        shown = {
            f"{pod.name}/{each.name}": {"requested": each.image, "runs": each.image_id}
            for pod in pods
            for each in pod.containers
        }
        self._keep("Which images run", pretty(shown))
        return pods

    def assert_images_by_digest(self, pods: Sequence[PodFacts]) -> None:
        """Every container requests its image by digest, and runs that very image."""
        released = {each.partition("@")[2] for each in self.system.images}

        def fault(found: tuple[PodFacts, ContainerFacts]) -> str | None:
            pod, container = found
            where = f"{pod.name}/{container.name}"
            wanted = container.image.partition("@")[2]
            if not wanted:
                return f"{where} requests {container.image}, a tag that can move to another image"
            if container.image_id.rpartition("@")[2] != wanted:
                return f"{where} requests {wanted} and runs {container.image_id or 'nothing'}"
            if released and wanted not in released:
                return f"{where} runs {wanted}, which is not an image of the release"
            return None

        require_each(
            [(pod, container) for pod in pods for container in pod.containers],
            fault,
            nothing="The system has no container.",
        )
