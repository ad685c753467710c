"""Words what pydantic finds wrong in a TOML file: the key, what is wrong, and what is allowed."""

from __future__ import annotations

import datetime as dt
import difflib
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}
_KEY = "[key]"
"""What pydantic adds to the place of a table's key that is wrong."""


def sentence(
    error: ValidationError, table: Sequence[str], model: type[BaseModel], found: object
) -> str:
    """Return the first mistake in words; a key that is unknown comes before one that is missing.

    `found` is what stands in the file under the names of `table`; `model` has one field, for it.
    """
    every = error.errors(include_url=False)
    mistake = min(every, key=lambda each: not _is_unknown_key(each))
    schema = _Schema(model)
    place = schema.without_elements([key for key in mistake["loc"][1:] if key != _KEY])
    if not place:
        return f"[{'.'.join(table)}] has to be a table, not {_shown(mistake['input'])}."
    *container, key = place
    whole = key == mistake["loc"][-1]
    inside = _named(container, table, found)
    if _is_unknown_key(mistake):
        known = mistake.get("ctx", {}).get("known") or schema.known(container)
        hint = _close_to(key, known) or f"known: {', '.join(sorted(known))}."
        return f"{inside or 'The file'} has the unknown key {key}: {hint}"
    if mistake["type"].startswith("missing") and whole:
        if needed := schema.known(place):
            name = ".".join((*table, *map(str, place)))
            return f"There is no table [{name}]. It needs: {', '.join(sorted(needed))}."
        return f"{inside or 'The file'} has no {key}. It has to be {schema.wanted(place)}."
    value = mistake["input"] if whole else _value(place, found)
    subject = _named(place, table, found) if isinstance(key, int) else _key(inside, key)
    wanted, hint = schema.wanted(place), ""
    if mistake["type"] == "one_of":
        known = mistake["ctx"]["known"]
        wanted, hint = f"one of {', '.join(known)}", _close_to(value, known)
    elif mistake["type"] == "value_error":
        wanted = str(mistake["ctx"]["error"])
    end = f": {hint}" if hint else "."
    return f"{subject} has to be {wanted}, not {_shown(value)}{end}"


def _is_unknown_key(wrong: ErrorDetails) -> bool:
    return wrong["type"] in _UNKNOWN or wrong["loc"][-1] == _KEY


def _close_to(word: object, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(word), known, 1)
    return f"did you mean {near[0]}?" if near else ""


def _named(place: Sequence[int | str], table: Sequence[str], found: object) -> str:
    """Name a table as TOML does, and an entry of a list by its number and its own name."""
    words: list[str] = []
    tables = list(table)
    for depth, key in enumerate(place, start=1):
        if isinstance(key, str):
            tables.append(key)
            continue
        entry = _value(place[:depth], found)
        own = entry if isinstance(entry, dict) else {}
        names = [own[each] for each in ("id", "name", "person") if own.get(each)]
        words.append(f"{'.'.join(tables)} {key + 1}{f' ({names[0]})' if names else ''}")
        tables = []
    if not words:
        return f"[{'.'.join(tables)}]" if tables else ""
    return ", ".join((*words, *([".".join(tables)] if tables else [])))


def _key(inside: str, key: str) -> str:
    """Name a key of a table, or of an entry of a list."""
    return f"{inside}{'' if inside.endswith(']') else ':'} {key}" if inside else key


def _value(place: Sequence[int | str], found: Any) -> object:  # noqa: ANN401 (any TOML value)
    for key in place:
        try:
            found = found[key]
        except (LookupError, TypeError):
            return None
    return found


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a table"
    return repr(str(value) if isinstance(value, dt.date) else value)


def table_keys(model: type[BaseModel]) -> list[str]:
    """Return the keys that the only field of `model` may have."""
    return _Schema(model).known(())


class _Quiet(GenerateJsonSchema):
    """Writes schemas without saying that a default is nothing that JSON has."""

    ignored_warning_kinds = {"non-serializable-default", "skipped-choice"}  # noqa: RUF012


class _Schema:
    """The JSON schema of a model, which has in one form what each key may be."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._schema = model.model_json_schema(schema_generator=_Quiet)

    def known(self, place: Sequence[int | str]) -> list[str]:
        """Return the keys of a table; none if it may have any, or is none."""
        return list(self._at(place).get("properties", ()))

    def wanted(self, place: Sequence[int | str]) -> str:
        """Say what a value has to be."""
        schema = self._at(place)
        if "description" in schema:
            return str(schema["description"])
        if "enum" in schema:
            return f"one of {', '.join(map(str, schema['enum']))}"
        match schema.get("type"):
            case "integer" | "number" as kind:
                return f"a {'whole ' * (kind == 'integer')}number{_bounds(schema)}"
            case "array":
                return "a list that is not empty" if schema.get("minItems") else "a list"
            case "object":
                return "a table that is not empty" if schema.get("minProperties") else "a table"
        return "a text"

    def without_elements(self, place: Sequence[int | str]) -> list[int | str]:
        """Return the place of a list with a fixed length in place of that of its elements."""
        for depth in range(len(place)):
            if "prefixItems" in self._at(place[:depth]):
                return list(place[:depth])
        return list(place)

    def _at(self, place: Sequence[int | str]) -> dict[str, Any]:
        schema = self._resolved(self._schema["properties"]["content"])
        for key in place:
            items = schema.get("items", {})
            inner = items if isinstance(key, int) else schema.get("properties", {}).get(key)
            schema = self._resolved(inner or schema.get("additionalProperties") or {})
        return schema

    def _resolved(self, schema: Any) -> dict[str, Any]:  # noqa: ANN401 (any JSON schema)
        if not isinstance(schema, dict):
            return {}
        if "anyOf" in schema:  # a value that may be left out
            return self._resolved(schema["anyOf"][0])
        if "$ref" in schema:
            found = self._schema["$defs"][schema["$ref"].rpartition("/")[2]]
            # Its description is the docstring of the class, which is not for its user.
            return {**found, "description": schema.get("description", "a table")}
        return schema


def _bounds(schema: dict[str, Any]) -> str:
    words: dict[str, Callable[[float], str]] = {
        "exclusiveMinimum": lambda value: f" above {value:g}",
        "minimum": lambda value: f" from {value:g}",
        "maximum": lambda value: f" up to {value:g}",
    }
    return "".join(word(schema[name]) for name, word in words.items() if name in schema)
