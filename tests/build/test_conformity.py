from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acceptance.build import conformity
from acceptance.build.conformity import main, problems
from acceptance.errors import EnvironmentFailure
from acceptance.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

HELLO = ROOT / "manifests/examples/hello"


def an_object(kind: str, version: str = "v1", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return an object with the name x."""
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, **more}


def test_each_group_has_its_own_findings() -> None:
    """A misspelt field and an unknown kind are found where they are, and nothing elsewhere.

    An object without a schema was not checked, which is not the same as valid.
    """
    container = {"name": "main", "readynessProbe": {}}
    found = problems(
        {
            "sound": [an_object("ConfigMap", data={"A": "b"})],
            "misspelt": [an_object("Pod", spec={"containers": [container]})],
            "unknown": [an_object("Service"), an_object("Deploiment", "apps/v1")],
        }
    )
    assert found["sound"] == ()
    (misspelt,) = found["misspelt"]
    assert "Pod x" in misspelt
    assert "readynessProbe" in misspelt
    (unknown,) = found["unknown"]
    assert unknown.startswith("Deploiment x: ")


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without its program or the schemas nothing was checked, and the remedy is named."""
    monkeypatch.setattr(conformity, "_SCHEMAS", tmp_path / "schemas")
    with pytest.raises(EnvironmentFailure, match=r"schemas is not installed\. Try: make setup"):
        problems({"any": [an_object("ConfigMap")]})


def test_an_object_that_was_not_looked_at_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A program that looks at less than everything has not said that all is well."""
    blind = tmp_path / "kubeconform"
    answer = '{"resources": [], "summary": {"valid": 1, "invalid": 0, "errors": 0}}'
    blind.write_text(f"#!/bin/sh\necho '{answer}'\n")
    blind.chmod(0o755)
    monkeypatch.setattr(conformity, "_PROGRAM", blind)
    with pytest.raises(EnvironmentFailure, match="checked 1 of 2 objects"):
        problems({"any": [an_object("ConfigMap"), an_object("Service")]})


def test_the_command_fails_on_a_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command line ends with 65 when one object is wrong, and names it."""
    monkeypatch.setattr(conformity, "overlays", lambda: (HELLO,))
    monkeypatch.setattr(conformity, "problems", lambda groups: dict.fromkeys(groups, ()))
    assert main() == 0
    wrong = ("Deployment web: wrong",)
    monkeypatch.setattr(conformity, "problems", lambda groups: dict.fromkeys(groups, wrong))
    assert main() == 65
    assert capsys.readouterr().out.endswith("1 wrong\n  Deployment web: wrong\n")
