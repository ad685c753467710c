"""Renders the staging overlay: its policies are judged though staging is not deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.build.manifests import name_of, render
from acceptance.errors import BrokenInput
from acceptance.judgement import require

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acceptance.build.manifests import Manifest
    from acceptance.system import System


def render_staging(
    overlay: Path, system: System, unique: Callable[[str], str]
) -> tuple[Manifest, ...]:
    """Return the objects of the overlay, in a namespace that `unique` makes of its own one."""
    images = {name_of(each): each for each in system.images}
    try:
        plain = render(overlay, images)
        own = [each["metadata"]["name"] for each in plain if each["kind"] == "Namespace"]
        require(len(own) == 1, f"The staging overlay has {len(own)} namespaces, not one.")
        return render(overlay, images, system.run, unique(own[0]))
    except BrokenInput as error:
        raise AssertionError(f"Staging cannot be deployed: {error.message}") from error
