from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from acceptance.domains.documentation.generated_tables import (
    pages_with_tables,
    read_tables,
    tables_on,
    with_tables,
)
from acceptance.errors import BrokenInput
from acceptance.project import ROOT
from acceptance.settings import Timeouts, load_settings


def test_pages_show_what_is_proved() -> None:
    """Every committed page is what its tables make, as far as these are there."""
    tables = read_tables(ROOT)
    found = pages_with_tables(ROOT / "docs")
    assert len(found) > 2
    for path in found:
        text = path.read_text(encoding="utf-8")
        assert with_tables(text, tables) == text, f"{path}: .venv/bin/acceptance tables"


def test_the_page_of_settings_has_the_defaults_of_the_code(tmp_path: Path) -> None:
    """Every key with its default."""
    page = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("")
    defaults = load_settings(tmp_path)
    rows = dict(re.findall(r"^\| `([\w.]+)` \| `?([^|`]+?)`? \|", page, re.MULTILINE))
    for name in ("cluster", "host", "namespace"):
        assert rows[name] == getattr(defaults, name)
    for name in ("overlay", "tracker", "reports"):
        assert tmp_path / rows[name] == getattr(defaults, name)
    for name in ("kubeconfig", "context", "address", "images", "overlays"):
        assert rows[name] == "none"
        assert not getattr(defaults, name)
    for name in ("backend", "frontend", "database"):
        assert rows[f"workloads.{name}"] == getattr(defaults.workloads, name)
    for each in fields(Timeouts):
        assert float(rows[f"timeouts.{each.name}"]) == getattr(defaults.timeouts, each.name)


def test_the_table_of_deadlines_comes_from_the_settings(tmp_path: Path) -> None:
    """A row for each field: the key, the default, and its docstring in one line."""
    code = 'class Timeouts:\n    query: float = 1.5\n    """One `a|b`\n    query_x."""\n'
    (tmp_path / "acceptance").mkdir()
    (tmp_path / "acceptance/settings.py").write_text(code)
    begin, end = "<!-- table: deadlines -->", "<!-- table: end -->"
    page = with_tables(f"# A\n{begin}\nold\n{end}\nB\n", read_tables(tmp_path))
    assert "| `timeouts.query` | 1.5 | One `a\\|b` query\\_x. |\n" in page
    assert "old" not in page
    assert page.endswith(f"{end}\nB\n")
    assert tables_on(page) == ("deadlines",)


def test_a_feature_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """With its name."""
    (tmp_path / "features").mkdir()
    (tmp_path / "features/a.feature").write_text("Scenario without a feature\n")
    with pytest.raises(BrokenInput, match=r"a\.feature cannot be read"):
        read_tables(tmp_path)
