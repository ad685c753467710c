"""Reads step definitions from their source, without importing or running it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import parse  # type: ignore[import-untyped]
from parse_type import cfparse  # type: ignore[import-untyped]

from acceptance.readiness.traceability.problem import TraceabilityProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from acceptance.readiness.traceability.features import GherkinStep, StepKind

_DECORATORS = {f"pytest_bdd.{name}" for name in ("given", "when", "then", "step")}
_PUBLIC = {name: f"pytest_bdd.{name}" for name in ("given", "when", "then", "step", "parsers")}
_FLAGS = {name: getattr(re, name) for name in re.RegexFlag.__members__}


@dataclass(frozen=True)
class StepDefinition:
    """A step definition."""

    kind: StepKind
    """The kind of its steps; empty for any kind."""
    text: str
    path: Path
    line: int
    """The line of its decorator, counted from 1."""
    match: Callable[[str], bool] = field(compare=False, repr=False)

    def fits(self, step: GherkinStep) -> bool:
        """Whether pytest-bdd would use the definition for a step."""
        return self.kind in {"", step.kind} and self.match(step.text)


class _Unclear(Exception):
    """The text of a step cannot be determined without running code."""


def read_definitions(
    paths: Iterable[Path],
) -> tuple[tuple[StepDefinition, ...], tuple[TraceabilityProblem, ...]]:
    """Return the step definitions in these Python files, and the problems of unreadable ones."""
    definitions, problems = [], []
    for path in paths:
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError, OSError) as error:
            line = getattr(error, "lineno", None) or 1
            message = f"This is not Python: {error}. Try: correct it."
            problems.append(TraceabilityProblem(path, line, "unreadable", message))
            continue
        module = _Module(tree)
        for call, qualified in module.decorators():
            try:
                definitions.append(module.definition(call, qualified, path))
            except _Unclear as error:
                message = f"The text of this step cannot be read: {error}. Try: a literal text."
                problems.append(TraceabilityProblem(path, call.lineno, "unreadable", message))
    return tuple(definitions), tuple(problems)


class _Module:
    """The meaning of a module's names: imports of pytest-bdd, and constants."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._names: dict[str, str] = {}
        self._constants: dict[str, ast.expr] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._names.update(_imported(node))
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self._constants[node.targets[0].id] = node.value

    def decorators(self) -> Iterator[tuple[ast.Call, str]]:
        """Yield each decorator that defines a step, with its full name."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for each in node.decorator_list:
                    if isinstance(each, ast.Call) and self._name(each.func) in _DECORATORS:
                        yield each, self._name(each.func)

    def definition(self, call: ast.Call, qualified: str, path: Path) -> StepDefinition:
        """Return the step definition of a decorator; raises `_Unclear`."""
        kind = qualified.rpartition(".")[2]
        if kind == "step":
            given = _argument(call, 1, "type_")
            kind = "" if given is None else str(self._literal(given) or "")
        text, match = self._matcher(_argument(call, 0, "name"))
        return StepDefinition(cast("StepKind", kind), text, path, call.lineno, match)

    def _matcher(self, node: ast.expr | None) -> tuple[str, Callable[[str], bool]]:
        if isinstance(node, ast.Name) and node.id in self._constants:
            node = self._constants[node.id]
        if not isinstance(node, ast.Call):
            text = self._text(node)
            return text, text.__eq__
        text = self._text(_argument(node, 0, "name"))
        parser = self._name(node.func).removeprefix("pytest_bdd.parsers.")
        try:
            return text, self._parser(parser, text, node)
        except (ValueError, re.error) as error:
            raise _Unclear(str(error)) from error

    def _parser(self, parser: str, text: str, node: ast.Call) -> Callable[[str], bool]:
        if parser == "string":
            return text.__eq__
        if parser == "re":
            pattern = re.compile(text, self._flags(_argument(node, 1, "flags")))
            return lambda step: pattern.fullmatch(step) is not None
        types = self._types(_argument(node, 1, "extra_types"))
        if parser == "parse":
            return _tolerant(parse.compile(text, types))
        if parser == "cfparse":
            return _tolerant(cfparse.Parser(text, types))
        raise _Unclear(f"{ast.unparse(node.func)} is not a parser of pytest-bdd")

    def _types(self, node: ast.expr | None) -> dict[str, Any]:
        """Return a converter for each custom type of a step; it accepts any text."""
        if isinstance(node, ast.Name):
            node = self._constants.get(node.id, node)
        if node is None:
            return {}
        if not isinstance(node, ast.Dict):
            raise _Unclear(f"its types are {ast.unparse(node)}")
        return {str(self._literal(key)): _anything for key in node.keys if key is not None}

    def _flags(self, node: ast.expr | None) -> int:
        if node is None:
            return 0
        names = ast.unparse(node).replace("re.", "").split(" | ")
        if not set(names) <= _FLAGS.keys():
            raise _Unclear(f"its flags are {ast.unparse(node)}")
        return sum({int(_FLAGS[name]) for name in names})

    def _text(self, node: ast.expr | None) -> str:
        if isinstance(node, ast.Name):
            node = self._constants.get(node.id, node)
        text = None if node is None else self._literal(node)
        if not isinstance(text, str):
            raise _Unclear("it is " + ("missing" if node is None else ast.unparse(node)))
        return text

    def _literal(self, node: ast.expr) -> object:
        try:
            return ast.literal_eval(node)
        except ValueError as error:
            raise _Unclear(f"it is {ast.unparse(node)}") from error

    def _name(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return self._names.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            return f"{self._name(node.value)}.{node.attr}"
        return ""


def _imported(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    if isinstance(node, ast.Import):
        return {each.asname or each.name: each.name for each in node.names}
    if node.module == "pytest_bdd" and node.names[0].name == "*":
        return _PUBLIC
    return {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}


def _argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    if len(call.args) > position:
        return call.args[position]
    return next((each.value for each in call.keywords if each.arg == name), None)


def _tolerant(parser: Any) -> Callable[[str], bool]:  # noqa: ANN401 (parse_type has no types)
    def match(text: str) -> bool:
        try:
            return bool(parser.parse(text))
        except ValueError:  # as in pytest-bdd: a step does not match if its converter fails
            return False

    return match


def _anything(text: str) -> str:
    return text
