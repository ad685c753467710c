from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Literal

import pytest

from controls.results import Result, Results, Trial

Phase = Literal["setup", "call", "teardown"]


class Terminal:
    """What is written, line by line."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.lines: list[str] = []

    def ensure_newline(self) -> None:
        """Nothing is ever written without its end."""

    def write_line(self, line: str) -> None:
        """Keep a line."""
        self.lines.append(line)

    def section(self, title: str) -> None:
        """Keep a title."""
        self.lines.append(title)


def report(
    name: str,
    when: Phase,
    outcome: Literal["passed", "failed", "skipped"] = "passed",
    trial: Trial | None = None,
    longrepr: Any = None,  # noqa: ANN401 (pytest's own type)
) -> pytest.TestReport:
    """What pytest says of one phase of a control."""
    properties: list[tuple[str, object]] = (
        [("control", json.dumps(asdict(trial)))] if trial is not None else []
    )
    place = ("controls/test_scenarios.py", 1, name)
    node = f"controls/test_scenarios.py::test_scenario_sees_sabotage[{name}]@cluster"
    return pytest.TestReport(node, place, {}, outcome, longrepr, when, user_properties=properties)


def lines_of(*reports: pytest.TestReport) -> list[str]:
    """What is written about these reports."""
    terminal = Terminal()
    results = Results(terminal)  # type: ignore[arg-type]
    for each in reports:
        results.pytest_runtest_logreport(each)
    results.pytest_terminal_summary()
    return terminal.lines


@pytest.mark.parametrize("result", ["survived", "wrong reason", "not tried"])
def test_a_control_that_was_not_killed_is_named(result: Result) -> None:
    """With its times when it is over, and again at the end."""
    trial = Trial(result, {"broken": 1.0, "proved": 2.5})
    line, title, count, name = lines_of(
        report("one", "setup"),
        report("one", "call", "failed"),
        report("one", "teardown", trial=trial),
    )
    assert line == f"{result:12}    3.5 s  one  (broken 1.0, proved 2.5)"
    assert title == "controls"
    assert count.startswith(f"   1 {result}: ")
    assert name == f"     {result}: one"


@pytest.mark.parametrize(("red", "late"), [(16.0, False), (17.0, True)])
def test_a_scenario_that_is_red_late_is_named(red: float, *, late: bool) -> None:
    """Three times its seconds when green, and ten more, are soon enough."""
    trial = Trial("killed", {"proved": 20.0}, green=2.0, red=red)
    lines = lines_of(report("one", "call"), report("one", "teardown", trial=trial))
    assert lines[0].endswith(f"(proved 20.0; green 2.0, red {red})")
    said = f"     red late: one: {red:.0f} s, 2 s when green"
    assert (said in lines) == late


def test_killed_and_unchanged_controls_are_counted() -> None:
    """An unchanged one says since when, and is not among the killed."""
    reason = ("controls/test_scenarios.py", 1, "Skipped: unchanged since seen red on 2026-11-29")
    lines = lines_of(
        report("one", "teardown", trial=Trial("killed", {"proved": 1.0})),
        report("two", "setup", "skipped", longrepr=reason),
        report("two", "teardown"),
    )
    assert lines[2:] == [
        "   1 killed: the scenario saw the sabotage, and said why",
        "   1 unchanged since seen red on 2026-11-29",
    ]


def test_a_control_whose_repair_failed_is_not_killed() -> None:
    """What comes after it may stand on a broken system."""
    lines = lines_of(report("one", "teardown", "failed", trial=Trial("killed")))
    assert lines[-1] == "     not tried: one"


def test_a_control_whose_scenario_was_not_sound_is_not_tried() -> None:
    """It is counted, although nothing was broken."""
    failed = report("one", "setup", "failed")
    assert lines_of(failed, report("one", "teardown"))[-1] == "     not tried: one"
    assert lines_of(failed, report("one", "teardown", trial=Trial()))[-1] == "     not tried: one"


def test_other_tests_are_left_out() -> None:
    """Nothing is said where no control was selected."""
    assert (
        lines_of(pytest.TestReport("tests/a.py::b", ("a", 1, "b"), {}, "passed", None, "call"))
        == []
    )
