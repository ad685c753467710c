"""Reads the syntax tree of a PromQL query as Prometheus gives it, and writes one as a query.

Source: Prometheus' web/api/v1/translate_ast.go, the answer of /api/v1/parse_query.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNTING = ("rate", "irate", "increase")
"""The functions that tell by how much a counter has risen."""
_COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}


@dataclass(frozen=True)
class Matcher:
    """A condition on one label of a series."""

    label: str
    operator: str
    """=, !=, =~ or !~."""
    value: str

    def accepts(self, text: str) -> bool:
        """Whether a series with this value of the label is selected."""
        equal = (
            re.fullmatch(self.value, text) is not None
            if self.operator.endswith("~")
            else self.value == text
        )
        return equal != self.operator.startswith("!")


@dataclass(frozen=True)
class Selector:
    """Selects series by metric and labels; with a `window` in milliseconds, all their samples."""

    metric: str
    matchers: tuple[Matcher, ...] = ()
    window: int = 0
    offset: int = 0
    """In milliseconds."""
    at: float | None = None
    """Unix time, in seconds."""

    def matched(self, label: str) -> str:
        """Return the value that a label has to be equal to; empty if it may be any."""
        found = [
            each.value for each in self.matchers if (each.label, each.operator) == (label, "=")
        ]
        return found[0] if found else ""


@dataclass(frozen=True)
class Literal:
    """A number, as it is written."""

    text: str


@dataclass(frozen=True)
class Text:
    """A string."""

    text: str


@dataclass(frozen=True)
class Call:
    """A call of a function."""

    name: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True)
class Aggregation:
    """An aggregation over labels."""

    operator: str
    inner: Tree
    parameter: Tree | None
    labels: tuple[str, ...]
    without: bool


@dataclass(frozen=True)
class Binary:
    """An operation on two operands; `matching` is how their series are matched, as text."""

    operator: str
    left: Tree
    right: Tree
    matching: str = ""
    returns_bool: bool = False

    @property
    def compares(self) -> bool:
        """Whether it keeps or drops samples, or says with 0 or 1 whether they match."""
        return self.operator in _COMPARISONS


@dataclass(frozen=True)
class Negation:
    """A sign before an operand."""

    operator: str
    inner: Tree


@dataclass(frozen=True)
class Subquery:
    """A query over a window, in milliseconds."""

    inner: Tree
    window: int
    step: int


Tree: TypeAlias = Selector | Literal | Text | Call | Aggregation | Binary | Negation | Subquery


def read_tree(found: Any) -> Tree:  # noqa: ANN401, PLR0911 (another program's JSON; a case each)
    """Return the tree that Prometheus has sent as JSON; parentheses are no nodes of it.

    Raises `KeyError` or `TypeError` for anything else.
    """
    match found["type"]:
        case "parenExpr":
            return read_tree(found["expr"])
        case "numberLiteral":
            return Literal(found["val"])
        case "stringLiteral":
            return Text(found["val"])
        case "unaryExpr":
            return Negation(found["op"], read_tree(found["expr"]))
        case "call":
            return Call(found["func"]["name"], tuple(map(read_tree, found["args"])))
        case "subquery":
            return Subquery(read_tree(found["expr"]), found["range"], found["step"])
        case "aggregation":
            parameter = read_tree(found["param"]) if found["param"] else None
            labels = tuple(found["grouping"])
            inner = read_tree(found["expr"])
            return Aggregation(found["op"], inner, parameter, labels, found["without"])
        case "binaryExpr":
            left, right = read_tree(found["lhs"]), read_tree(found["rhs"])
            return Binary(found["op"], left, right, _matching(found["matching"]), found["bool"])
        case "vectorSelector" | "matrixSelector":
            matchers = tuple(
                Matcher(each["name"], each["type"], each["value"])
                for each in found["matchers"]
                if each["name"] != "__name__" or not found["name"]
            )
            window = found.get("range", 0)
            return Selector(found["name"], matchers, window, found["offset"])
    raise KeyError(found["type"])


def write(tree: Tree) -> str:  # noqa: PLR0911 (a case each)
    """Return a tree as a query."""
    match tree:
        case Literal(text):
            return text
        case Text(text):
            return json.dumps(text)
        case Negation(operator, inner):
            return f"{operator}({write(inner)})"
        case Call(name, arguments):
            return f"{name}({', '.join(map(write, arguments))})"
        case Subquery(inner, window, step):
            return f"({write(inner)})[{window}ms:{f'{step}ms' if step else ''}]"
        case Aggregation(operator, inner, parameter, labels, without):
            operands = ", ".join(write(each) for each in (parameter, inner) if each is not None)
            grouping = f" {'without' if without else 'by'} ({', '.join(labels)})"
            return f"{operator}{grouping if labels or without else ''} ({operands})"
        case Binary(operator, left, right, matching, returns_bool):
            words = [operator, "bool" * returns_bool, matching]
            between = " ".join(each for each in words if each)
            return f"({write(left)}) {between} ({write(right)})"
        case Selector():
            return _selector(tree)


def children(tree: Tree) -> tuple[Tree, ...]:
    """Return the operands of a node."""
    match tree:
        case Call(_, arguments):
            return arguments
        case Aggregation(_, inner, parameter):
            return (inner,) if parameter is None else (parameter, inner)
        case Binary(_, left, right):
            return (left, right)
        case Negation(_, inner) | Subquery(inner):
            return (inner,)
        case _:
            return ()


def selectors(tree: Tree) -> Iterator[Selector]:
    """Yield every selector of a tree."""
    if isinstance(tree, Selector):
        yield tree
    for each in children(tree):
        yield from selectors(each)


def counts(tree: Tree) -> bool:
    """Whether a tree tells by how much a counter has risen."""
    own = isinstance(tree, Call) and tree.name in COUNTING
    return own or any(counts(each) for each in children(tree))


def increased(tree: Tree, start: float, end: float) -> Tree:
    """Return the tree with the exact increase from `start` to `end` in the place of each rate.

    `rate` and `increase` extrapolate to the borders of their window, and so are never exact.
    """
    match tree:
        case Call(name, (Selector() as found,)) if name in COUNTING:
            last, first = replace(found, window=0, at=end), replace(found, window=0, at=start)
            # A series that is new has risen from zero.
            return Binary("-", last, Binary("or", first, Binary("*", Literal("0"), last)))
        case Call(name, arguments):
            return Call(name, tuple(increased(each, start, end) for each in arguments))
        case Aggregation(inner=inner):
            return replace(tree, inner=increased(inner, start, end))
        case Binary(left=left, right=right):
            risen = (increased(left, start, end), increased(right, start, end))
            return replace(tree, left=risen[0], right=risen[1])
        case Negation(operator, inner):
            return Negation(operator, increased(inner, start, end))
        case _:
            return tree


def _selector(found: Selector) -> str:
    matchers = ", ".join(f"{m.label}{m.operator}{json.dumps(m.value)}" for m in found.matchers)
    text = found.metric + (f"{{{matchers}}}" if matchers or not found.metric else "")
    text += f"[{found.window}ms]" if found.window else ""
    text += "" if found.at is None else f" @ {found.at:.3f}"
    return text + (f" offset {found.offset}ms" if found.offset else "")


def _matching(found: Any) -> str:  # noqa: ANN401 (another program's JSON)
    if not found or not (found["on"] or found["labels"]):
        return ""
    text = f"{'on' if found['on'] else 'ignoring'} ({', '.join(found['labels'])})"
    side = {"many-to-one": "group_left", "one-to-many": "group_right"}.get(found["card"], "")
    return f"{text} {side} ({', '.join(found['include'])})" if side else text
