"""Makes promtool's unit tests of the rules from the cases, and runs them.

`python -m acceptance.build.rule_tests` runs them for both variants, with the promtool that is named
or that an earlier run has built. It takes less than a minute of a processor.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.build.alert_rules import FOLDER, SERVICE_LEVELS, VARIANTS, numbers, windows
from acceptance.build.cache import cache_root
from acceptance.build.rule_cases import ALWAYS, CASES, HEALTHY
from acceptance.errors import AcceptanceError, BrokenInput, EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.build.alert_rules import Variant
    from acceptance.build.rule_cases import Firing, RuleCase

RULE_FILES = ("recording.yaml", "alerts.yaml", SERVICE_LEVELS)
"""The files of a variant that have rules."""
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_TIMEOUT_SECONDS = 300.0
_FRUGAL = {"GOMAXPROCS": "1", "GOGC": "off", "GOMEMLIMIT": "512MiB"}
"""promtool ends before it has to collect garbage: without that it takes three quarters."""
_QUIET_STEPS = 4
"""For how many scrapes the system is healthy before a cause."""


@dataclass(frozen=True)
class _Pace:
    scrape: float
    evaluation: float


# Every second scrape of production is enough here, and takes half the time.
_PACES: dict[str, _Pace] = {"production": _Pace(30, 30), "short": _Pace(5, 1)}


def seconds(duration: str) -> float:
    """Return a duration of Prometheus, such as 5m, in seconds."""
    found = re.fullmatch(r"(\d+)([smhd])", duration)
    if found is None:
        raise BrokenInput(f"{duration} is no duration, such as 5m. Try: correct numbers.yaml.")
    return int(found[1]) * _UNITS[found[2]]


def unit_tests(variant: Variant, rules: Path, cases: Sequence[RuleCase] = CASES) -> dict[str, Any]:
    """Return the document of promtool that tests the rules of a variant, which lie in `rules`."""
    pace = _PACES[variant]
    return {
        "rule_files": [str(rules / name) for name in RULE_FILES],
        "evaluation_interval": f"{pace.evaluation:g}s",
        "tests": [_unit_test(case, variant, pace) for case in cases],
    }


def check_rules(
    promtool: Path, variant: Variant, folder: Path = FOLDER, cases: Sequence[RuleCase] = CASES
) -> str | None:
    """Test the rules of a variant with promtool; return what it finds wrong, None if nothing.

    Raises `BrokenInput` when there is no case.
    """
    if not cases:
        raise BrokenInput("There is no case for the rules. Try: git status")
    document = unit_tests(variant, (folder / variant).resolve(), cases)
    with tempfile.TemporaryDirectory(prefix="rules-") as temporary:
        path = Path(temporary, f"{variant}.yaml")
        # JSON is YAML too, and is written much faster.
        path.write_text(json.dumps(document), encoding="utf-8")
        try:
            run([promtool, "test", "rules", path], timeout=_TIMEOUT_SECONDS, env=_FRUGAL)
        except EnvironmentFailure as error:
            return error.message
    return None


def built_promtool() -> Path | None:
    """Return the newest promtool in the build cache; None if none was built yet."""
    found = (cache_root() / "node-prometheus").glob("*/promtool")
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def main(arguments: list[str]) -> int:
    """Test the rules of both variants; return 0, or 65 when a case does not hold."""
    program = Path(arguments[0]).resolve() if arguments else built_promtool()
    if program is None:
        raise EnvironmentFailure(
            "promtool is not built yet. Try: make acceptance, which builds it for the metrics."
        )
    wrong = 0
    for variant in VARIANTS:
        fault = check_rules(program, variant)
        print(f"{variant}: {fault or f'{len(CASES)} cases hold'}")
        wrong += fault is not None
    return BrokenInput.exit_code if wrong else 0


def _unit_test(case: RuleCase, variant: Variant, pace: _Pace) -> dict[str, Any]:
    known = {**numbers(variant), **windows(variant)}
    quiet = _QUIET_STEPS * pace.scrape
    if case.settle:
        quiet = max(quiet, seconds(known[case.settle]))
    # An alert may see what another rule records only when it is evaluated next.
    later = pace.evaluation if case.immediate else 0.0
    moments = [(quiet + seconds(known[when]) + later, firing) for when, firing in case.firing]
    last = max(at for at, _ in moments)
    times = [number * pace.scrape for number in range(int(last // pace.scrape) + 2)]
    series = {**HEALTHY, **case.changed}
    expected: list[tuple[float, Firing]] = list(moments)
    if not case.immediate:
        # Just before, nothing fires: neither before the cause, nor while it is pending.
        first, _ = moments[0]
        expected = [(quiet - pace.evaluation, {}), (first - pace.evaluation, {}), *moments]
    return {
        "name": case.name,
        "interval": f"{pace.scrape:g}s",
        "input_series": [
            {"series": name, "values": " ".join(values(times, quiet))}
            for name, values in series.items()
        ],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname, severity) (ALERTS{alertstate="firing"})',
                "eval_time": f"{at:g}s",
                "exp_samples": _samples({**ALWAYS, **firing}),
            }
            for at, firing in expected
        ],
    }


def _samples(firing: Firing) -> list[dict[str, Any]]:
    named = ((*each.split(), count) for each, count in firing.items())
    return [
        {"labels": f'{{alertname="{alert}",severity="{severity}"}}', "value": count}
        for alert, severity, count in named
    ]


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except AcceptanceError as problem:
        print(problem.message, file=sys.stderr)
        sys.exit(problem.exit_code)
