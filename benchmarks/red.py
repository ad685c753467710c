"""Measures how soon a scenario sees that something is wrong, beside how soon it passes."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure
from acceptance.process import run, tail
from acceptance.project import ROOT
from benchmarks.figures import Figure

if TYPE_CHECKING:
    from acceptance.settings import Settings

CONTROLS = (
    "single_backend_replica",
    "backend_pod_without_service",
    "api_routed_to_frontend",
    "wrong_ingress_class",
    "scripts_not_served",
    "password_in_configmap",
    "readiness_probe_without_database",
    "second_ingress_without_tls",
)
"""Sabotages that leave the system wrong and still, one for each thing that a scenario waits for."""
_SECONDS = 3600.0
_LINE = re.compile(r"(?m)^killed .*? s  (\S+)  \(.*; green ([\d.]+), red ([\d.]+)\)")


def red(settings: Settings, runs: int) -> list[Figure]:
    """Measure on a new cluster the seconds of a scenario, green and red, for some controls.

    Raises `EnvironmentFailure` if none of them was killed.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(runs):
        for name, green, seconds in read_times(_controls(settings)):
            found.setdefault(name, []).append((green, seconds))
    return [figure for name, times in found.items() for figure in _row(name, times)]


def read_times(output: str) -> list[tuple[str, float, float]]:
    """Return name, green and red seconds of each control that was killed."""
    return [(name, float(green), float(seen)) for name, green, seen in _LINE.findall(output)]


def _row(name: str, times: list[tuple[float, float]]) -> list[Figure]:
    green = tuple(each for each, _ in times)
    seen = tuple(each for _, each in times)
    late = tuple(max(0.0, each - 3 * first - 10) for first, each in times)
    return [
        Figure("green", "s", green, row=name),
        Figure("red", "s", seen, row=name),
        Figure("beyond 3 × green + 10 s", "s", late, target=0.0, row=name),
    ]


def _controls(settings: Settings) -> str:
    command = [sys.executable, "-m", "pytest", "controls", "-q", "-p", "no:allure_pytest", "--all"]
    command += [f"--cluster={settings.cluster}", "-k", " or ".join(CONTROLS)]
    done = run(command, cwd=ROOT, timeout=_SECONDS, accepted=range(6))
    if not read_times(done.stdout):
        raise EnvironmentFailure(f"No control was killed: {tail(done.stdout, 5)}")
    return done.stdout
