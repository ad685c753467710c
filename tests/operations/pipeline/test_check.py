from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.project import ROOT
from operations.cli import main
from operations.pipeline import check as module
from operations.pipeline.check import check
from operations.pipeline.parts import BACKEND, FRONTEND


def only(monkeypatch: pytest.MonkeyPatch, part: str, *names: str) -> None:
    """Leave out the checks that take long."""
    chosen = tuple(each for each in module._CHECKS[part] if each[0] in names)
    monkeypatch.setitem(module._CHECKS, part, chosen)


def test_each_mistake_is_told_by_check_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All checks run, although the first has failed."""
    only(monkeypatch, "backend", "locked dependencies", "compile", "lint", "format")
    folder = tmp_path / "checkout" / "backend"
    folder.mkdir(parents=True)
    (folder / "broken.py").write_text("def f(:\n")
    (folder / "unused.py").write_text("import os\nx = [1,2]\n")
    found = check(BACKEND, tmp_path)
    at = "checkout/backend"
    assert (
        f"check failed: locked dependencies: {at}: the lock file requirements.txt is missing"
        in found
    )
    assert f"check failed: compile: {at}/broken.py:1 invalid syntax" in found
    assert any(each.startswith(f"check failed: lint: {at}/unused.py:1 F401") for each in found)
    assert f"check failed: format: {at}/unused.py:2 unformatted: File would be reformatted" in found


def test_the_frontend_is_linted_by_the_rules_of_the_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of the part that switches rules off or ignores files does nothing."""
    only(monkeypatch, "frontend", "lint")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "oxlint").symlink_to(ROOT / "tools" / "oxlint")
    folder = tmp_path / "checkout" / "frontend"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "a.ts").write_text("export const a = 1;\ndebugger;\n")
    (folder / ".oxlintrc.json").write_text(
        '{"ignorePatterns": ["src"], "rules": {"no-debugger": "off"}}'
    )
    (folder / ".eslintignore").write_text("src\n")
    (found,) = check(FRONTEND, tmp_path)
    assert found.startswith("check failed: lint: checkout/frontend/src/a.ts:2 `debugger` statement")


def test_a_check_that_cannot_run_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told as the others are, and the exit code is 1."""
    only(monkeypatch, "frontend", "locked dependencies", "lint")
    (tmp_path / "checkout" / "frontend").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert main(["pipeline", "check", "frontend"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "check failed: lint: oxlint is not installed. Try: make setup"
    )


def test_messages_of_the_compilers_are_understood() -> None:
    """As mypy and tsc write them; other lines are no mistakes."""
    mypy = 'tests/a.py:3: error: Name "x" is not defined  [name-defined]\nFound 1 error\n'
    assert list(module._mistakes(BACKEND, mypy, module._MYPY)) == [
        'checkout/backend/tests/a.py:3 Name "x" is not defined  [name-defined]'
    ]
    tsc = "src/a.ts(3,5): error TS2322: Type 'string' is not assignable.\n  More of it.\n"
    assert list(module._mistakes(FRONTEND, tsc, module._TSC)) == [
        "checkout/frontend/src/a.ts:3 error TS2322: Type 'string' is not assignable."
    ]
