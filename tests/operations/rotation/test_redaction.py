from __future__ import annotations

import base64
import json

import pytest

from acceptance.errors import BrokenInput
from operations.rotation.redaction import ValueMask

VALUE = 'it\'s "new" and secret'


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        base64.b64encode(VALUE.encode()).decode(),
        VALUE.replace("'", "''"),
        json.dumps(VALUE),
    ],
    ids=["plain", "base64", "SQL", "JSON"],
)
def test_a_value_is_hidden_in_each_form(form: str) -> None:
    """As the Secret, a statement and a message of the API server hold it."""
    mask = ValueMask()
    mask.learn([VALUE])
    hidden = mask.hide(f"psql failed: {form} near PASSWORD")
    assert "new" not in hidden and "near PASSWORD" in hidden
    assert form.strip('"') not in hidden


def test_a_value_that_is_too_short_to_be_hidden_is_refused() -> None:
    """Its mask would be all over the message."""
    with pytest.raises(BrokenInput, match="less than 6 characters"):
        ValueMask().learn(["abc"])
