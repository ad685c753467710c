from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.build.deployables import deployable_folders, loose_manifests
from acceptance.errors import BrokenInput
from acceptance.project import ROOT

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"


def write(top: Path, name: str, text: str = POD) -> None:
    """Write a file below the folder of manifests."""
    (top / name).parent.mkdir(parents=True, exist_ok=True)
    (top / name).write_text(text)


def test_what_can_be_deployed_is_found(tmp_path: Path) -> None:
    """Whatever its depth and the name of its file; bases and components are in what uses them."""
    write(tmp_path, "base/kustomization.yaml", "resources: [pod.yaml]")
    write(tmp_path, "base/pod.yaml")
    write(tmp_path, "components/tls/kustomization.yaml", "kind: Component\n")
    write(tmp_path, "overlays/dev/kustomization.yaml", "resources: [../../base]")
    write(tmp_path, "overlays/production/kustomization.yml", "resources: [../dev]")
    write(tmp_path, "overlays/eu/production/logs/Kustomization", "components: [../../../tls]")
    write(tmp_path, "jobs/kustomization.yaml", "resources: [https://example.com/a]")
    found = deployable_folders(tmp_path)
    assert [folder.relative_to(tmp_path).as_posix() for folder in found] == [
        "jobs",
        "overlays/dev",
        "overlays/eu/production/logs",
        "overlays/production",
    ]


def test_no_overlay_of_this_project_is_left_out() -> None:
    """Every one of them can be deployed."""
    overlays = {path.parent for path in ROOT.glob("manifests/overlays/**/kustomization.yaml")}
    assert overlays and overlays <= set(deployable_folders(ROOT / "manifests"))


def test_a_manifest_that_no_kustomization_names_is_found(tmp_path: Path) -> None:
    """A list has its items; patches, values and other files are none."""
    write(tmp_path, "base/kustomization.yaml", "resources: [pod.yaml]\npatches: [{path: b.yaml}]")
    write(tmp_path, "base/pod.yaml")
    write(tmp_path, "base/b.yaml")
    write(tmp_path, "jobs/migrate.yml", f"{POD}---\napiVersion: v1\nkind: List\nitems: [{{}}]")
    write(tmp_path, "base/forgotten.yaml")
    write(tmp_path, "values.yaml", "windows: {a: b}")
    write(tmp_path, "chart.yaml", "kind: {{ .Values.kind }}\n")
    found = {path.name: objects for path, objects in loose_manifests(tmp_path).items()}
    assert found.keys() == {"migrate.yml", "forgotten.yaml", "chart.yaml"}
    assert [len(found[name] or ()) for name in ("migrate.yml", "forgotten.yaml")] == [1, 1]
    assert found["chart.yaml"] is None


def test_a_kustomization_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Nobody could deploy it either."""
    write(tmp_path, "overlays/a/kustomization.yaml", "- a")
    with pytest.raises(BrokenInput, match="is not a kustomization"):
        deployable_folders(tmp_path)
