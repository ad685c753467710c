from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.errors import BrokenInput
from operations.cli import main
from operations.pipeline import command
from operations.pipeline.parts import BACKEND


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["test", "backend"], "reports"),
        (["image", "frontend"], "output"),
        (["push", "backend", "--image", "i"], "registry"),
    ],
)
def test_a_missing_option_is_named(
    arguments: list[str], option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is done."""
    assert main(["pipeline", *arguments]) == BrokenInput.exit_code
    assert capsys.readouterr().err == (
        f"operations pipeline {arguments[0]} needs an option. Try: --{option}\n"
    )


def test_each_fault_is_a_line_and_the_exit_code_is_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A relative folder is one of the folder that the step runs in."""
    given: list[object] = []

    def test(part: object, *_: object, reports: Path) -> tuple[str, ...]:
        given.extend((part, reports))
        return ("test missing: a", "test missing: b")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "test", test)
    assert main(["pipeline", "test", "backend", "--reports", "r"]) == 1
    assert given == [BACKEND, tmp_path / "r"]
    assert capsys.readouterr().err == "test missing: a\ntest missing: b\n"
