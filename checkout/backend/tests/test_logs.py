from __future__ import annotations

import json
import logging
import sys
from urllib.parse import quote

from checkout_backend.logs import JsonFormatter, request_id

SECRET = 'p"ss w\\rd/1'


def record(message: str, **fields: object) -> logging.LogRecord:
    """Return a record as the service's own code makes it."""
    made = logging.LogRecord("checkout_backend", logging.INFO, "x.py", 1, message, (), None)
    made.__dict__["fields"] = fields
    return made


def test_a_record_is_one_line_of_json() -> None:
    """Line breaks of visitors do not make lines of their own."""
    line = JsonFormatter([]).format(record("two\nlines", path="/a\nb"))
    found = json.loads(line)
    assert "\n" not in line
    assert found["event"] == "two\nlines"
    assert found["level"] == "info"
    assert found["path"] == "/a\nb"
    assert found["time"].endswith("+00:00")


def test_the_request_that_is_worked_on_is_named() -> None:
    """Without anybody passing its id on."""
    token = request_id.set("abc-1")
    try:
        assert json.loads(JsonFormatter([]).format(record("x")))["request_id"] == "abc-1"
    finally:
        request_id.reset(token)
    assert "request_id" not in json.loads(JsonFormatter([]).format(record("x")))


def test_a_secret_is_hidden_however_it_is_spelled() -> None:
    """As it is, as JSON, as part of an address, in a field and in a traceback."""
    formatter = JsonFormatter([SECRET, ""])
    made = record(f"plain {SECRET}", url=f"postgres://u:{quote(SECRET, safe='')}@h", text=SECRET)
    try:
        int(SECRET)
    except ValueError:
        made.exc_info = sys.exc_info()
    line = formatter.format(made)
    found = json.loads(line)
    assert found["event"] == "plain [secret]"
    assert found["text"] == "[secret]"
    assert found["exception"].endswith("base 10: '[secret]'")
    assert quote(SECRET, safe="") not in line
