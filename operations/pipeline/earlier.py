"""Which tests a part had before the change: a change that removes one must not stay unseen."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure
from operations.pipeline.bases import bases_of_tests
from operations.pipeline.history import below
from operations.pipeline.parts import PIPELINE
from operations.pipeline.suites import list_tests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operations.pipeline.history import History
    from operations.pipeline.parts import Part
    from operations.pipeline.suites import KnownTest

_LOOK_BACK = 5
"""How many commits may follow each other whose tests cannot be imported."""


def earlier_tests(
    part: Part, history: History, environment: Mapping[str, str]
) -> tuple[KnownTest, ...]:
    """Return the tests of the commits to compare with, if the change may have removed some.

    Raises `EnvironmentFailure` when they cannot be listed: then nothing is known to be there still.
    """
    bases = bases_of_tests(history, environment)
    if not bases:
        print(f"{part.name}: there is no commit whose tests have to be there still")
    # Commits with the same files have the same tests.
    distinct = {history.content(base, part.folder): base for base in bases}
    found: list[KnownTest] = []
    for base in distinct.values():
        if below(history.changed(base), (part.folder, PIPELINE)):
            found += _tests_of(part, history, base)
        else:
            print(f"{part.name}: its tests are those of {base[:12]}")
    return tuple(found)


def _tests_of(part: Part, history: History, base: str) -> tuple[KnownTest, ...]:
    """Return the tests of `base`, or of the last commit before it whose tests can be imported."""
    commit = base
    for _ in range(_LOOK_BACK):
        with tempfile.TemporaryDirectory(prefix="pipeline-base-") as temporary:
            folder = history.export(commit, part.folder, Path(temporary))
            tests = _listed(part, history, folder) if folder else ()
        if tests is not None:
            print(f"{part.name}: {len(tests)} tests of {commit[:12]} have to be there still")
            return tests
        print(f"{part.name}: the tests of {commit[:12]} cannot be listed")
        commit = history.parent(commit)
        if not commit:
            break
    raise EnvironmentFailure(
        f"The tests of the {part.name} in {base[:12]} cannot be listed, so a missing one would not "
        f"be seen. Try: git switch --detach {base[:12]}, and run the suite there."
    )


def _listed(part: Part, history: History, folder: Path) -> tuple[KnownTest, ...] | None:
    installed = history.root / part.folder / "node_modules"
    if installed.exists():
        (folder / "node_modules").symlink_to(installed.resolve())
    return list_tests(folder, of_pytest=bool(part.suites[0].select))
