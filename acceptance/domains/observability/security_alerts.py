"""Does what an intruder does at the API server, and checks that somebody is told who did what."""

from __future__ import annotations

import re
import uuid
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from acceptance.domains.observability.account_creator import AccountCreator
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, require, require_each
from acceptance.waiting import eventually, last_seen

if TYPE_CHECKING:
    from acceptance.domains.observability.alert_listener import AlertReception
    from acceptance.domains.observability.drivers.alert_receiver import ReceivedAlert

_SECURITY = "security"
_READ, _DENIED = "SecretRead", "AccessDeniedSpike"
_BURST = 60
"""More refused requests than any variant of the rule allows."""
_ROUNDED = 6
"""By how much Prometheus' extrapolation may be off, in requests."""
_TIME = "%Y-%m-%d %H:%M:%S"
_FORBIDDEN = 403
_CLOCKS = timedelta(seconds=5)
"""By how much the clocks of node and machine may differ, and a rule rounds."""


@dataclass(frozen=True)
class Intrusion:
    """What three accounts did, and what the receiver was told about them."""

    reader: str
    """The user that read the Secret."""
    secret: str
    namespace: str
    intruder: str
    """The user that was refused often."""
    bystander: str
    """The user that was refused once."""
    began: datetime
    ended: datetime
    """When the last alert about them had arrived."""
    alerts: tuple[ReceivedAlert, ...]


class SecurityAlertTester(AccountCreator):
    """Reads a Secret, and is refused, under accounts of its own."""

    def intrude(self, reception: AlertReception) -> Intrusion:
        """Read a Secret, and be refused often; wait until both are told or the time is over.

        Raises `Unverifiable` if the accounts cannot do it.
        """
        namespace, mark = reception.namespace, uuid.uuid4().hex[:6]
        secret = f"acceptance-bait-{mark}"
        names = {role: f"{role}-{mark}" for role in ("reader", "intruder", "bystander")}
        users = {role: f"system:serviceaccount:{namespace}:{n}" for role, n in names.items()}
        began = datetime.now(UTC)
        try:
            self.create_secret(namespace, secret, names["reader"])
            tokens = {role: self.create_account(namespace, name) for role, name in names.items()}
            bait = api_path("secrets", namespace, secret)
            self._send(tokens["reader"], bait, 1, refused=False)
            self._send(tokens["intruder"], api_path("pods", namespace), _BURST, refused=True)
            self._send(tokens["bystander"], api_path("pods", namespace), 1, refused=True)
        except Refused as error:
            raise Unverifiable(f"Nobody can intrude here: {error}.") from error

        def look() -> tuple[ReceivedAlert, ...]:
            return tuple(
                each
                for each in self.received(reception).alerts
                if each.label("user") in users.values() and each.receiver == _SECURITY
            )

        wanted = {(_READ, users["reader"]), (_DENIED, users["intruder"])}
        alerts = last_seen(
            look,
            lambda found: wanted <= {(each.name, each.label("user")) for each in found},
            timeout=self._timeouts.observation,
        )
        self.keep_received("Security alerts about the accounts of the test", alerts)
        return Intrusion(
            users["reader"],
            secret,
            namespace,
            users["intruder"],
            users["bystander"],
            began,
            datetime.now(UTC),
            alerts,
        )

    def assert_reading_told(self, found: Intrusion) -> None:
        """The security team was told who read which Secret, and when."""
        own = self._told(found, _READ, found.reader, "the Secret was read")
        wanted = {"namespace": found.namespace, "name": found.secret, "verb": "get"}
        told = dict(own.labels)
        wrong = {key: told.get(key, "") for key, value in wanted.items() if told.get(key) != value}
        require(
            not wrong,
            f"{found.reader} read the Secret {found.namespace}/{found.secret} with the verb get, "
            f"and the alert says {wrong}.",
        )

    def assert_refusals_told(self, found: Intrusion) -> None:
        """The security team was told who was refused often, and when."""
        own = self._told(found, _DENIED, found.intruder, f"{_BURST} requests were refused")
        said = dict(own.annotations).get("description", "")
        counts = [float(each) for each in re.findall(r"\d+(?:\.\d+)?(?= requests)", said)]
        require(
            found.intruder in said and any(abs(n - _BURST) <= _ROUNDED for n in counts),
            f"{_BURST} requests of {found.intruder} were refused, and the alert says: {said!r}.",
        )

    def assert_bystander_untold(self, found: Intrusion) -> None:
        """One refused request is no alert, and who reads is not who was refused."""
        accused = {(each.name, each.label("user")) for each in found.alerts}
        wrong = accused - {(_READ, found.reader), (_DENIED, found.intruder)}
        require(
            not wrong,
            "; ".join(
                f"{name} accuses {user}, who has not done it" for name, user in sorted(wrong)
            ),
        )

    def assert_security_rules_work(self) -> None:
        """There are alert rules with the category security, and each of them works."""
        found = self.rules().rules()
        require(not found.refused, f"Prometheus does not return its rules: {found.refused}.")
        require_each(
            [rule for rule in found.alerts if rule.label("category") == _SECURITY],
            lambda rule: (
                None if rule.health == "ok" else f"The rule {rule.name} fails: {rule.health}"
            ),
            nothing=f"None of {len(found.alerts)} alert rules has the category {_SECURITY}.",
        )

    def _told(self, found: Intrusion, name: str, user: str, what: str) -> ReceivedAlert:
        """Return the alert `name` about `user`, whose time has to be that of the test."""
        own = [each for each in found.alerts if (each.name, each.label("user")) == (name, user)]
        limit = self._timeouts.observation
        require(own, f"{what}, and the receiver {_SECURITY} was not told within {limit:g} s.")
        began = datetime.fromisoformat(own[0].starts_at)
        require(
            found.began - _CLOCKS <= began <= found.ended + _CLOCKS,
            f"{what} after {found.began:{_TIME}}, and the alert says {began:{_TIME}}.",
        )
        return own[0]

    def _send(self, token: str, path: str, count: int, *, refused: bool) -> None:
        """Send requests as the account of a token; raises `Refused` if one ends otherwise.

        A right that was just given may take a moment.
        """
        with closing(self._cluster.with_token(token)) as client:
            if not refused:
                limit = self._timeouts.request
                eventually(lambda: client.ask(path), lambda r: r.succeeded, timeout=limit)
                return
            for _ in range(count):
                reply = client.ask(path)
                if reply.status != _FORBIDDEN:
                    raise Refused(f"it should be refused, and the answer is {reply}")
