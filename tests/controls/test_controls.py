from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from gherkin.parser import Parser

from controls.control import Control, all_controls, place_of, sabotage_modules

CONTROLS = all_controls()
FEATURES = Path(__file__).parents[2] / "features"


def collected() -> set[tuple[str, str]]:
    """Each scenario of every feature as (item, name), with its example if it has one."""
    return {each for path in FEATURES.rglob("*.feature") for each in collected_from(path)}


def collected_from(path: Path) -> set[tuple[str, str]]:
    """Each scenario of one feature."""
    parsed: dict[str, Any] = dict(Parser().parse(path.read_text(encoding="utf-8")))
    found = set()
    for child in parsed["feature"]["children"]:
        rule = child.get("rule")
        if rule is None:
            continue
        item = rule["tags"][0]["name"][1:]
        # What a scenario proves of a second item is seen to fail with what it proves of its own.
        for scenario in (each["scenario"] for each in rule["children"] if "scenario" in each):
            rows = [row for table in scenario["examples"] for row in table["tableBody"]]
            names = [f"{scenario['name']} [{row['cells'][0]['value']}]" for row in rows]
            found |= {(item, name) for name in names or [scenario["name"]]}
    return found


def test_every_scenario_has_a_control() -> None:
    """A scenario that nobody has seen fail is not to be trusted, and a control needs a scenario."""
    scenarios = collected()
    assert len(scenarios) > 20
    assert {(control.item, control.scenario) for control in CONTROLS} == scenarios


def test_a_control_has_the_tags_of_its_scenario() -> None:
    """Whichever of its items the control names."""
    name = "Alerts about outages are followed from their cause to their end"
    for item in ("TASK-003-AC-5", "TASK-003-DOD-3"):
        chosen = Control(item, name, lambda _: None, expects="")
        assert {"TASK-003", "needs-metrics", item} <= set(place_of(chosen).tags)


def test_every_sabotage_is_used() -> None:
    """A sabotage that no control uses would be dead."""
    public = {
        name
        for module in sabotage_modules()
        for name, each in vars(module).items()
        if getattr(each, "__module__", "") == module.__name__ and not name.startswith("_")
    }
    assert public
    assert {control.sabotage.__name__ for control in CONTROLS} == public


def test_each_control_waits_for_its_own_reason() -> None:
    """No reason is so wide that any other failure would fit."""
    others = "AssertionError: HTTP 500; not reached after 60 s; the pod is not ready"
    assert CONTROLS
    for control in CONTROLS:
        assert not re.search(control.expects, others)
