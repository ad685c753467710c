from __future__ import annotations

import subprocess
import sys

import pytest

from acceptance.cli.__main__ import COMMANDS, main
from acceptance.project import ROOT


def test_each_command_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """`acceptance --help` says what there is."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    listed = capsys.readouterr().out
    assert all(f"\n    {name} " in listed for name in COMMANDS)


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With the names of those that there are."""
    with pytest.raises(SystemExit) as ended:
        main(["prove"])
    assert ended.value.code == 2
    assert "trace" in capsys.readouterr().err


def test_the_version_is_that_of_the_project(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was installed."""
    monkeypatch.setattr("importlib.metadata.version", lambda name: f"1.2 of {name}")
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == "acceptance 1.2 of checkout-acceptance\n"


def test_a_command_imports_nothing_of_the_others() -> None:
    """Each needs libraries that take their time."""
    code = (
        "import sys; from acceptance.cli.__main__ import main\n"
        "try: main(['gate', '--help'])\n"
        "finally: print([each for each in sys.modules if each.startswith('acceptance.cli.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "acceptance.cli.gate" in done.stdout
    for name in set(COMMANDS) - {"gate"}:
        assert f"acceptance.cli.{name}" not in done.stdout
