"""Reads a TOML file into frozen dataclasses, and says in one sentence what is wrong with it.

pydantic checks the values by the types of the fields; a key that no field has is a mistake, because
it may be a setting that got lost. The types below take what TOML says and convert nothing: neither
"3" nor true is a number.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    create_model,
)
from pydantic_core import PydanticCustomError

from acceptance.errors import BrokenInput
from acceptance.toml_mistakes import sentence, table_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_Shape = TypeVar("_Shape")

NOT_EMPTY = "a text that is not empty"
Text: TypeAlias = Annotated[str, Strict(), Field(pattern=r"\S", description=NOT_EMPTY)]
"""A text with something to read in it."""
Number: TypeAlias = Annotated[float, Strict()]
"""A number, whole or not; bounds come as another `Field`."""
Count: TypeAlias = Annotated[int, Strict()]
"""A whole number; bounds come as another `Field`."""
Seconds: TypeAlias = Annotated[
    float, Strict(), Field(gt=0, description="a number of seconds above 0")
]
"""A deadline."""

_DAY = "a date, as 2027-06-30"


def _to_day(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            return value
    return value


Day: TypeAlias = Annotated[dt.date, Strict(), BeforeValidator(_to_day), Field(description=_DAY)]
"""A date of TOML, or the same in quotes."""


def one_of(names: Iterable[str]) -> AfterValidator:
    """Return what lets a text be one of `names` only: a value, or the key of a table."""
    known = tuple(names)

    def check(value: str) -> str:
        if value not in known:
            raise PydanticCustomError("one_of", "one of a few", {"known": known})
        return value

    return AfterValidator(check)


def read_toml(
    path: Path,
    shape: type[_Shape],
    *,
    table: Sequence[str] = (),
    optional: bool = False,
    name: str = "",
    remedy: str,
) -> _Shape:
    """Return what `path` says as a `shape`: a dataclass, whose fields may be dataclasses in turn.

    `table` are the names that lead to its table, whose neighbours are not looked at; where it is
    `optional`, a file without it has an empty one. `name` is what the file is called in messages
    (default: its path). `remedy` is what to try when it cannot be read.

    Raises `BrokenInput` with the file, the key, what is wrong and what is allowed.
    """
    named = name or str(path)
    try:
        found: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BrokenInput(f"{named} cannot be read: {error.strerror}. {remedy}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrokenInput(f"{named} is not valid TOML: {error}.") from error
    model = _model(shape)
    for depth, key in enumerate(table, start=1):
        if not isinstance(found, dict):
            raise BrokenInput(f"{named}: [{'.'.join(table[: depth - 1])}] has to be a table.")
        if key not in found and not optional:
            needed = ", ".join(table_keys(model))
            where = ".".join(table[:depth])
            raise BrokenInput(f"{named} has no table [{where}]. It needs: {needed}.")
        found = found.get(key, {})
    try:
        read = model.model_validate({"content": found})
    except ValidationError as error:
        raise BrokenInput(f"{named}: {sentence(error, table, model, found)}") from error
    content: _Shape = read.content  # type: ignore[attr-defined]
    return content


def _model(shape: type[Any]) -> type[BaseModel]:
    """Return a model whose only field is a `shape`: dataclasses take the rules of their model."""
    rules = ConfigDict(extra="forbid", allow_inf_nan=False)
    return create_model("File", __config__=rules, content=(shape, ...))
