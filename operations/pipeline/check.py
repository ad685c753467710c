"""`operations pipeline check`: checks the locked dependencies, compiles and lints."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, TypeAlias

from acceptance.build.cache import cache_root
from acceptance.errors import AcceptanceError, EnvironmentFailure
from acceptance.process import run, tail
from acceptance.setup.npm import node_folder
from operations.pipeline.locks import unlocked_npm, unlocked_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from operations.pipeline.parts import Part

    Check: TypeAlias = "Callable[[Path, Part], list[str]]"

_SECONDS = 300.0
_ANY_CODE = range(-64, 256)

_MYPY = re.compile(r"(?P<file>[^:]+):(?P<line>\d+): error: (?P<what>.*)")
_LINE = re.compile(r"(?P<file>[^:]+):(?P<line>\d+):\d+: (?P<what>.*)")
"""What ruff and oxlint find."""
_TSC = re.compile(r"(?P<file>[^(]+)\((?P<line>\d+),\d+\): (?P<what>.*)")

_OXLINT = "tools/oxlint"


def check(part: Part, root: Path) -> tuple[str, ...]:
    """Run all checks of `part` in the repository `root`; return a line for each mistake.

    A check that cannot run has failed, and the others are run too.
    """
    found = []
    for name, each in _CHECKS[part.name]:
        try:
            mistakes = each(root, part)
        except AcceptanceError as error:
            mistakes = [error.message]
        found += [f"check failed: {name}: {mistake}" for mistake in mistakes]
        print(f"{part.name}: {name}: {f'{len(mistakes)} wrong' if mistakes else 'sound'}")
    return tuple(found)


def _locked_backend(root: Path, part: Part) -> list[str]:
    found = unlocked_python(root / part.folder, "requirements.txt", "requirements.in")
    return [f"{part.folder}: {each}" for each in found]


def _locked_frontend(root: Path, part: Part) -> list[str]:
    folder = root / part.folder
    found = unlocked_npm(folder) + unlocked_python(folder, "requirements-node.txt")
    return [f"{part.folder}: {each}" for each in found]


def _compiled(root: Path, part: Part) -> list[str]:
    """Compile each module without writing anything."""
    found = []
    modules = sorted((root / part.folder).rglob("*.py"))
    for path in modules:
        try:
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            what = getattr(error, "msg", None) or str(error)
            found.append(f"{path.relative_to(root)}:{line} {what}")
    return found if modules else [f"{part.folder} has no module"]


def _typed_backend(root: Path, part: Part) -> list[str]:
    return _told(root, part, [sys.executable, "-m", "mypy", "--no-color-output"], _MYPY)


def _linted_backend(root: Path, part: Part) -> list[str]:
    command: list[str | Path] = [sys.executable, "-m", "ruff", "check", "--no-cache"]
    return _told(root, part, [*command, "--output-format=concise", "."], _LINE)


def _formatted_backend(root: Path, part: Part) -> list[str]:
    command: list[str | Path] = [sys.executable, "-m", "ruff", "format", "--no-cache", "--check"]
    return _told(root, part, [*command, "--output-format=concise", "."], _LINE)


def _typed_frontend(root: Path, part: Part) -> list[str]:
    compiler = root / part.folder / "node_modules" / "typescript" / "bin" / "tsc"
    if not compiler.exists():
        raise EnvironmentFailure("TypeScript is not installed. Try: make setup")
    return _told(root, part, [*_node(), compiler, "--noEmit", "--pretty", "false"], _TSC)


def _linted_frontend(root: Path, part: Part) -> list[str]:
    # The rules are those of tools/oxlint: no file of the part may switch them off.
    rules = ("--disable-nested-config", "--no-ignore", "--report-unused-disable-directives")
    config = f"--config={root / _OXLINT / 'oxlintrc.json'}"
    program = root / _OXLINT / "node_modules" / "oxlint" / "bin" / "oxlint"
    if not program.exists():
        raise EnvironmentFailure("oxlint is not installed. Try: make setup")
    return _told(root, part, [*_node(), program, config, *rules, "--format=unix", "."], _LINE)


def _node() -> list[str | Path]:
    return [node_folder() / "bin" / "node"]


def _told(root: Path, part: Part, command: list[str | Path], form: re.Pattern[str]) -> list[str]:
    """Run a program in the folder of `part`; return what it finds, by file and line.

    A program that fails and finds nothing is quoted.
    """
    environment = {
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MYPY_CACHE_DIR": str(cache_root() / f"mypy-{part.name}"),
    }
    folder = root / part.folder
    done = run(command, cwd=folder, timeout=_SECONDS, env=environment, accepted=_ANY_CODE)
    if not done.code:
        return []
    found = list(_mistakes(part, done.stdout, form))
    return found or [f"exit code {done.code}: {tail(done.stderr or done.stdout, 5)}"]


def _mistakes(part: Part, output: str, form: re.Pattern[str]) -> Iterator[str]:
    for match in filter(None, map(form.fullmatch, output.splitlines())):
        each = match.groupdict()
        file = f"{part.folder}/{each['file'].removeprefix('./')}"
        yield f"{file}:{each['line']} {each['what']}"


_CHECKS: dict[str, tuple[tuple[str, Check], ...]] = {
    "backend": (
        ("locked dependencies", _locked_backend),
        ("compile", _compiled),
        ("types", _typed_backend),
        ("lint", _linted_backend),
        ("format", _formatted_backend),
    ),
    "frontend": (
        ("locked dependencies", _locked_frontend),
        ("compile", _typed_frontend),
        ("lint", _linted_frontend),
    ),
}
