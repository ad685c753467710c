"""What a control is, and the run in which a scenario meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_bdd.scenario import make_python_name

from acceptance.drivers import repository_copies

if TYPE_CHECKING:
    from collections.abc import Callable

    from controls.saboteur import Saboteur

ROOT = Path(__file__).parents[1]
_SECONDS = 1800.0


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
    verdict: str = "unmet"
    """`unverified` where the sabotage is that nobody can look."""

    @property
    def test(self) -> str:
        """The name by which pytest knows the scenario."""
        name, bracket, example = self.scenario.partition(" [")
        return f"test_{make_python_name(name)}" + (f"[{example}" if bracket else "")

    def __str__(self) -> str:
        """Name the control by its item and sabotage."""
        return f"{self.item}-{self.sabotage.__name__}"


def copy_repository(root: Path, into: Path) -> Path:
    """Return a clone of the repository `root` in the folder `into`, as the scenarios make one."""
    return repository_copies.copy_repository(root, into, timeout=_SECONDS)


def prove(kept: Path, reports: Path, *arguments: str) -> dict[str, Any]:
    """Prove the system of the run that was kept in `kept` again; return the readiness report.

    Raises `AssertionError` with what pytest wrote if there is no report.
    """
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *(f"--attach={kept}", f"--reports={reports}", *arguments),
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
