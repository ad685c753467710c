"""What accounts do that the security team is to be told of, and what it is told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.alert_receiver import ReceivedAlert

SECURITY = "security"
NOBODY = "nobody"
READ, DENIED = "SecretRead", "AccessDeniedSpike"
"""The alerts about accounts."""
UNAUTHENTICATED = "unauthenticated"
"""How the audit exporter calls whoever has no valid credentials (ADR 23)."""
VERBS = {"gets a Secret": "get", "lists the Secrets": "list", "watches the Secrets": "watch"}
"""What an account does to read, and the verb of the API server for it."""
REFUSED, UNKNOWN = "is refused", "has a bad token"
_ROUNDED = 6
"""By how much Prometheus' extrapolation may be off, in requests."""
_TIME = "%Y-%m-%d %H:%M:%S"
_CLOCKS = timedelta(seconds=5)
"""By how much the clocks of node and machine may differ, and a rule rounds."""


@dataclass(frozen=True)
class Misdeed:
    """What an account does, and the alert that has to tell of it."""

    who: str
    """What the scenario calls it."""
    of: str
    """In which namespace it is: this run, the system, the monitoring; or nowhere."""
    does: str
    """One of `VERBS`, `REFUSED` or `UNKNOWN`."""
    times: int
    alert: str
    """Empty for none."""
    user: str = ""
    """What the API server calls it."""

    @property
    def words(self) -> str:
        """What was done, in words."""
        return f"{self.who} of {self.of} {self.does} ({self.user}, {self.times} times)"


@dataclass(frozen=True)
class Misdeeds:
    """What accounts did, and what the receiver was told about them."""

    deeds: tuple[Misdeed, ...]
    secret: str
    namespace: str
    began: datetime
    ended: datetime
    """When the last alert about them had arrived."""
    alerts: tuple[ReceivedAlert, ...]

    def told(self, deed: Misdeed) -> list[ReceivedAlert]:
        """Return the alerts that are about a deed, by their name, user and verb."""
        verb = VERBS.get(deed.does, "")
        return [
            each
            for each in self.alerts
            if (each.name, each.label("user")) == (deed.alert, deed.user)
            and each.label("verb") == verb
        ]

    def in_time(self, alert: ReceivedAlert) -> bool:
        """Whether an alert says that it began while something was done."""
        began = datetime.fromisoformat(alert.starts_at)
        return self.began - _CLOCKS <= began <= self.ended + _CLOCKS


def fault_of(found: Misdeeds, deed: Misdeed, limit: float) -> str | None:
    """Say what is wrong with what was told of a deed within `limit` seconds."""
    told = found.told(deed)
    if not told:
        return (
            f"{deed.words}, and the receiver {SECURITY} was not told by {deed.alert} within "
            f"{limit:g} s"
        )
    own = [each for each in told if found.in_time(each)]
    if not own:
        said = datetime.fromisoformat(told[0].starts_at)
        return f"{deed.words} after {found.began:{_TIME}}, and the alert says {said:{_TIME}}"
    if deed.does in VERBS:
        return _fault_of_reading(found, deed, own[0])
    return None if any(_counts(deed, each) for each in own) else _miscounted(deed, own[0])


def wrongly_accused(found: Misdeeds) -> list[str]:
    """Say in sentences which alerts accuse somebody of what he has not done."""
    done = {(deed.alert, deed.user) for deed in found.deeds}
    return [
        f"{name} accuses {user}, who has not done it"
        for name, user in sorted({(each.name, each.label("user")) for each in found.alerts} - done)
    ]


def _fault_of_reading(found: Misdeeds, deed: Misdeed, alert: ReceivedAlert) -> str | None:
    wanted = {"namespace": found.namespace}
    # Whoever lists or watches them names none.
    wanted["name"] = found.secret if VERBS[deed.does] == "get" else ""
    wrong = {key: alert.label(key) for key, value in wanted.items() if alert.label(key) != value}
    if not wrong:
        return None
    return f"{deed.words}: {found.namespace}/{wanted['name']}, and the alert says {wrong}"


def _counts(deed: Misdeed, alert: ReceivedAlert) -> bool:
    """Whether an alert names the account and about how often it was refused.

    Others may have had bad tokens too.
    """
    said = _said(alert)
    counts = [float(each) for each in re.findall(r"\d+(?:\.\d+)?(?= requests)", said)]
    most = float("inf") if deed.does == UNKNOWN else deed.times + _ROUNDED
    return deed.user in said and any(deed.times - _ROUNDED <= each <= most for each in counts)


def _miscounted(deed: Misdeed, alert: ReceivedAlert) -> str:
    return (
        f"{deed.times} requests of {deed.user} were refused, and the alert says: {_said(alert)!r}"
    )


def _said(alert: ReceivedAlert) -> str:
    return dict(alert.annotations).get("description", "")
