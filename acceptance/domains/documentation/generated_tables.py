"""Tables on pages that are made from what they show: a scenario's table, or what is configured.

A page marks the place with the scenario's name, or with `deadlines`, `workloads`, `probes` or
`retention`:

    <!-- table: Only the granted permissions are allowed -->
    <!-- table: end -->

`acceptance tables` writes the tables between the two lines.
"""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from gherkin.errors import ParserError
from gherkin.parser import Parser
from yaml import YAMLError

from acceptance.domains.documentation.manifest_tables import manifest_tables
from acceptance.errors import BrokenInput, SystemFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

DEADLINES = "deadlines"
"""The name of the table of all deadlines, from the class Timeouts in acceptance/settings.py."""
_SETTINGS = "acceptance/settings.py"
_MARKED = re.compile(
    r"(?P<begin><!-- table: (?P<name>(?!end -->).+?) -->\n).*?(?P<end><!-- table: end -->)",
    re.DOTALL,
)

Table: TypeAlias = tuple[tuple[str, ...], ...]
"""Row by row, the head first."""


def read_tables(root: Path) -> dict[str, Table]:
    """Return every table that pages of the repository `root` can show, by its name.

    Raises `BrokenInput` for a feature or settings that cannot be read, and `SystemFailure` for a
    manifest.
    """
    found: dict[str, Table] = {}
    for path in sorted((root / "features").rglob("*.feature")):
        try:
            parsed: Any = Parser().parse(path.read_text(encoding="utf-8"))
        except (ParserError, OSError, ValueError) as error:
            raise BrokenInput(f"{path} cannot be read: {error}. Try: make test") from error
        for scenario in _scenarios(parsed.get("feature") or {}):
            tables = [step["dataTable"] for step in scenario["steps"] if "dataTable" in step]
            for table in tables[:1]:
                rows = (tuple(cell["value"] for cell in row["cells"]) for row in table["rows"])
                found[scenario["name"]] = tuple(rows)
    if (root / _SETTINGS).is_file():
        found[DEADLINES] = _deadlines((root / _SETTINGS).read_text(encoding="utf-8"))
    try:
        return found | manifest_tables(root)
    except (YAMLError, ValueError, LookupError, OSError) as error:
        said = " ".join(str(error).split())
        raise SystemFailure(f"A manifest cannot be read: {said}.") from error


def tables_on(text: str) -> tuple[str, ...]:
    """Return the names of the tables that a page shows."""
    return tuple(found["name"] for found in _MARKED.finditer(text))


def with_tables(text: str, tables: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """Return a page with its tables as they are now; one that is not in `tables` stays."""

    def write(found: re.Match[str]) -> str:
        rows = tables.get(found["name"])
        return found[0] if rows is None else f"{found['begin']}\n{_markdown(rows)}\n{found['end']}"

    return _MARKED.sub(write, text)


def pages_with_tables(folder: Path) -> tuple[Path, ...]:
    """Return the pages in `folder` and below that show tables."""
    every = sorted(folder.rglob("*.md"))
    return tuple(path for path in every if tables_on(path.read_text(encoding="utf-8")))


def _scenarios(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for child in node.get("children", ()):
        if "scenario" in child:
            yield child["scenario"]
        yield from _scenarios(child.get("rule", {}))


def _deadlines(source: str) -> Table:
    """Return a row for each field of the class Timeouts: its key, default and docstring."""
    rows = [("key", "default in seconds", "what has to happen in this time")]
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    body = next((node.body for node in classes if node.name == "Timeouts"), [])
    for field, meaning in pairwise(body):
        if not isinstance(field, ast.AnnAssign):
            continue
        assert isinstance(field.target, ast.Name)
        assert field.value is not None
        assert isinstance(meaning, ast.Expr), f"{field.target.id} has no docstring"
        words = " ".join(str(ast.literal_eval(meaning.value)).split())
        default = f"{ast.literal_eval(field.value):g}"
        rows.append((f"`timeouts.{field.target.id}`", default, words))
    return tuple(rows)


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *body = [[_escaped(cell) for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _escaped(cell: str) -> str:
    """Return a cell that Markdown shows as it is; code in it stays code."""
    parts = re.split(r"(`[^`]*`)", cell)
    return "".join(
        part.replace("|", r"\|") if part.startswith("`") else re.sub(r"([|*_])", r"\\\1", part)
        for part in parts
    )
