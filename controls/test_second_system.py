"""A second system, with names of its own, is proved like the first: no name is built in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from acceptance.readiness.tracker import Tracker
from acceptance.settings import Settings
from controls.edits import copy_repository

_SETTINGS = {
    "overlay": "manifests/examples/shop",
    "host": "shop.internal",
    "namespace": "shop",
    "backend": "shop-backend",
    "frontend": "shop-frontend",
    "database": "shop-database",
}
_SECONDS = 900.0


def test_another_system_is_proved(
    settings: Settings, tracker: Tracker, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    """The criteria are met for other workloads, another host and another namespace."""
    project = copy_repository(settings.root, tmp_path)
    _configure(project / "pyproject.toml")
    criteria = " or ".join(item.id for item in tracker.items if item.id.startswith("TASK-001-AC-"))
    cluster = pytestconfig.option.cluster or settings.cluster
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"--cluster={cluster}", "-m", criteria],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
        env={name: value for name, value in os.environ.items() if "PYTEST" not in name},
    )
    path = project / "reports" / "readiness.json"
    assert path.exists(), f"{done.stdout}{done.stderr}"
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["environment_failure"] is None
    said = {
        item["id"]: item["reason"]
        for item in report["items"]
        if item["id"].startswith("TASK-001-AC-") and item["verdict"] != "met"
    }
    if report["cluster"]["flavour"] != "k3s":
        assert "not k3s" in said.pop("TASK-001-AC-1")
    assert not said


def _configure(path: Path) -> None:
    """Point the suite at the second system; every setting has to be there to be changed."""
    text = path.read_text(encoding="utf-8")
    for name, value in _SETTINGS.items():
        text, count = re.subn(rf'^{name} = ".*"$', f'{name} = "{value}"', text, flags=re.MULTILINE)
        assert count == 1, name
    path.write_text(text, encoding="utf-8")
