"""`operations pipeline test`: runs the suites of a part, and sees that no test is left out."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from operations.pipeline.bases import bases_of_tests
from operations.pipeline.declared import read_declared
from operations.pipeline.history import below
from operations.pipeline.parts import PIPELINE
from operations.pipeline.suites import list_tests, run_suite
from operations.pipeline.verdict import problems_of_run, problems_of_tests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operations.pipeline.history import History
    from operations.pipeline.parts import Part
    from operations.pipeline.suites import KnownTest


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
    before = _tests_before(part, history, environment)
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


def _tests_before(
    part: Part, history: History, environment: Mapping[str, str]
) -> tuple[KnownTest, ...]:
    """Return the tests of the commits to compare with, if the change may have removed some."""
    bases = bases_of_tests(history, environment)
    if not bases:
        print(f"{part.name}: there is no commit whose tests have to be there still")
    # Commits with the same files have the same tests.
    distinct = {history.content(base, part.folder): base for base in bases}
    found: list[KnownTest] = []
    for base in distinct.values():
        if not below(history.changed(base), (part.folder, PIPELINE)):
            print(f"{part.name}: its tests are those of {base[:12]}")
            continue
        with tempfile.TemporaryDirectory(prefix="pipeline-base-") as temporary:
            folder = history.export(base, part.folder, Path(temporary))
            tests = _listed(part, history, folder) if folder else ()
        print(f"{part.name}: {len(tests)} tests of {base[:12]} have to be there still")
        found += tests
    return tuple(found)


def _listed(part: Part, history: History, folder: Path) -> tuple[KnownTest, ...]:
    installed = history.root / part.folder / "node_modules"
    if installed.exists():
        (folder / "node_modules").symlink_to(installed.resolve())
    return list_tests(folder, of_pytest=bool(part.suites[0].select))
