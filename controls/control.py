"""What a control is, and the run in which a scenario meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_bdd.scenario import make_python_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from controls.saboteur import Saboteur

ROOT = Path(__file__).parents[1]
_SECONDS = 600.0


@dataclass(frozen=True)
class Control:
    """A sabotage, and how the scenario has to speak of it."""

    item: str
    scenario: str
    """As in the feature file; with the example in brackets, if it has examples."""
    sabotage: Callable[[Saboteur], None]
    """Its docstring says what a team would have done."""
    reason: str
    """A regular expression for the right reason: any other red proves nothing."""

    @property
    def test(self) -> str:
        """The name by which pytest knows the scenario."""
        name, bracket, example = self.scenario.partition(" [")
        return f"test_{make_python_name(name)}" + (f"[{example}" if bracket else "")

    def __str__(self) -> str:
        """Name the control by its item and sabotage."""
        return f"{self.item}-{self.sabotage.__name__}"


def prove(run: Path, reports: Path, *arguments: str) -> dict[str, Any]:
    """Prove the system of the run that was kept in `run` again; return the readiness report.

    Raises `AssertionError` with what pytest wrote if there is no report.
    """
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *(f"--attach={run}", f"--reports={reports}", *arguments),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    path = reports / "readiness.json"
    if not path.exists():
        raise AssertionError(f"There is no report:\n{done.stdout}{done.stderr}")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
