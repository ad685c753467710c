from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from acceptance.build.images import Image
from acceptance.clusters.embedded import program_images
from acceptance.deployment.stacks import STACKS, build_images_of, render_stacks
from acceptance.project import ROOT
from acceptance.settings import load_settings

SETTINGS = load_settings(ROOT)


@pytest.mark.parametrize("name", ["k3d", "production"])
def test_images_without_an_official_one_are_built(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What k3d and production cannot pull has a Dockerfile here, and Docker builds it."""
    built: list[Path] = []

    def build(name: str, context: Path, **_: object) -> Image:
        built.append(context)
        return Image(f"{name}:hash", None)

    monkeypatch.setattr(program_images, "build_image_with_docker", build)
    monkeypatch.setattr(
        type(SETTINGS), "overlay_for", lambda *_: ROOT / "manifests/overlays" / name
    )
    stacks = render_stacks(SETTINGS, "k3d", STACKS, "run")
    step: Any = None
    images = build_images_of(stacks, SETTINGS, "docker", step)
    assert [each.reference for each in images] == ["localhost/audit-exporter:hash"]
    assert built == [ROOT / "node" / "audit-exporter"]
    assert (built[0] / "Dockerfile").is_file()
