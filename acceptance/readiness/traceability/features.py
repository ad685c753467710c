"""Reads features with the official Gherkin parser, and fills in their examples."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from gherkin.dialect import Dialect
from gherkin.errors import CompositeParserException, ParserError
from gherkin.parser import Parser

from acceptance.readiness.traceability.problem import TraceabilityProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

StepKind: TypeAlias = Literal["given", "when", "then", ""]
"""The kind of a step, with And and But resolved; empty if no step comes before them."""

_KINDS: dict[str, StepKind] = {"Context": "given", "Action": "when", "Outcome": "then"}
_PLACEHOLDER = re.compile("<(.+?)>")


@dataclass(frozen=True)
class Tag:
    """A tag without its @."""

    name: str
    line: int


@dataclass(frozen=True)
class GherkinStep:
    """One step of a run, with its placeholders replaced by their values."""

    kind: StepKind
    keyword: str
    text: str
    line: int


@dataclass(frozen=True)
class ExampleRun:
    """One run of a scenario: with one row of its examples, if it has any."""

    name: str
    steps: tuple[GherkinStep, ...]


@dataclass(frozen=True)
class Scenario:
    """A scenario or an outline. Lines are counted from 1, here and below."""

    name: str
    line: int
    tags: tuple[Tag, ...]
    """The tags of the scenario and of its examples."""
    steps: tuple[GherkinStep, ...]
    """The steps, those of the backgrounds first, with unreplaced placeholders."""
    outline: bool
    rows: tuple[tuple[int, tuple[tuple[str, str], ...]], ...]
    """The line of each row of the examples, and its value for each placeholder."""
    bare: tuple[int, ...]
    """The lines of examples that have no row."""

    @property
    def runs(self) -> tuple[ExampleRun, ...]:
        """Return the runs of the scenario: one for each row of its examples."""
        if not self.outline:
            return (ExampleRun(self.name, self.steps),)
        return tuple(_filled(self, dict(values)) for _, values in self.rows)

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the placeholders without a column in the examples."""
        known = {name for _, values in self.rows for name, _ in values}
        texts = (self.name, *(step.text for step in self.steps))
        asked = {name for text in texts for name in _PLACEHOLDER.findall(text)}
        return tuple(sorted(asked - known)) if self.rows else ()


@dataclass(frozen=True)
class Rule:
    """The Rule of an item."""

    name: str
    line: int
    tags: tuple[Tag, ...]
    scenarios: tuple[Scenario, ...]

    def tag_names(self, scenario: Scenario) -> tuple[str, ...]:
        """Return the tags that one of its scenarios has: the Rule's, then those of its own."""
        return tuple(dict.fromkeys(tag.name for tag in (*self.tags, *scenario.tags)))


@dataclass(frozen=True)
class Feature:
    """A feature file."""

    path: Path
    name: str
    tags: tuple[Tag, ...]
    rules: tuple[Rule, ...]
    loose: tuple[Scenario, ...]
    """Scenarios outside of any Rule."""

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """Return all scenarios in the order of the file, but those outside of Rules last."""
        return (*(each for rule in self.rules for each in rule.scenarios), *self.loose)


def read_features(
    paths: Iterable[Path],
) -> tuple[tuple[Feature, ...], tuple[TraceabilityProblem, ...]]:
    """Return the features in these files, and the problems of unreadable ones."""
    features, problems = [], []
    for path in paths:
        try:
            features.append(_read(path))
        except CompositeParserException as error:
            first = error.errors[0]
            problems.append(_unreadable(path, first.location["line"], _sentence(first)))
        except (ParserError, OSError, UnicodeDecodeError) as error:
            problems.append(_unreadable(path, 1, _sentence(error)))
    return tuple(features), tuple(problems)


def _unreadable(path: Path, line: int, sentence: str) -> TraceabilityProblem:
    message = f"This is not a feature: {sentence}. Try: the keywords of Gherkin."
    return TraceabilityProblem(path, line, "unreadable", message)


def _sentence(error: Exception) -> str:
    text = re.sub(r"^\(\d+:\d+\): ", "", str(error))
    expected, got, found = text.partition(", got ")
    return f"{found} is not expected here" if got else expected


def _read(path: Path) -> Feature:
    document: Any = Parser().parse(path.read_text(encoding="utf-8-sig"))
    feature = document.get("feature")
    if feature is None:
        raise ParserError("it is empty")
    outlines = Dialect.for_name(feature["language"])
    assert outlines is not None  # the parser accepted it
    keywords = frozenset(outlines.scenario_outline_keywords)
    above = tuple(_background(feature))
    rules = []
    for child in feature["children"]:
        if (rule := child.get("rule")) is not None:
            steps = (*above, *_background(rule))
            scenarios = tuple(_scenarios(rule, steps, keywords))
            rules.append(Rule(rule["name"], rule["location"]["line"], _tags(rule), scenarios))
    loose = tuple(_scenarios(feature, above, keywords))
    return Feature(path, feature["name"], _tags(feature), tuple(rules), loose)


def _background(of: dict[str, Any]) -> Iterator[GherkinStep]:
    for child in of["children"]:
        if (background := child.get("background")) is not None:
            yield from _steps(background)


def _scenarios(
    of: dict[str, Any], above: tuple[GherkinStep, ...], outlines: frozenset[str]
) -> Iterator[Scenario]:
    for child in of["children"]:
        found = child.get("scenario")
        if found is None:
            continue
        examples = found["examples"]
        tags = [*_tags(found), *(tag for each in examples for tag in _tags(each))]
        yield Scenario(
            name=found["name"],
            line=found["location"]["line"],
            tags=tuple(tags),
            steps=(*above, *_steps(found)),
            outline=bool(examples) or found["keyword"] in outlines,
            rows=tuple(row for each in examples for row in _rows(each)),
            bare=tuple(each["location"]["line"] for each in examples if not each["tableBody"]),
        )


def _rows(examples: dict[str, Any]) -> Iterator[tuple[int, tuple[tuple[str, str], ...]]]:
    for row in examples["tableBody"]:
        names = [cell["value"] for cell in examples["tableHeader"]["cells"]]
        values = [cell["value"] for cell in row["cells"]]
        yield row["location"]["line"], tuple(zip(names, values, strict=True))


def _tags(of: dict[str, Any]) -> tuple[Tag, ...]:
    return tuple(Tag(tag["name"][1:], tag["location"]["line"]) for tag in of["tags"])


def _steps(of: dict[str, Any]) -> Iterator[GherkinStep]:
    kind: StepKind = ""
    for step in of["steps"]:
        kind = _KINDS.get(step["keywordType"], kind)
        yield GherkinStep(kind, step["keyword"].strip(), step["text"], step["location"]["line"])


def _filled(scenario: Scenario, values: dict[str, str]) -> ExampleRun:
    def fill(text: str) -> str:
        return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)

    steps = (
        GherkinStep(each.kind, each.keyword, fill(each.text), each.line) for each in scenario.steps
    )
    return ExampleRun(fill(scenario.name), tuple(steps))
