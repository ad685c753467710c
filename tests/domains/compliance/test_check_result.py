from __future__ import annotations

from typing import Any

import pytest

from acceptance.domains.compliance.check_result import (
    CheckArguments,
    CheckResult,
    fault_of,
    result_with_exceptions,
)
from acceptance.errors import BrokenInput


@pytest.mark.parametrize(
    ("value", "how", "holds"),
    [
        ("false", {"is": "false"}, True),
        (None, {"is": "false", "default": "true"}, False),
        (None, {"is": "true", "default": "true"}, True),
        (None, {"set": True}, False),
        ("", {"set": True}, False),
        (None, {"unset": True}, True),
        ("x", {"unset": True}, False),
        ("Node,RBAC", {"has": "RBAC"}, True),
        ("NodeRBAC", {"has": "RBAC"}, False),
        (None, {"has_not": "AlwaysAdmit"}, True),
        ("AlwaysAdmit,X", {"has_not": "AlwaysAdmit"}, False),
        ("a,b", {"within": ["a", "b", "c"]}, True),
        ("a,d", {"within": ["a", "b", "c"]}, False),
        ("", {"within": ["a"]}, False),
        ("30", {"least": 30}, True),
        ("9", {"least": 10}, False),
        ("many", {"least": 10}, False),
        ("0s", {"is_not": "0s", "set": True}, False),
    ],
)
def test_a_setting_is_compared_as_the_catalogue_says(
    value: str | None, how: dict[str, Any], *, holds: bool
) -> None:
    """A missing setting never passes by itself."""
    assert (fault_of(value, how) is None) is holds


def test_a_comparison_that_cannot_fail_is_refused() -> None:
    """A misspelt word of the catalogue would let every value pass."""
    with pytest.raises(BrokenInput, match="compares nothing"):
        fault_of("x", {"equals": "y"})


def test_an_exception_allows_what_it_names_and_nothing_else() -> None:
    """What is allowed is reported with its reason; everything else stays a fault."""
    arguments = CheckArguments({}, {"a/helper-*": "it has to"})
    allowed = result_with_exceptions({"a/helper-1": "breaks it"}, arguments, "3 pods")
    assert allowed == CheckResult("met", "3 pods", ("a/helper-1: it has to",))
    other = result_with_exceptions(
        {"a/helper-1": "breaks it", "b/x": "breaks it"}, arguments, "3 pods"
    )
    assert (other.status, other.observed) == ("unmet", "b/x: breaks it")
