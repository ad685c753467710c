from __future__ import annotations

import re

from acceptance import exit_codes
from acceptance.project import ROOT


def test_the_readme_lists_every_exit_code_of_a_run() -> None:
    """A script that reads the exit code has to know each of them, that of a suite's error too."""
    constants = {name: value for name, value in vars(exit_codes).items() if name.isupper()}
    assert len(set(constants.values())) == len(constants)
    codes = set(constants.values())
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("| exit code |")[2]
    listed = re.findall(r"^\| (\d+) \| \S", table.partition("\n\n")[0], re.MULTILINE)
    assert {int(code) for code in listed} == codes
