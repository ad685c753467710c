from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from acceptance.domains.observability import Misdeeds, SecurityAlertTester
from acceptance.domains.observability.alerts.misdeeds import Misdeed
from acceptance.domains.observability.drivers.alert_receiver import ReceivedAlert
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
GOT = Misdeed("a reader", "this run", "gets a Secret", 1, "SecretRead", "r")
LISTED = Misdeed("a reader", "the system", "lists the Secrets", 1, "SecretRead", "l")
BURST = Misdeed("an account", "this run", "is refused", 60, "AccessDeniedSpike", "i")
STRANGE = Misdeed(
    "a stranger", "nowhere", "has a bad token", 60, "AccessDeniedSpike", "unauthenticated"
)
ONCE = Misdeed("another", "this run", "is refused", 1, "", "b")


def told(alert: str, user: str, count: float = 60.2, **labels: str) -> ReceivedAlert:
    """An alert that arrived at the security team."""
    own = {"alertname": alert, "user": user, **labels}
    said = (("description", f"The API server refused {count} requests of {user}."),)
    return ReceivedAlert(
        "security", 1.0, "firing", tuple(own.items()), said, NOW.isoformat(), notification=0
    )


READ = told("SecretRead", "r", namespace="n", name="bait", verb="get")
LIST = told("SecretRead", "l", namespace="n", verb="list")
SPIKE = told("AccessDeniedSpike", "i")
STRANGER = told("AccessDeniedSpike", "unauthenticated", 75)
ALL = (READ, LIST, SPIKE, STRANGER)
FOUND = Misdeeds((GOT, LISTED, BURST, STRANGE, ONCE), "bait", "n", NOW, NOW, ALL)


def check(found: Misdeeds) -> None:
    """Judge what the scenario judges of security alerts."""
    actor = SecurityAlertTester(context_of(SYSTEM))
    actor.assert_told(found)
    actor.assert_nobody_else_accused(found)


def test_who_did_what_and_when_is_told() -> None:
    """Of whoever read, in each way, and of whoever was refused; strangers may be more than one."""
    check(FOUND)


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ((), "a reader of this run gets a Secret .* was not told by SecretRead"),
        ((READ, SPIKE, STRANGER), "of the system lists the Secrets .* was not told"),
        ((READ, LIST, STRANGER), "this run is refused .* was not told by AccessDeniedSpike"),
        ((READ, LIST, SPIKE), "a stranger of nowhere has a bad token .* was not told"),
        (
            (told("SecretRead", "r", namespace="n", name="other", verb="get"), *ALL[1:]),
            r"says \{'name': 'other'\}",
        ),
        (
            (told("SecretRead", "r", namespace="n", name="bait", verb="list"), *ALL[1:]),
            "gets a Secret .* was not told",
        ),
        ((*ALL, told("SecretRead", "i")), "SecretRead accuses i"),
        ((*ALL, told("AccessDeniedSpike", "b")), "AccessDeniedSpike accuses b"),
        (
            (replace(READ, starts_at="2026-11-28T12:00:00Z"), *ALL[1:]),
            "and the alert says 2026-11-28 12:00:00",
        ),
        (
            (READ, LIST, told("AccessDeniedSpike", "i", 20), STRANGER),
            "60 requests of i were refused, and the alert says: .*refused 20 requests",
        ),
        (
            (READ, LIST, SPIKE, told("AccessDeniedSpike", "unauthenticated", 20)),
            "60 requests of unauthenticated were refused",
        ),
    ],
)
def test_a_security_alert_that_says_the_wrong_thing_is_detected(
    alerts: tuple[ReceivedAlert, ...], said: str
) -> None:
    """Another Secret, verb, account, number or day, or nothing at all."""
    with pytest.raises(AssertionError, match=said):
        check(replace(FOUND, alerts=alerts))


def test_misdeeds_that_nobody_has_to_hear_of_prove_nothing() -> None:
    """An empty table has no fault."""
    with pytest.raises(AssertionError, match="Nobody did anything"):
        check(replace(FOUND, deeds=(ONCE,), alerts=()))
