"""Brings an image from the registry of the run to the node, which does not reach it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable
from acceptance.process import run

if TYPE_CHECKING:
    from acceptance.domains.delivery.drivers.image_registry import ImageRegistry, PushedImage
    from acceptance.system import System


def require_node(system: System) -> None:
    """Raise `Unverifiable` if no image can be brought to a node of this cluster."""
    if not system.inside:
        raise Unverifiable(
            "No image can be brought to a node of this cluster. Try: --cluster=embedded"
        )


def bring_image(
    system: System, registry: ImageRegistry, image: PushedImage, name: str, *, timeout: float
) -> str:
    """Put an image into the node under a name; return the reference by its digest.

    Raises `Unverifiable` if that is impossible; `timeout` is in seconds.
    """
    require_node(system)
    with tempfile.TemporaryDirectory(prefix="acceptance-image-") as temporary:
        archive = registry.save_archive(image, Path(temporary))
        command = ["ctr", "--namespace=k8s.io", "images", "import", "--digests"]
        try:
            run([*system.inside, *command, f"--base-name={name}", str(archive)], timeout=timeout)
        except EnvironmentFailure as error:
            raise Unverifiable(f"The image cannot be brought here: {error.message}") from error
    return f"{name}@{image.digest}"
