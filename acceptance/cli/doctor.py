"""`make doctor`: what this machine can run, what is missing, and the exact remedy for each."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from acceptance.build.cache import cache_root
from acceptance.cluster_drivers import CLUSTER_DRIVERS, ClusterDriver
from acceptance.clusters import MissingRequirement, driver_class
from acceptance.errors import AcceptanceError, EnvironmentFailure
from acceptance.machine import BROWSERS, CERTUTIL, MachineFacts, look_at_machine
from acceptance.project import ROOT
from acceptance.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence


FREE_GIB = 10.0
"""Space for the first run: toolchains, modules, binaries, the base image and three images."""

MEMORY_GIB = 4.0
"""3 GiB for the node and its system, and the browser and the tests beside it."""

PYTHON = (3, 11)


@dataclass(frozen=True)
class Diagnosis:
    """Whether this machine can have one kind of cluster."""

    name: str
    driver: ClusterDriver
    missing: tuple[MissingRequirement, ...]

    @property
    def available(self) -> bool:
        """True if nothing is missing."""
        return not self.missing


def diagnose(facts: MachineFacts, settings: Settings) -> tuple[Diagnosis, ...]:
    """Return a diagnosis for each way to have a cluster, in the order in which `auto` tries them.

    Unlike a run, which stops at the first thing that is missing, this names all of them.
    """
    return tuple(
        Diagnosis(name, driver, driver_class(name).missing(facts, settings))
        for name, driver in CLUSTER_DRIVERS.items()
    )


def missing_on_machine(facts: MachineFacts) -> tuple[MissingRequirement, ...]:
    """Return what is missing whichever cluster is used."""
    missing = []
    if facts.python < PYTHON:
        version = ".".join(map(str, facts.python))
        missing.append(
            MissingRequirement(
                f"Python 3.11 or newer (this is {version})", "make PYTHON=python3.12 setup"
            )
        )
    if not facts.found & set(BROWSERS):
        missing.append(
            MissingRequirement(
                "a Chromium or Chrome, the visitor's browser", _browser_remedy(facts)
            )
        )
    elif CERTUTIL.name not in facts.found:
        missing.append(
            MissingRequirement(
                f"{CERTUTIL.name}, which {CERTUTIL.purpose}",
                f"make setup as root, or apt-get install {CERTUTIL.package}",
            )
        )
    if facts.free_gib < FREE_GIB:
        missing.append(
            MissingRequirement(
                f"{FREE_GIB:.0f} GiB of space for the first run, in {cache_root()} "
                f"({facts.free_gib:.1f} GiB are free)",
                "free some there, or set XDG_CACHE_HOME to a folder on a bigger disk",
            )
        )
    if facts.memory_gib < MEMORY_GIB:
        missing.append(
            MissingRequirement(
                f"{MEMORY_GIB:.0f} GiB of memory (there are {facts.memory_gib:.1f})",
                'prove on a cluster elsewhere: make acceptance CLUSTER=existing (see "existing")',
            )
        )
    return tuple(missing)


def report(
    console: Console, facts: MachineFacts, diagnoses: Sequence[Diagnosis], chosen: str
) -> bool:
    """Print the findings and return whether `chosen` (as in the settings) can run."""
    console.print(
        Text(
            f"This machine: {facts.system} {facts.architecture}"
            f"{f' ({facts.distribution})' if facts.distribution else ''}, "
            f"Python {'.'.join(map(str, facts.python))}, {'root' if facts.root else 'not root'}, "
            f"{facts.memory_gib:.0f} GiB of memory, {facts.free_gib:.0f} GiB free"
        )
    )
    general = missing_on_machine(facts)
    for requirement in general:
        _print_missing(console, requirement)
    for diagnosis in diagnoses:
        word, colour = ("available", "green") if diagnosis.available else ("not here", "yellow")
        line = Text(f"\n{diagnosis.name}: ")
        line.append(word, style=colour)
        line.append(f" – {diagnosis.driver.about}")
        console.print(line)
        for requirement in diagnosis.missing:
            _print_missing(console, requirement)
    usable = [diagnosis.name for diagnosis in diagnoses if diagnosis.available]
    automatic = [name for name in usable if CLUSTER_DRIVERS[name].automatic]
    taken = next(iter(automatic), None) if chosen == "auto" else chosen
    can_run = taken in usable
    verdict = Text(f"\nmake acceptance (cluster {chosen}): ")
    if can_run and not general:
        verdict.append(f"can run here, on {taken}", style="green")
    elif can_run:
        verdict.append(f"finds {taken}, but lacks what is named at the top", style="yellow")
    else:
        verdict.append("cannot run here yet: follow one of the remedies above", style="red")
    console.print(verdict)
    return can_run and not general


def main() -> int:
    """Look at this machine and print what was found; 0 if the configured cluster can run."""
    try:
        settings = load_settings(ROOT)
        facts = look_at_machine(cache_root())
        chosen = os.environ.get("CLUSTER") or settings.cluster
        console = Console(highlight=False, soft_wrap=True)
        able = report(console, facts, diagnose(facts, settings), chosen)
    except AcceptanceError as error:
        print(error.message, file=sys.stderr)
        return error.exit_code
    return 0 if able else EnvironmentFailure.exit_code


def _browser_remedy(facts: MachineFacts) -> str:
    if facts.distribution == "debian":
        return "apt-get install chromium (make acceptance does it, as root)"
    return ".venv/bin/playwright install --with-deps chromium"


def _print_missing(console: Console, requirement: MissingRequirement) -> None:
    console.print(Text(f"  missing: {requirement.what}"))
    console.print(Text(f"    remedy: {requirement.remedy}"))


if __name__ == "__main__":
    sys.exit(main())
