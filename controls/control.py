"""What a control is, how a sabotage becomes one, and the run that has to see it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_bdd.scenario import make_python_name

from acceptance import domains
from acceptance.deployment.stacks import needed_stacks
from acceptance.project import ROOT
from acceptance.readiness.traceability import feature_files, read_features

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

    from controls.saboteur import Saboteur

DOMAINS = {found.name for found in iter_modules(domains.__path__) if found.ispkg}
_SECONDS = 1800.0


Sabotage: TypeAlias = "Callable[[Saboteur], None]"


@dataclass(frozen=True)
class Control:
    """A sabotage, the scenario that has to see it, and what that scenario has to say."""

    item: str
    scenario: str
    """As in the feature file; with the example in brackets, if it has examples."""
    sabotage: Sabotage
    """Its docstring says what a team would have done."""
    expects: str
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


_CONTROLS: list[Control] = []


def control(
    item: str, scenario: str, *, expects: str, verdict: str = "unmet"
) -> Callable[[Sabotage], Sabotage]:
    """Say which scenario has to see the sabotage below, and how it has to word it.

    A sabotage that several scenarios have to see has one line for each.
    """

    def register(sabotage: Sabotage) -> Sabotage:
        _CONTROLS.append(Control(item, scenario, sabotage, expects, verdict))
        return sabotage

    return register


def sabotage_modules() -> list[ModuleType]:
    """Return the modules of this folder that have sabotages: named by their domain, or after it."""
    names = [found.name for found in iter_modules([str(Path(__file__).parent)])]
    return [import_module(f"controls.{name}") for name in names if _is_of_a_domain(name)]


def _is_of_a_domain(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}_") for name in DOMAINS)


def all_controls() -> tuple[Control, ...]:
    """Return the controls of all domains, by item."""
    sabotage_modules()
    return tuple(sorted(_CONTROLS, key=lambda each: (each.item, each.scenario)))


def stacks_needed_by(controls: Iterable[Control]) -> tuple[str, ...]:
    """Return the stacks that the scenarios of `controls` need, by their tags."""
    wanted = {(each.item, each.scenario.partition(" [")[0]) for each in controls}
    features, _ = read_features(feature_files(ROOT / "features"))
    tags = {
        tag.name
        for feature in features
        for rule in feature.rules
        for scenario in rule.scenarios
        if any((name, scenario.name) in wanted for name in rule.tag_names(scenario))
        for tag in (*feature.tags, *rule.tags, *scenario.tags)
    }
    return needed_stacks(tags)


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
