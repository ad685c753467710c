"""`acceptance tables`: writes the generated tables of all pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.cli.command import Command
from acceptance.domains.documentation.generated_tables import (
    pages_with_tables,
    read_tables,
    tables_on,
    with_tables,
)

if TYPE_CHECKING:
    import argparse

_FOLDER = "docs"
_EXAMPLES = """\
  acceptance tables

exit codes: 0 written, 65 a feature or the settings cannot be read"""


def _run(_: argparse.Namespace) -> int:
    root = Path.cwd()
    tables = read_tables(root)
    for path in pages_with_tables(root / _FOLDER):
        text = path.read_text(encoding="utf-8")
        page = path.relative_to(root)
        for name in tables_on(text):
            if name not in tables:
                print(f"{page}: no scenario {name!r} has a table, so it stays as it is")
        written = with_tables(text, tables)
        if written != text:
            path.write_text(written, encoding="utf-8")
            print(f"{page}: written")
    return 0


COMMAND = Command(
    "tables",
    _run,
    about="Write the tables on pages that are made from scenarios and settings.",
    examples=_EXAMPLES,
    arguments=lambda _: None,
)
