"""`operations pipeline test`: runs the suites of a part, and sees that no test is left out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from operations.pipeline.declared import read_declared
from operations.pipeline.earlier import earlier_tests
from operations.pipeline.suites import run_suite
from operations.pipeline.verdict import problems_of_run, problems_of_tests

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from operations.pipeline.history import History
    from operations.pipeline.parts import Part


def test(
    part: Part, history: History, environment: Mapping[str, str], *, reports: Path
) -> tuple[str, ...]:
    """Run all suites of `part`; return a line for each fault. JUnit XML goes to `reports`.

    Raises `BrokenInput` when it is not declared how many tests there are, `EnvironmentFailure` when
    a program is missing.
    """
    today = datetime.now(UTC).date()
    declared = {each.name: read_declared(history.root, each.name, today) for each in part.suites}
    folder = history.root / part.folder
    before = earlier_tests(part, history, environment)
    runs, found = [], list[str]()
    for suite in part.suites:
        done = run_suite(folder, suite, reports / f"{suite.name.replace(' ', '-')}.xml")
        found += problems_of_run(done, declared[suite.name])
        runs.append(done)
        report, wanted = done.report, declared[suite.name].tests
        print(
            f"{suite.name}: {len(report.executed)} tests ran, {len(report.failed)} failed, "
            f"{len(report.skipped)} skipped; {wanted} are declared"
        )
    return (*found, *problems_of_tests(runs, declared, before))
