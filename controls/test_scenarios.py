"""Each scenario sees the system broken, and says why; and it bears what is sound."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from controls.control import Control, all_controls, place_of, sound_controls
from controls.results import Result, Trial
from controls.saboteur import Saboteur
from fixtures.turns import REPOSITORY


def _marks(control: Control) -> Iterator[pytest.MarkDecorator]:
    """Yield the tags of the scenario as marks: -m selects controls as it selects scenarios.

    What breaks the one cluster is in one group, of which one worker tries one after the other.
    """
    tags = place_of(control).tags
    if REPOSITORY not in tags:
        yield pytest.mark.xdist_group("cluster")
    for tag in tags:
        yield getattr(pytest.mark, tag)


def result_of(before: str, after: str) -> Result:
    """Say what became of a control that is not killed, by the status of its scenario."""
    if after != before:
        return "wrong reason"
    return "not tried" if after == "skipped" else "survived"


def _parameters(controls: Iterable[Control]) -> list[Any]:
    return [pytest.param(each, id=str(each), marks=tuple(_marks(each))) for each in controls]


@pytest.mark.parametrize("control", _parameters(all_controls()))
def test_scenario_sees_sabotage(
    control: Control,
    before: dict[str, Any],
    saboteur: Saboteur,
    trial: Trial,
    prove_again: Callable[[], dict[str, Any]],
) -> None:
    """A scenario that passes on the sound system fails on the broken one, for the right reason."""
    with trial.part("broken"):
        control.sabotage(saboteur)
    with trial.part("proved"):
        report = prove_again()
    after = control.found_in(report)
    trial.green, trial.red = before["seconds"], after["seconds"]
    trial.result = result_of(before["status"], after["status"])
    assert after["status"] == control.status, after
    trial.result = "wrong reason"
    assert re.search(control.expects, after["reason"]), after["reason"]
    # The scenario may prove a second item, of which the same is true.
    about = [item for item in report["items"] if after in item["scenarios"]]
    assert control.item in {item["id"] for item in about}
    assert {item["verdict"] for item in about} == {control.verdict}
    trial.result = "killed"


@pytest.mark.parametrize("control", _parameters(sound_controls()))
def test_scenario_bears_sound_change(
    control: Control,
    before: dict[str, Any],
    saboteur: Saboteur,
    trial: Trial,
    prove_again: Callable[[], dict[str, Any]],
) -> None:
    """A scenario that passes on the system stays passed while another sound shape is in force."""
    assert before["status"] == "passed", before
    with trial.part("changed"):
        control.sabotage(saboteur)
    with trial.part("proved"):
        after = control.found_in(prove_again())
    trial.result = "false red"
    assert after["status"] == control.status, after
    assert re.search(control.expects, after["reason"]), after["reason"]
    trial.result = "stayed green"
