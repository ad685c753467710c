from __future__ import annotations

import ast

from acceptance.project import ROOT

FOLDERS = ("acceptance", "features", "fixtures", "steps", "tests")


def asynchronous(source: str) -> list[int]:
    """Return the lines of `source` on which an asynchronous function begins."""
    nodes = ast.walk(ast.parse(source))
    return [node.lineno for node in nodes if isinstance(node, ast.AsyncFunctionDef)]


def test_the_suite_has_no_asynchronous_function() -> None:
    """pytest-bdd would run one to a coroutine that nobody awaits, and report a step that passed."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 20
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files
        for line in asynchronous(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_an_asynchronous_function_would_be_found() -> None:
    """Also one inside of another function or class."""
    assert asynchronous("class A:\n    def f(self):\n        async def g(): ...") == [3]
