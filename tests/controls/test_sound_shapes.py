from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from acceptance.build.manifests import render, secrets_for
from acceptance.project import ROOT
from controls.control import all_controls, place_of, sound_controls
from controls.memory import Memory
from fixtures.turns import REPOSITORY
from tests.fakes.saboteur import ManifestSaboteur

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.build.manifests import Manifest
    from controls.control import Sabotage
    from controls.saboteur import Saboteur

CONTROLS = sound_controls()
CHANGES = {each.sabotage.__name__: each.sabotage for each in CONTROLS}


@pytest.fixture(scope="module")
def manifests() -> dict[str, Manifest]:
    """Every object of the system, by "namespace kind/name"."""
    objects = render(ROOT / "manifests" / "overlays" / "embedded", {})
    return {
        f"{e['metadata'].get('namespace', '')} {e['kind'].lower()}/{e['metadata']['name']}": e
        for e in (*objects, *secrets_for(objects))
    } | {" namespace/checkout": {}, "checkout namespace/checkout": {}}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_sound_change_changes_is_there(
    change: Sabotage, manifests: dict[str, Manifest], tmp_path: Path
) -> None:
    """An object that was renamed since would be noticed on a cluster only."""
    saboteur = ManifestSaboteur(manifests, tmp_path / "copy")
    change(cast("Saboteur", saboteur))


def test_each_sound_change_names_scenarios_that_are_there() -> None:
    """Each pair is there once, and none is also expected to be red."""
    assert CONTROLS
    assert all(place_of(each).scenario for each in CONTROLS)
    pairs = [(str(each), each.scenario) for each in CONTROLS]
    assert len(set(pairs)) == len(pairs)
    assert not set(CHANGES) & {each.sabotage.__name__ for each in all_controls()}


def test_a_sound_change_makes_nothing_unmet() -> None:
    """The scenario passes, or says in expected words what is not known then."""
    assert {each.status for each in CONTROLS} == {"passed", "skipped"}
    assert all(each.sound and (each.status == "passed") != bool(each.expects) for each in CONTROLS)
    assert not any(each.sound for each in all_controls())


def test_what_was_seen_green_is_remembered_apart(tmp_path: Path) -> None:
    """The record of what was seen red does not know it."""
    memory, control = Memory(ROOT, "embedded", tmp_path), CONTROLS[0]
    assert memory.seen(control) is None
    memory.remember(control)
    memory.remember(all_controls()[0])
    assert memory.seen(control)
    assert control.sabotage.__name__ in (tmp_path / "seen_green.json").read_text(encoding="utf-8")
    red = (tmp_path / "seen_red.json").read_text(encoding="utf-8")
    assert control.sabotage.__name__ not in red


def test_sound_changes_of_a_cluster_are_tried_on_one() -> None:
    """A scenario that judges the repository alone would not see them."""
    assert not [str(each) for each in CONTROLS if REPOSITORY in place_of(each).tags]
