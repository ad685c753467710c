"""Fuzzing: what schemathesis found is read from its reports."""

from __future__ import annotations

import json

import pytest

from acceptance.domains.penetration.drivers.fuzzing import read_reports
from acceptance.errors import EnvironmentFailure


def test_the_reports_of_schemathesis_are_read() -> None:
    """Complaints, statuses and traces; a report of another shape is an environment failure."""
    report = {
        "operations": {"selected": 2, "tested": 1},
        "test_cases": {"generated": 5},
        "failures": [{"code": "ST101", "title": "Server error", "operations": ["GET /a"]}],
        "errors": [{"title": "Network Error"}],
        "stop_reason": "completed",
    }
    trace = 'Traceback (most recent call last):\n  File "/a.py", line 3'
    entry = {
        "request": {"method": "GET", "url": "http://a/b"},
        "response": {"status": 500, "content": {"text": trace}},
    }
    archive = {"log": {"entries": [entry, entry]}}
    found = read_reports(json.dumps(report), json.dumps(archive), 1.0)
    assert [str(each) for each in found.weaknesses] == [
        "Server error (ST101): GET /a",
        "Network Error (error): ",
    ]
    assert found.statuses == ((500, 2),)
    assert found.untested == 1
    assert found.leaks[0] == "GET http://a/b: Traceback (most recent call last)"
    with pytest.raises(EnvironmentFailure, match="cannot be read"):
        read_reports("{}", "{}", 1.0)
