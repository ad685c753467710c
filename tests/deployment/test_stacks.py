from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.build.images import Image
from acceptance.clusters.embedded import program_images
from acceptance.deployment.stacks import STACKS, build_images_of, render_stacks
from acceptance.project import ROOT
from acceptance.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

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


def test_promtool_is_in_the_image_of_prometheus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its probes run it, and so do people; the other images have one program only."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("prometheus", "promtool", "alertmanager"):
        (programs / name).write_text(name)

    def entry(shelf: str, _: str, prepare: Callable[[Path], None]) -> Path:
        (tmp_path / shelf).mkdir()
        prepare(tmp_path / shelf)
        return tmp_path / shelf

    def build(name: str, context: Path, *, tag: str, **_: object) -> Image:
        assert context.name == f"context-{name.rpartition('/')[2]}"
        return Image(f"{name}:{tag}", None)

    monkeypatch.setattr(program_images, "build_binaries", lambda *_: programs)
    monkeypatch.setattr(program_images, "entry", entry)
    monkeypatch.setattr(program_images, "build_image", build)
    step: Any = None
    references = ["localhost/prometheus:1", "localhost/alertmanager:2"]
    found = program_images.build_stack_images(ROOT / "node", references, SETTINGS.timeouts, step)
    assert [each.reference for each in found] == references
    text = (tmp_path / "context-prometheus" / "Dockerfile").read_text()
    assert "COPY prometheus /prometheus\nCOPY promtool /bin/promtool\n" in text
    assert (tmp_path / "context-prometheus" / "promtool").read_text() == "promtool"
    assert (tmp_path / "context-alertmanager" / "Dockerfile").read_text().count("COPY") == 1
    manifest = (ROOT / "manifests/components/prometheus/prometheus.yaml").read_text()
    assert manifest.count("- /bin/promtool\n") == 2
