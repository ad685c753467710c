"""What became of each control: a line when it is over, and a summary of all at the end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import Literal, TypeAlias

import pytest

Result: TypeAlias = Literal[
    "killed", "stayed green", "survived", "false red", "wrong reason", "not tried"
]
SEEN: tuple[Result, ...] = ("killed", "stayed green")
"""What has to become of a sabotage, and of a sound change."""
MEANINGS: dict[Result, str] = {
    "killed": "the scenario saw the sabotage, and said why",
    "stayed green": "the scenario bore the sound change",
    "survived": "the scenario did not see the sabotage",
    "false red": "the scenario did not bear the sound change",
    "wrong reason": "the scenario was red for another reason",
    "not tried": "the scenario was not sound or said nothing, or the sabotage or its repair failed",
}
_PROPERTY = "control"
_TIMES_GREEN, _MORE_SECONDS = 3.0, 10.0
"""A scenario is red soon within so many times its seconds when green, and so many more."""


@dataclass
class Trial:
    """The result of one control, and the seconds of its parts."""

    result: Result = "not tried"
    seconds: dict[str, float] = field(default_factory=dict)
    green: float = 0.0
    """The seconds of the scenario on the sound system."""
    red: float = 0.0
    """The seconds of the scenario on the broken one."""

    @property
    def late(self) -> bool:
        """Whether the scenario took much longer to be red than to be green."""
        return self.result == "killed" and self.red > _TIMES_GREEN * self.green + _MORE_SECONDS

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measure a part; the time counts also if it fails."""
        started = monotonic()
        try:
            yield
        finally:
            self.seconds[name] = monotonic() - started

    def report_to(self, item: pytest.Item) -> None:
        """Hand the result to the process that prints it."""
        item.user_properties.append((_PROPERTY, json.dumps(asdict(self))))


class Results:
    """Prints the results of all controls, in the process that owns the terminal."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        """Write to `terminal`."""
        self._terminal = terminal
        self._results: dict[str, Result] = {}
        self._unchanged: Counter[str] = Counter()
        self._broken: set[str] = set()
        self._late: list[str] = []

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Print no dot for a control: it has a line."""
        ours = report.passed and report.when == "call" and _name(report)
        return ("passed", "", "") if ours else None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print a line about a control when it is over."""
        name = _name(report)
        if report.failed and report.when != "call":
            self._broken.add(name)
        if report.failed and report.when == "setup":
            self._add(name, Trial(seconds={"before": report.duration}))
        if report.skipped and isinstance(report.longrepr, tuple):
            self._unchanged[report.longrepr[-1].removeprefix("Skipped: ")] += 1
        found = dict(report.user_properties).get(_PROPERTY)
        if found is None or report.when != "teardown":
            return
        if name not in self._results:
            self._add(name, Trial(**json.loads(str(found))))

    def _add(self, name: str, trial: Trial) -> None:
        result = self._results[name] = "not tried" if name in self._broken else trial.result
        parts = ", ".join(f"{part} {value:.1f}" for part, value in trial.seconds.items())
        parts += f"; green {trial.green:.1f}, red {trial.red:.1f}" if trial.red else ""
        if trial.late:
            self._late.append(f"{name}: {trial.red:.0f} s, {trial.green:.0f} s when green")
        seconds = sum(trial.seconds.values())
        self._terminal.ensure_newline()
        self._terminal.write_line(f"{result:12} {seconds:6.1f} s  {name}  ({parts})")

    def pytest_terminal_summary(self) -> None:
        """Print how many controls had each result, and the names of the others."""
        if not self._results and not self._unchanged:
            return
        self._terminal.section("controls")
        counts = Counter(self._results.values())
        for result, meaning in MEANINGS.items():
            if counts[result]:
                self._terminal.write_line(f"{counts[result]:4} {result}: {meaning}")
        for said, count in sorted(self._unchanged.items()):
            self._terminal.write_line(f"{count:4} {said}")
        for said in self._late:
            self._terminal.write_line(f"     red late: {said}")
        for name, result in self._results.items():
            if result not in SEEN:
                self._terminal.write_line(f"     {result}: {name}")


def _name(report: pytest.TestReport) -> str:
    """Return the name of a control; empty for another test."""
    return report.nodeid.partition("[")[2].rpartition("]")[0]
