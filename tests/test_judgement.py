from __future__ import annotations

import pytest

from acceptance.drivers.kubernetes.connection import Inaccessible, Refused
from acceptance.errors import EnvironmentFailure, SystemFailure
from acceptance.judgement import Unverifiable, unproven
from acceptance.waiting import DeadlineExceeded


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EnvironmentFailure("no tool"), Unverifiable),
        (Inaccessible("you may not"), Unverifiable),
        (Refused("there is no such Secret"), AssertionError),
        (SystemFailure("it refuses"), AssertionError),
        (DeadlineExceeded("not in time"), AssertionError),
    ],
)
def test_only_the_environment_leaves_a_check_unproven(
    error: Exception, kind: type[Exception]
) -> None:
    """Whatever else keeps a check from being made is the system's failure."""
    assert type(unproven("It is unknown.", error)) is kind
