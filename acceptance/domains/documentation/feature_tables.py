"""Tables of scenarios, shown on pages: what is written about them is made from what is proved.

A page marks the place with the scenario's name:

    <!-- table: Everybody may do what is granted and nothing else -->
    <!-- table: end -->

`python -m acceptance.domains.documentation.feature_tables` writes the tables anew, between the two lines.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gherkin.errors import ParserException
from gherkin.parser import Parser

from acceptance.errors import AcceptanceError, BrokenInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FOLDER = "docs/security"
"""Where pages with tables are."""
_MARKED = re.compile(
    r"(?P<begin><!-- table: (?P<name>(?!end -->).+?) -->\n).*?(?P<end><!-- table: end -->)",
    re.DOTALL,
)


def read_tables(root: Path) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return the first table of each scenario that has one, by the scenario's name, row by row.

    Raises `BrokenInput` for a feature that cannot be read.
    """
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for path in sorted((root / "features").rglob("*.feature")):
        try:
            parsed: Any = Parser().parse(path.read_text(encoding="utf-8"))
        except (ParserException, OSError, ValueError) as error:
            raise BrokenInput(f"{path} cannot be read: {error}. Try: make test") from error
        for scenario in _scenarios(parsed.get("feature") or {}):
            tables = [step["dataTable"] for step in scenario["steps"] if "dataTable" in step]
            for table in tables[:1]:
                rows = (tuple(cell["value"] for cell in row["cells"]) for row in table["rows"])
                found[scenario["name"]] = tuple(rows)
    return found


def asked_for(text: str) -> tuple[str, ...]:
    """Return the scenarios whose tables a page shows."""
    return tuple(found["name"] for found in _MARKED.finditer(text))


def renewed(text: str, tables: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """Return a page with every table that is known written anew."""

    def write(found: re.Match[str]) -> str:
        rows = tables.get(found["name"])
        return found[0] if rows is None else f"{found['begin']}\n{_markdown(rows)}\n{found['end']}"

    return _MARKED.sub(write, text)


def pages(root: Path) -> tuple[Path, ...]:
    """Return the pages of a repository that show tables."""
    every = sorted((root / FOLDER).glob("*.md"))
    return tuple(path for path in every if asked_for(path.read_text(encoding="utf-8")))


def _scenarios(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for child in node.get("children", ()):
        if "scenario" in child:
            yield child["scenario"]
        yield from _scenarios(child.get("rule", {}))


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *body = [[re.sub(r"([|*_])", r"\\\1", cell) for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(root: Path) -> int:
    """Write the tables of all pages anew; return the exit code."""
    try:
        tables = read_tables(root)
    except AcceptanceError as error:
        print(error.message, file=sys.stderr)
        return error.exit_code
    for path in pages(root):
        text = path.read_text(encoding="utf-8")
        missing = [name for name in asked_for(text) if name not in tables]
        if missing:
            print(f"{path}: no scenario {missing[0]!r} has a table; left as it is.")
        path.write_text(renewed(text, tables), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parents[3]))
