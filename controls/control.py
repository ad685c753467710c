"""What a control is, how a sabotage or a sound change becomes one, and the scenario it is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_bdd.scenario import make_python_name

from acceptance import domains
from acceptance.project import ROOT
from acceptance.readiness.traceability import feature_files, read_features

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from acceptance.readiness.traceability import Feature, Rule, Scenario
    from controls.saboteur import Saboteur

DOMAINS = {found.name for found in iter_modules(domains.__path__) if found.ispkg}


Sabotage: TypeAlias = "Callable[[Saboteur], None]"
MET = "met"


@dataclass(frozen=True)
class Control:
    """A change of the system, and what a scenario has to say of it.

    Of a sabotage it has to be red, for the right reason; beside a sound change it stays green.
    """

    item: str
    scenario: str
    """As in the feature file; with the example in brackets, if it has examples."""
    sabotage: Sabotage
    """Its docstring says what a team would have done."""
    expects: str
    """A regular expression for the right reason: any other red proves nothing."""
    verdict: str = "unmet"
    """`unverified` where the sabotage is that nobody can look, `met` for a sound change."""

    sound: bool = False
    """Whether the change is sound: then nothing may become unmet."""

    @property
    def status(self) -> str:
        """What the scenario has to become."""
        return {MET: "passed", "unmet": "failed"}.get(self.verdict, "skipped")

    @property
    def test(self) -> str:
        """The name by which pytest knows the scenario."""
        name, bracket, example = self.scenario.partition(" [")
        return f"test_{make_python_name(name)}" + (f"[{example}" if bracket else "")

    @property
    def node(self) -> str:
        """The node id of the scenario."""
        return f"features/test_features.py::{self.test}"

    def found_in(self, report: dict[str, Any]) -> dict[str, Any]:
        """Return what a readiness report says of the scenario."""
        name, _, example = self.scenario.partition(" [")
        shown = re.sub(r"<\w+>", example.rstrip("]"), name)
        item = next(item for item in report["items"] if item["id"] == self.item)
        found: dict[str, Any] = next(each for each in item["scenarios"] if each["name"] == shown)
        return found

    def __str__(self) -> str:
        """Name the control by its item and sabotage."""
        return f"{self.item}-{self.sabotage.__name__}"


_CONTROLS: list[Control] = []
_SOUND: list[Control] = []


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


def sound(
    item: str, scenario: str, *, expects: str = "", verdict: str = MET
) -> Callable[[Sabotage], Sabotage]:
    """Say which scenario has to stay passed while the change below, which is sound, is in force.

    With the verdict `unverified` it has to say in these words (`expects`) what it cannot know then.
    A change that several scenarios have to bear has one line for each.
    """

    def register(change: Sabotage) -> Sabotage:
        _SOUND.append(Control(item, scenario, change, expects, verdict, sound=True))
        return change

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


def sound_controls() -> tuple[Control, ...]:
    """Return the controls with sound changes, by item."""
    for found in iter_modules([str(Path(__file__).parent)]):
        if found.name.startswith("sound_"):
            import_module(f"controls.{found.name}")
    return tuple(sorted(_SOUND, key=lambda each: (each.item, each.scenario, str(each))))


@dataclass(frozen=True)
class Place:
    """Where a scenario stands."""

    feature: Feature
    rule: Rule
    scenario: Scenario

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the scenario, of its Rule and of its feature."""
        found = (*self.feature.tags, *self.rule.tags, *self.scenario.tags)
        return tuple(dict.fromkeys(tag.name for tag in found))


@cache
def _places() -> dict[tuple[str, str], Place]:
    features, _ = read_features(feature_files(ROOT / "features"))
    return {
        (item, scenario.name): Place(feature, rule, scenario)
        for feature in features
        for rule in feature.rules
        for scenario in rule.scenarios
        for item in rule.tag_names(scenario)
    }


def place_of(control: Control) -> Place:
    """Return where the scenario of a control stands; `KeyError` if there is no such scenario."""
    return _places()[control.item, control.scenario.partition(" [")[0]]
