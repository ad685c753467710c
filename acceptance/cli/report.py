"""`acceptance report`: shows a report again, or writes it in another form."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.cli.command import Command
from acceptance.errors import BrokenInput
from acceptance.readiness.report.markdown import markdown
from acceptance.readiness.report.page import page
from acceptance.readiness.report.schema import load
from acceptance.readiness.report.terminal import summary
from acceptance.readiness.report.write import as_json, write_file

if TYPE_CHECKING:
    import argparse

_FORMATS = ("terminal", "html", "md", "json")
_SUFFIXES = {".html": "html", ".htm": "html", ".md": "md", ".json": "json"}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "readiness",
        nargs="?",
        type=Path,
        default=Path("reports/readiness.json"),
        metavar="FILE",
        help="a readiness.json, with its evidence beside it (default: reports/readiness.json)",
    )
    parser.add_argument(
        "--format",
        choices=_FORMATS,
        help="what to write (default: by the output's name, else terminal)",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where to write (default: standard output)"
    )


def _run(options: argparse.Namespace) -> int:
    """Write the report in the wanted form; 0, whether it says ready or not: that asks the gate."""
    source: Path = options.readiness
    output: Path | None = options.output
    document = load(source)
    chosen = options.format
    if chosen is None:
        chosen = _SUFFIXES.get(output.suffix.lower(), "terminal") if output else "terminal"
    if chosen == "html":
        text = page(document, source.parent)
    elif chosen == "md":
        text = markdown(document)
    elif chosen == "json":
        text = as_json(document)
    else:
        text = f"{summary(document, source.parent, everything=True)}\n"
    if output is None:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.flush()
        return 0
    try:
        write_file(output, text)
    except OSError as error:
        message = f"{output} cannot be written: {error.strerror}. Try: --output in another folder"
        raise BrokenInput(message) from error
    return 0


COMMAND = Command(
    "report",
    _run,
    about="Show a readiness report again, or write it as one page, as Markdown or as JSON.",
    examples=(
        "  acceptance report\n"
        "  acceptance report reports/readiness.json --output readiness.html\n"
        "  acceptance report --format md --output comment.md"
    ),
    arguments=_arguments,
)
