"""Validates readiness.json by its published JSON Schema, on every write and read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = "checkout-acceptance/readiness/2"
SCHEMA_FILE = Path(__file__).resolve().parents[3] / "docs" / "readiness.schema.json"
_LONGEST = 200


def validate(document: Mapping[str, Any]) -> None:
    """Check a document against the schema.

    Raises `BrokenInput` with the place and the error if it does not fit.
    """
    error = best_match(_validator().iter_errors(document))
    if error is not None:
        message = error.message
        if len(message) > _LONGEST:
            message = f"{message[:_LONGEST]}…"
        raise BrokenInput(f"The readiness report is not valid at {error.json_path}: {message}")


def load(path: Path) -> dict[str, Any]:
    """Read a readiness.json.

    Raises `BrokenInput` if it cannot be read, is not JSON, has a different version, or is invalid.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}. Try: make acceptance, which writes it."
        raise BrokenInput(message) from error
    except ValueError as error:
        message = f"{path} is not JSON: {error}. Try: make acceptance, which writes a new one."
        raise BrokenInput(message) from error
    version = document.get("schema") if isinstance(document, dict) else None
    if version != SCHEMA:
        message = f"{path} has the schema {version or 'of no readiness report'}, not {SCHEMA}. "
        raise BrokenInput(f"{message}Try: make acceptance, which writes a new one.")
    try:
        validate(document)
    except BrokenInput as error:
        raise BrokenInput(f"{path}: {error.message}. Try: make acceptance") from error
    return dict(document)


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
