from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from acceptance.project import ROOT

IMAGE = f"r.invalid/team/backend@sha256:{'a' * 64}"
VARIABLES = {
    "DEPLOY_CONTEXT": "production",
    "SIGNING_PUBLIC_KEY": "the key",
    "GITHUB_REPOSITORY": "team/checkout",
}
TOLD = """#!/bin/sh
echo "$@" >> "$TOLD"
for each; do [ ! -f "$each" ] || cat "$each" >> "$TOLD"; done
[ "$4" != "$FAILS" ]
"""
"""Stands for the Python of the virtual environment: it notes how it is called."""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """The script in a folder of its own, whose commands do nothing."""
    found = tmp_path / "deploy.sh"
    shutil.copy(ROOT / "deploy.sh", found)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(TOLD, encoding="utf-8")
    python.chmod(0o755)
    return found


def run(script: Path, *arguments: str, **variables: str) -> tuple[int, str, list[str]]:
    """Return the exit code, what went wrong, and the commands that were run."""
    told = script.with_name("told")
    env = {"PATH": "/usr/bin:/bin", "TOLD": str(told), "FAILS": "", **variables}
    done = subprocess.run(
        [script, *arguments], env=env, capture_output=True, text=True, check=False
    )
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    return done.returncode, done.stderr, lines


def test_an_image_is_promoted_and_then_deployed(script: Path) -> None:
    """By its digest; what is not set is left to the command."""
    code, error, told = run(script, "backend", IMAGE, **VARIABLES)
    assert (code, error) == (0, "")
    promote, key, deploy = told
    assert promote.startswith("-m operations pipeline promote backend --key ")
    assert f"--registry r.invalid/team/backend --digest sha256:{'a' * 64} " in promote
    assert key == "the key"
    assert deploy == f"-m operations deploy backend --image {IMAGE} --context production"


def test_what_the_workflow_sets_reaches_the_command(script: Path) -> None:
    """Files that only this run can read have the certificates, and are gone afterwards."""
    given = {
        "DEPLOY_KUBECONFIG": "the kubeconfig",
        "DEPLOY_AUTHORITY": "the authority",
        "DEPLOY_NAMESPACE": "shop",
        "DEPLOY_ADDRESS": "10.0.0.1:443",
        "DEPLOY_KEEP": "5",
    }
    _, _, told = run(script, "backend", IMAGE, **VARIABLES, **given)
    deploy = told[2].split()
    for option, value in (("--namespace", "shop"), ("--address", "10.0.0.1:443"), ("--keep", "5")):
        assert deploy[deploy.index(option) + 1] == value
    assert told[3:] == ["the kubeconfig", "the authority"]
    for option in ("--kubeconfig", "--authority"):
        assert not Path(deploy[deploy.index(option) + 1]).exists()


def test_an_image_that_is_not_promoted_is_not_deployed(script: Path) -> None:
    """The exit code is that of the promotion."""
    code, _, told = run(script, "backend", IMAGE, **VARIABLES, FAILS="promote")
    assert code == 1
    assert len(told) == 2


@pytest.mark.parametrize("missing", [*VARIABLES])
def test_a_missing_variable_is_named(script: Path, missing: str) -> None:
    """Before anything is done."""
    variables = {name: value for name, value in VARIABLES.items() if name != missing}
    code, error, told = run(script, "backend", IMAGE, **variables)
    assert (code, told) == (65, [])
    assert error == f"{missing} is not set. Try: docs/operations/deployment.md\n"
    assert run(script, "backend", **VARIABLES)[:2] == (65, "usage: deploy.sh PART NAME@sha256:…\n")
