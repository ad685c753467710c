"""Command line of `make bench`: measures, prints a table, and writes JSON."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from acceptance.errors import AcceptanceError
from acceptance.project import ROOT
from acceptance.settings import load_settings
from benchmarks.figures import Figure
from benchmarks.measures import MEASURES

_WIDTH = 160
"""A table has at least so many columns, so that a page can take it as it is."""
_RESULTS = Path(__file__).with_name("results")


def main(arguments: list[str]) -> int:
    """Run the chosen measures; return 0 even if a target is missed, as the machine may be busy."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("measure", nargs="*", help=f"of {', '.join(MEASURES)} (default: not cold)")
    parser.add_argument("--runs", type=int, default=3, help="repetitions of each measure")
    options = parser.parse_args(arguments)
    unknown = set(options.measure) - MEASURES.keys()
    if unknown or options.runs < 1:
        parser.error(f"unknown: {', '.join(sorted(unknown))}" if unknown else "--runs is below 1")
    settings = load_settings(ROOT)
    figures: list[Figure] = []
    for name in options.measure or [name for name in MEASURES if name != "cold"]:
        print(f"Measuring {name} …", file=sys.stderr, flush=True)
        try:
            figures += MEASURES[name](settings, options.runs)
        except AcceptanceError as error:
            print(error.message, file=sys.stderr)
            return error.exit_code
    _print(figures)
    print(f"Written to {_write(figures, options.runs).relative_to(ROOT)}")
    return 0


def _print(figures: list[Figure]) -> None:
    console = Console(width=max(Console().width, _WIDTH))
    table = _table("what", "median", "lowest", "highest", "target", "held")
    for figure in (each for each in figures if not each.row):
        held = "" if figure.target is None else "yes" if figure.held else "NO"
        target = "" if figure.target is None else f"≤ {figure.target:g} {figure.unit}"
        values = (figure.median, min(figure.values), max(figure.values))
        table.add_row(
            figure.name, *(f"{value:.2f} {figure.unit}" for value in values), target, held
        )
    if table.rows:
        console.print(table)
    for rows in grids(figures):
        names = [figure.name for figure in next(iter(rows.values()))]
        table = _table("", *names)
        for row, cells in rows.items():
            table.add_row(row, *map(str, cells))
        console.print(table)


def grids(figures: list[Figure]) -> list[dict[str, list[Figure]]]:
    """Return the figures that have rows, by row; rows with the same columns are one table."""
    rows: dict[str, list[Figure]] = {}
    for figure in figures:
        if figure.row:
            rows.setdefault(figure.row, []).append(figure)
    grids: dict[tuple[str, ...], dict[str, list[Figure]]] = {}
    for row, cells in rows.items():
        grids.setdefault(tuple(each.name for each in cells), {})[row] = cells
    return list(grids.values())


def _table(*columns: str) -> Table:
    return Table(*columns, box=MARKDOWN)


def _write(figures: list[Figure], runs: int) -> Path:
    now = dt.datetime.now(dt.UTC)
    _RESULTS.mkdir(exist_ok=True)
    path = _RESULTS / f"{now:%Y-%m-%dT%H-%M-%SZ}.json"
    document = {
        "schema": "checkout-acceptance/benchmark/1",
        "time": now.isoformat(timespec="seconds"),
        "machine": {"processors": os.cpu_count(), "system": platform.platform()},
        "runs": runs,
        "figures": [{**asdict(each), "median": each.median, "held": each.held} for each in figures],
    }
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
