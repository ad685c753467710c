from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from acceptance.project import ROOT


@pytest.fixture
def small_project(tmp_path: Path) -> Path:
    """A library of empty modules, one for each layer, under this project's own rules."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    package = tmp_path / "acceptance"
    for folder in ("actors", "drivers", "clusters", "report", "setup"):
        (package / folder).mkdir(parents=True)
        (package / folder / "__init__.py").touch()
    modules = "doctor images verdict evidence tracker outcome redaction progress cache process"
    for name in f"__init__ {modules} settings waiting machine errors".split():
        (package / f"{name}.py").touch()
    return tmp_path


def lint(project: Path) -> subprocess.CompletedProcess[str]:
    """Check the imports of a project, as `make test` does."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache"], cwd=project, capture_output=True, text=True, check=False
    )


def test_a_library_that_imports_downwards_passes(small_project: Path) -> None:
    """Otherwise the failures below would prove nothing."""
    (small_project / "acceptance/domains/__init__.py").write_text("import acceptance.drivers\n")
    done = lint(small_project)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("drivers/__init__.py", "acceptance.domains"),
        ("waiting.py", "acceptance.clusters"),
        ("verdict.py", "acceptance.drivers"),
        ("actors/__init__.py", "pytest"),
        ("report/__init__.py", "allure_commons"),
        ("setup/__init__.py", "rich"),
    ],
)
def test_an_import_that_points_up_or_out_is_found(
    small_project: Path, module: str, imported: str
) -> None:
    """The rules see upward imports, pytest below the steps, and a set-up that needs packages."""
    (small_project / "acceptance" / module).write_text(f"import {imported}\n")
    done = lint(small_project)
    assert done.returncode == 1, done.stdout
    assert imported in done.stdout
