from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from acceptance.build.manifests import render, secrets_for
from acceptance.project import ROOT
from controls.control import all_controls
from tests.fakes.saboteur import ManifestSaboteur

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.build.manifests import Manifest
    from controls.control import Sabotage
    from controls.saboteur import Saboteur

_FOLDERS = (
    "platform/traefik",
    *(f"overlays/embedded{part}" for part in ("", "/metrics", "/logs", "/traces")),
)
_SABOTAGES = {
    each.sabotage.__name__: each.sabotage
    for each in all_controls()
    if each.sabotage.__module__.startswith("controls.observability")
}


@pytest.fixture(scope="module")
def manifests() -> dict[str, Manifest]:
    """Every object that the sabotages may change, by "namespace kind/name"."""
    found = {}
    for folder in _FOLDERS:
        objects = render(ROOT / "manifests" / folder, {})
        for each in (*objects, *secrets_for(objects)):
            metadata = each["metadata"]
            target = f"{each['kind'].lower()}/{metadata['name']}"
            found[f"{metadata.get('namespace', '')} {target}"] = each
    return found


@pytest.mark.parametrize("sabotage", _SABOTAGES.values(), ids=_SABOTAGES)
def test_what_a_sabotage_changes_is_there(
    sabotage: Sabotage, manifests: dict[str, Manifest], tmp_path: Path
) -> None:
    """A text or an object that was changed since would be noticed on a cluster only."""
    saboteur = ManifestSaboteur(manifests, tmp_path / "copy")
    sabotage(cast("Saboteur", saboteur))
