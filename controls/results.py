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

Result: TypeAlias = Literal["killed", "survived", "wrong reason", "not tried", "unchanged"]
MEANINGS: dict[Result, str] = {
    "killed": "the scenario saw the sabotage, and said why",
    "survived": "the scenario did not see the sabotage",
    "wrong reason": "the scenario was red for another reason",
    "not tried": "the scenario was not sound before, or the sabotage or its repair failed",
    "unchanged": "seen red before, and nothing that decides it has changed since",
}
_PROPERTY = "control"


@dataclass
class Trial:
    """The result of one control, and the seconds of its parts."""

    result: Result = "not tried"
    seconds: dict[str, float] = field(default_factory=dict)

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
        self._trials: dict[str, Trial] = {}
        self._broken: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print a line about a control when it is over."""
        name = report.nodeid.partition("[")[2].rpartition("]")[0]
        if report.failed and report.when != "call":
            self._broken.add(name)
        found = dict(report.user_properties).get(_PROPERTY)
        if found is None and not report.skipped:
            return
        if report.when == "setup" and report.skipped:
            self._trials[name] = Trial("unchanged")
        elif report.when == "teardown":
            trial = Trial(**json.loads(str(found)))
            if name in self._broken:
                trial.result = "not tried"
            self._trials[name] = trial
            parts = ", ".join(f"{part} {value:.1f}" for part, value in trial.seconds.items())
            total = sum(trial.seconds.values())
            self._terminal.ensure_newline()
            self._terminal.write_line(f"{trial.result:12} {total:6.1f} s  {name}  ({parts})")

    def pytest_terminal_summary(self) -> None:
        """Print how many controls had each result, and the names of those that are not red."""
        if not self._trials:
            return
        self._terminal.section("controls")
        counts = Counter(trial.result for trial in self._trials.values())
        for result, meaning in MEANINGS.items():
            if counts[result]:
                self._terminal.write_line(f"{counts[result]:4} {result}: {meaning}")
        for name, trial in self._trials.items():
            if trial.result not in {"killed", "unchanged"}:
                self._terminal.write_line(f"     {trial.result}: {name}")
