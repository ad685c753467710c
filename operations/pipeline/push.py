"""`operations pipeline push`: pushes a built image to a registry, by its digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.errors import BrokenInput
from operations.pipeline.image import ARCHIVE, read_image
from operations.pipeline.outputs import give_output
from operations.pipeline.registry import read_place, registry_at
from operations.pipeline.sign_in import auth_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from operations.pipeline.history import History
    from operations.pipeline.parts import Part


def push(
    part: Part, history: History, environment: Mapping[str, str], *, image: Path, registry: str
) -> None:
    """Push the image in the folder `image`, tagged with its commit; print its reference by digest.

    Raises `BrokenInput` when the image is of another part or commit, `EnvironmentFailure` when the
    registry refuses.
    """
    place = read_place(registry)
    built = read_image(image)
    head = history.head()
    if (built.part, built.commit) != (part.name, head):
        raise BrokenInput(
            f"The image in {image} is the {built.part} of {built.commit[:12]}, and not the "
            f"{part.name} of {head[:12]}. Try: operations pipeline image {part.name}"
        )
    with registry_at(place, auth_for(place, environment)) as there:
        there.push(image / ARCHIVE, built.digest, built.commit)
    reference = place.reference(built.digest)
    print(f"{part.name}: pushed {reference}")
    give_output(environment, "reference", reference)
