"""Keeps the table of deadlines in docs/reference/settings.md equal to acceptance/settings.py.

`python -m acceptance.domains.documentation.settings_table` writes it anew; a test says when that is due.
"""

from __future__ import annotations

import ast
import re
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

from acceptance.errors import AcceptanceError, BrokenInput
from acceptance.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_SETTINGS = "acceptance/settings.py"
_PAGE = "docs/reference/settings.md"
_BEGIN, _END = "<!-- deadlines: begin -->", "<!-- deadlines: end -->"
_HEAD = "| key | default in seconds | what has to happen in this time |\n| --- | --- | --- |\n"


def table(source: str) -> str:
    """Return the table of the deadlines that the class Timeouts in `source` has."""
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    body = next(node.body for node in classes if node.name == "Timeouts")
    rows = []
    for field, meaning in pairwise(body):
        if not isinstance(field, ast.AnnAssign):
            continue
        assert isinstance(field.target, ast.Name)
        assert field.value is not None
        assert isinstance(meaning, ast.Expr), f"{field.target.id} has no docstring"
        words = " ".join(str(ast.literal_eval(meaning.value)).split())
        default = f"{ast.literal_eval(field.value):g}"
        rows.append(f"| `timeouts.{field.target.id}` | {default} | {words} |\n")
    return _HEAD + "".join(rows)


def rewritten(page: str, source: str) -> str:
    """Return the page with the table that `source` makes.

    Raises `BrokenInput` if the page does not say where the table stands.
    """
    parts = re.split(f"({re.escape(_BEGIN)}|{re.escape(_END)})", page)
    if len(parts) != 5:  # noqa: PLR2004 (before, begin, table, end, after)
        raise BrokenInput(f"{_PAGE} has no place for the table. Try: {_BEGIN} and {_END} in it.")
    return "".join((*parts[:2], "\n\n", table(source), "\n", *parts[3:]))


def main(root: Path = ROOT) -> int:
    """Write the table anew."""
    page = root / _PAGE
    source = (root / _SETTINGS).read_text(encoding="utf-8")
    page.write_text(rewritten(page.read_text(encoding="utf-8"), source), encoding="utf-8")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AcceptanceError as problem:
        print(problem.message, file=sys.stderr)
        sys.exit(problem.exit_code)
