from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from acceptance.project import ROOT

PACKAGES = ("acceptance", "steps", "fixtures", "controls", "operations")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The packages of this project with every module empty, under this project's own rules."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.touch()
    return tmp_path


def lint(project: Path) -> subprocess.CompletedProcess[str]:
    """Check the imports of a project, as `make test` does."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache"], cwd=project, capture_output=True, text=True, check=False
    )


def test_a_project_that_imports_downwards_passes(project: Path) -> None:
    """Otherwise the failures below would prove nothing."""
    (project / "acceptance/domains/cluster/operator.py").write_text("import acceptance.drivers\n")
    (project / "acceptance/domains/recovery/__init__.py").write_text(
        "import acceptance.domains.traffic.visitor\n"
    )
    (project / "steps/cluster.py").write_text("import acceptance.domains.cluster\n")
    done = lint(project)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("acceptance/drivers/http.py", "acceptance.domains"),
        ("acceptance/waiting.py", "acceptance.clusters"),
        ("acceptance/readiness/verdict.py", "acceptance.actor"),
        ("acceptance/domains/network/__init__.py", "acceptance.domains.tls"),
        ("acceptance/domains/network/drivers/__init__.py", "acceptance.judgement"),
        ("acceptance/domains/cluster/__init__.py", "pytest"),
        ("acceptance/readiness/report/__init__.py", "allure_commons"),
        ("acceptance/setup/__init__.py", "rich"),
        ("acceptance/domains/secrets/__init__.py", "operations.rotation"),
        ("operations/rotation/__init__.py", "acceptance.readiness"),
        ("steps/cluster.py", "acceptance.drivers.http"),
        ("steps/cluster.py", "acceptance.domains.network.drivers"),
        ("fixtures/plugin.py", "controls"),
    ],
)
def test_an_import_that_points_up_or_out_is_found(
    project: Path, module: str, imported: str
) -> None:
    """Each rule sees the import that it is there for."""
    (project / module).write_text(f"import {imported}\n")
    done = lint(project)
    assert done.returncode == 1, done.stdout
    assert imported in done.stdout


def test_modules_that_import_each_other_are_found(project: Path) -> None:
    """A cycle makes two modules one, whatever their names say."""
    package = project / "acceptance/domains/tls"
    (package / "inspector.py").write_text("import acceptance.domains.tls.renewal\n")
    (package / "renewal.py").write_text("import acceptance.domains.tls.inspector\n")
    done = lint(project)
    assert done.returncode == 1, done.stdout
    assert "acceptance.domains.tls" in done.stdout
