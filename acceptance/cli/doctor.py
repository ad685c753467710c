"""`make doctor`: what this machine can run, what is missing, and the exact remedy for each."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from acceptance.build.cache import cache_root
from acceptance.errors import AcceptanceError, EnvironmentFailure
from acceptance.machine import BROWSERS, CERTUTIL, EMBEDDED_NEEDS, MachineFacts, look_at_machine
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
class Lack:
    """Something that is missing, and what to do about it."""

    what: str
    remedy: str


@dataclass(frozen=True)
class Diagnosis:
    """Whether this machine can have one kind of cluster."""

    driver: str
    about: str
    lacks: tuple[Lack, ...]

    @property
    def available(self) -> bool:
        """True if nothing is missing."""
        return not self.lacks


def diagnose(facts: MachineFacts, settings: Settings) -> tuple[Diagnosis, ...]:
    """Return a diagnosis for each way to have a cluster, in the order in which `auto` tries them.

    Unlike a run, which stops at the first thing that is missing, this names all of them.
    """
    return (
        Diagnosis("k3d", "k3s in containers, made for the run", _lacks_of_k3d(facts)),
        Diagnosis(
            "embedded", "Kubernetes in namespaces, made for the run", _lacks_of_embedded(facts)
        ),
        Diagnosis("existing", "a cluster that is there already", _lacks_of_existing(settings)),
    )


def lacks_of_machine(facts: MachineFacts) -> tuple[Lack, ...]:
    """Return what is missing whichever cluster is used."""
    lacks = []
    if facts.python < PYTHON:
        version = ".".join(map(str, facts.python))
        lacks.append(
            Lack(f"Python 3.11 or newer (this is {version})", "make PYTHON=python3.12 setup")
        )
    if not facts.found & set(BROWSERS):
        lacks.append(Lack("a Chromium or Chrome, the visitor's browser", _browser_remedy(facts)))
    elif CERTUTIL.name not in facts.found:
        lacks.append(
            Lack(
                f"{CERTUTIL.name}, which {CERTUTIL.purpose}",
                f"make setup as root, or apt-get install {CERTUTIL.package}",
            )
        )
    if facts.free_gib < FREE_GIB:
        lacks.append(
            Lack(
                f"{FREE_GIB:.0f} GiB of space for the first run, in {cache_root()} "
                f"({facts.free_gib:.1f} GiB are free)",
                "free some there, or set XDG_CACHE_HOME to a folder on a bigger disk",
            )
        )
    if facts.memory_gib < MEMORY_GIB:
        lacks.append(
            Lack(
                f"{MEMORY_GIB:.0f} GiB of memory (there are {facts.memory_gib:.1f})",
                'prove on a cluster elsewhere: make acceptance CLUSTER=existing (see "existing")',
            )
        )
    return tuple(lacks)


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
    general = lacks_of_machine(facts)
    for lack in general:
        _print_lack(console, lack)
    for diagnosis in diagnoses:
        word, colour = ("available", "green") if diagnosis.available else ("not here", "yellow")
        line = Text(f"\n{diagnosis.driver}: ")
        line.append(word, style=colour)
        line.append(f" – {diagnosis.about}")
        console.print(line)
        for lack in diagnosis.lacks:
            _print_lack(console, lack)
    usable = [diagnosis.driver for diagnosis in diagnoses if diagnosis.available]
    automatic = [driver for driver in usable if driver != "existing"]
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


def _lacks_of_k3d(facts: MachineFacts) -> tuple[Lack, ...]:
    lacks = []
    if "k3d" not in facts.found:
        lacks.append(Lack("k3d", "install k3d 5.5 or newer, as its documentation says"))
    if "docker" not in facts.found:
        lacks.append(Lack("docker", "install Docker Engine, as its documentation says"))
    elif facts.engine != "docker":
        problem = facts.engine_problem or "docker does not answer"
        lacks.append(Lack(f"a Docker that answers ({problem})", "start it, then try: docker info"))
    return tuple(lacks)


def _lacks_of_embedded(facts: MachineFacts) -> tuple[Lack, ...]:
    if facts.system != "linux":
        return (Lack(f"Linux (this is {facts.system})", "use k3d here, or a Linux machine"),)
    lacks = [] if facts.root else [Lack("root, for namespaces and mounts", "sudo make acceptance")]
    missing = [need for need in EMBEDDED_NEEDS if need.name not in facts.found]
    installs_itself = facts.root and "apt-get" in facts.found
    for need in missing:
        remedy = f"apt-get install --no-install-recommends {need.package}"
        if "apt-get" not in facts.found:
            remedy = f"install it by this system's means (Debian's package: {need.package})"
        elif installs_itself:
            remedy = f"make acceptance installs it, or: {remedy}"
        lacks.append(Lack(f"{need.name}, which {need.purpose}", remedy))
    return tuple(lacks)


def _lacks_of_existing(settings: Settings) -> tuple[Lack, ...]:
    lacks = []
    if settings.context is None:
        lacks.append(
            Lack(
                "the name of the context, which is never guessed",
                'set context = "…" in [tool.acceptance] of pyproject.toml '
                "(names: kubectl config get-contexts)",
            )
        )
    if not any(path.is_file() for path in _kubeconfigs(settings)):
        lacks.append(
            Lack(
                f"a kubeconfig ({' or '.join(map(str, _kubeconfigs(settings)))})",
                'set kubeconfig = "…" in [tool.acceptance], or the variable KUBECONFIG',
            )
        )
    return tuple(lacks)


def _kubeconfigs(settings: Settings) -> tuple[Path, ...]:
    """Return where the kubeconfig may be: one place, or the several that KUBECONFIG lists."""
    if settings.kubeconfig is not None:
        return (settings.kubeconfig,)
    named = tuple(Path(part) for part in os.environ.get("KUBECONFIG", "").split(":") if part)
    return named or (Path.home() / ".kube" / "config",)


def _browser_remedy(facts: MachineFacts) -> str:
    if facts.distribution == "debian":
        return "apt-get install chromium (make acceptance does it, as root)"
    return ".venv/bin/playwright install --with-deps chromium"


def _print_lack(console: Console, lack: Lack) -> None:
    console.print(Text(f"  missing: {lack.what}"))
    console.print(Text(f"    remedy: {lack.remedy}"))


if __name__ == "__main__":
    sys.exit(main())
