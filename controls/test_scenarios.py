"""Each scenario sees the system broken, and says why."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from controls.control import Control, all_controls, prove
from controls.saboteur import Saboteur


@pytest.mark.parametrize("control", all_controls(), ids=str)
def test_scenario_sees_sabotage(
    control: Control, sound: dict[str, Any], run_folder: Path, saboteur: Saboteur, tmp_path: Path
) -> None:
    """A scenario that passes on the sound system fails on the broken one, for the right reason."""
    before = _scenario(sound, control)
    control.sabotage(saboteur)
    report = prove(run_folder, tmp_path, f"features/test_features.py::{control.test}")
    after = _scenario(report, control)
    assert before["status"] in {"passed", "skipped"}, before["reason"]
    assert after["status"] == ("failed" if control.verdict == "unmet" else "skipped"), after
    assert re.search(control.expects, after["reason"]), after["reason"]
    # The scenario may prove a second item, of which the same is true.
    about = [item for item in report["items"] if after in item["scenarios"]]
    assert control.item in {item["id"] for item in about}
    assert {item["verdict"] for item in about} == {control.verdict}


def _scenario(report: dict[str, Any], control: Control) -> dict[str, Any]:
    name, _, example = control.scenario.partition(" [")
    shown = re.sub(r"<\w+>", example.rstrip("]"), name)
    item = next(item for item in report["items"] if item["id"] == control.item)
    found: dict[str, Any] = next(each for each in item["scenarios"] if each["name"] == shown)
    return found
