"""`acceptance trace`: prints the scenarios, steps and evidence of each item."""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from acceptance.cli.command import Command
from acceptance.errors import BrokenInput
from acceptance.readiness.traceability import trace
from acceptance.readiness.tracker import parse
from acceptance.settings import load_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from acceptance.readiness.traceability import TraceabilityMatrix
    from acceptance.readiness.tracker import Tracker

_WIDTH = 200  # of a table that goes into a file or a pipe
_EXAMPLES = """\
  acceptance trace
  acceptance trace --format csv > trace.csv
  acceptance trace --format json --reports reports

exit code: 0, or 65 if tracker, features and steps do not fit together (stderr says why)"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=("table", "json", "csv"), default="table", help="default: table"
    )
    parser.add_argument(
        "--reports",
        type=Path,
        metavar="FOLDER",
        help="with the readiness.json of a run: verdicts and evidence (default: the setting)",
    )
    parser.add_argument(
        "--features",
        type=Path,
        default=Path("features"),
        metavar="FOLDER",
        help="default: features",
    )
    parser.add_argument(
        "--steps", type=Path, default=Path("steps"), metavar="FOLDER", help="default: steps"
    )


def run(options: argparse.Namespace) -> int:
    """Print the matrix; the sentence about it goes to stderr where stdout is for programs.

    Raises `BrokenInput` for a tracker or a report that cannot be read.
    """
    settings = load_settings(Path.cwd())
    tracker = parse(settings.tracker)
    readiness, note = _readiness(options.reports or settings.reports, tracker)
    matrix = trace(tracker, options.features, options.steps, readiness)
    aside = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    if options.format == "table":
        _print_table(matrix)
        print(matrix.sentence)
    else:
        if options.format == "json":
            print(json.dumps(matrix.to_dict(), indent=2, ensure_ascii=False))
        else:
            csv.writer(sys.stdout, lineterminator="\n").writerows(_lines(matrix))
        aside.print(matrix.sentence)
    if note:
        aside.print(note)
    for problem in matrix.problems:
        aside.print(str(problem))
    return BrokenInput.exit_code if matrix.problems else 0


def _readiness(folder: Path, tracker: Tracker) -> tuple[dict[str, Any] | None, str]:
    """Return the report of the last run, or None and the reason why it says nothing."""
    path = Path(os.path.relpath(folder)) / "readiness.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        assert isinstance(found["items"], list)
        made_of = found["tracker"]["sha256"]
    except FileNotFoundError:
        return None, f"No evidence is shown: there is no {path}. Try: pytest"
    except (OSError, ValueError, KeyError, TypeError, AssertionError) as error:
        raise BrokenInput(f"{path} is not a readiness report ({error!r}). Try: pytest") from error
    if made_of != tracker.sha256:
        return None, f"No evidence is shown: {path} was made of another tracker. Try: pytest"
    return found, ""


def _print_table(matrix: TraceabilityMatrix) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    table = Table(expand=True)
    table.add_column("item", no_wrap=True)
    for title, ratio in (("text", 2), ("scenario", 4), ("steps", 5), ("evidence", 3)):
        table.add_column(title, ratio=ratio, overflow="fold")
    for row in matrix.rows:
        evidence = "\n".join((row.verdict or "no run", *row.evidence))
        last = (row.item.id, row.item.text), evidence
        for each in row.scenarios or (None,):
            (name, text), seen = last
            scenario = f"{each.name}\n{each.feature}:{each.line}" if each else "no scenario"
            steps = [f"{step.keyword} {step.text}" for step in each.steps] if each else []
            table.add_row(*map(Text, (name, text, scenario, "\n".join(steps), seen)))
            last = ("", ""), ""
            if each is not None and each is not row.scenarios[-1]:
                table.add_row()
        table.add_section()
    console.print(table)


def _lines(matrix: TraceabilityMatrix) -> Iterator[tuple[str, ...]]:
    """Yield a line for each step; an item or scenario without any has one line of its own."""
    yield (
        "item",
        "text",
        "verdict",
        "scenario",
        "status",
        "feature",
        "step",
        "definition",
        "evidence",
    )
    for row in matrix.rows:
        head = (row.item.id, row.item.text, row.verdict)
        evidence = " ".join(row.evidence)
        if not row.scenarios:
            yield (*head, "", "", "", "", "", evidence)
        for each in row.scenarios:
            place = (each.name, each.status, f"{each.feature}:{each.line}")
            for step in each.steps:
                text = f"{step.keyword} {step.text}"
                yield (*head, *place, text, step.definition, evidence)


COMMAND = Command(
    "trace",
    run,
    about="Print each item's scenarios, steps and evidence, and how many items are covered.",
    examples=_EXAMPLES,
    arguments=_arguments,
)
