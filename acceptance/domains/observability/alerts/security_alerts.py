"""Does what an intruder does at the API server, and checks that somebody is told who did what."""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from acceptance.domains.observability.alerts.account_creator import AccountCreator
from acceptance.domains.observability.alerts.misdeeds import (
    NOBODY,
    REFUSED,
    SECURITY,
    UNAUTHENTICATED,
    UNKNOWN,
    VERBS,
    Misdeed,
    Misdeeds,
    fault_of,
    wrongly_accused,
)
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import listed, require, require_each, unproven
from acceptance.waiting import SYSTEM_CLOCK, eventually, last_seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.domains.observability.alerts.listener import AlertReception
    from acceptance.drivers.kubernetes.client import Kubernetes

_REFUSALS = {REFUSED: 403, UNKNOWN: 401}
_AUDIT = "audit"
"""The job by which Prometheus learns of what was done."""
_WATCHED_SECONDS = "1"
_FRESH_SECONDS = 1.0
"""So soon after a scrape there is time for many requests before the next one."""


class SecurityAlertTester(AccountCreator):
    """Reads Secrets, and is refused, under accounts of its own."""

    def misbehave(self, reception: AlertReception, table: Sequence[Sequence[str]]) -> Misdeeds:
        """Do what the table says; wait until everything is told or the time is over.

        `table` has a head and the columns of `Misdeed` but for the user; `NOBODY` instead of an
        alert means that nobody is told. Raises `Unverifiable` if this cluster does not let an
        account do it.
        """
        mark = uuid.uuid4().hex[:6]
        secret, where = f"acceptance-bait-{mark}", reception.namespace
        began = datetime.now(UTC)
        try:
            self.create_secret(where, secret, f"owner-{mark}")
            prepared = [
                self._prepare(_misdeed(row), f"{number}-{mark}", where, secret)
                for number, row in enumerate(table[1:])
            ]
            scraped = float("-inf")
            for deed, token in prepared:
                # All of a burst comes into one scrape, so that the first alert counts all of it.
                if deed.times > 1 and SYSTEM_CLOCK.now() - scraped > _FRESH_SECONDS:
                    scraped = self._await_scrape()
                self._do(deed, token, where, secret)
        except Refused as error:
            raise unproven(f"Nobody can misbehave here: {error}.", error) from error
        deeds = tuple(deed for deed, _ in prepared)
        users = {deed.user for deed in deeds}

        def look() -> Misdeeds:
            told = tuple(
                each
                for each in self.received(reception).alerts
                if each.label("user") in users and each.receiver == SECURITY
            )
            return Misdeeds(deeds, secret, where, began, datetime.now(UTC), told)

        found = last_seen(
            look,
            lambda found: all(found.told(deed) for deed in deeds if deed.alert),
            timeout=self._timeouts.observation,
        )
        self.keep_received("Security alerts about the accounts of the test", found.alerts)
        return found

    def assert_told(self, found: Misdeeds) -> None:
        """The security team was told who did what, and when, of each that it has to be told of."""
        limit = self._timeouts.observation
        require_each(
            [deed for deed in found.deeds if deed.alert],
            lambda deed: fault_of(found, deed, limit),
            nothing="Nobody did anything that somebody has to be told of.",
        )

    def assert_nobody_else_accused(self, found: Misdeeds) -> None:
        """One refused request is no alert, and who reads is not who was refused."""
        wrong = wrongly_accused(found)
        require(not wrong, listed(wrong))

    def assert_security_rules_work(self) -> None:
        """There are alert rules with the category security, and each of them works."""
        found = self.rules().rules()
        require(not found.refused, f"Prometheus does not return its rules: {found.refused}.")
        require_each(
            [rule for rule in found.alerts if rule.label("category") == SECURITY],
            lambda rule: (
                None if rule.health == "ok" else f"The rule {rule.name} fails: {rule.health}"
            ),
            nothing=f"None of {len(found.alerts)} alert rules has the category {SECURITY}.",
        )

    def _prepare(self, deed: Misdeed, mark: str, where: str, secret: str) -> tuple[Misdeed, str]:
        """Return the deed with its user, and the user's token; it has the rights that it needs."""
        if deed.does == UNKNOWN:
            return replace(deed, user=UNAUTHENTICATED), f"not-a-token-{mark}"
        namespaces = {
            "this run": where,
            "the system": self.system.namespace,
            "the monitoring": self._alertmanager_endpoint().name.partition("/")[0],
        }
        namespace, account = namespaces[deed.of], f"acceptance-{mark}"
        token = self.create_account(namespace, account)
        if deed.does in VERBS:
            verb = VERBS[deed.does]
            only = [secret] if verb == "get" else []
            self.let_read(where, f"reader-{mark}", (namespace, account), [verb], only)
        return replace(deed, user=f"system:serviceaccount:{namespace}:{account}"), token

    def _do(self, deed: Misdeed, token: str, where: str, secret: str) -> None:
        """Send the requests of a deed; raises `Refused` if one ends otherwise.

        A right that was just given may take a moment.
        """
        with closing(self._cluster.with_token(token)) as client:
            for _ in range(deed.times):
                if deed.does in _REFUSALS:
                    reply = client.ask(api_path("pods", where))
                    if reply.status != _REFUSALS[deed.does]:
                        raise Refused(f"it should be refused, and the answer is {reply}")
                    continue
                self._read(client, VERBS[deed.does], where, secret)

    def _read(self, client: Kubernetes, verb: str, where: str, secret: str) -> None:
        path = api_path("secrets", where, secret if verb == "get" else "")
        watch = {"watch": "true", "timeoutSeconds": _WATCHED_SECONDS}
        eventually(
            lambda: client.send("GET", path, query=watch if verb == "watch" else {}),
            lambda reply: reply.succeeded,
            timeout=self._timeouts.request,
        )

    def _await_scrape(self) -> float:
        """Wait until the audit log's exporter was scraped, or for two intervals; return the time.

        It is that of the monotonic clock.
        """
        client = self.prometheus()
        interval = max((e.interval for e in client.targets().targets if e.job == _AUDIT), default=0)

        def newest() -> float:
            own = [e for e in client.history("up", 2 * interval) if e.label("job") == _AUDIT]
            return max((at for each in own for at, _ in each.results), default=0.0)

        before = newest()
        last_seen(newest, lambda at: at > before, timeout=2 * interval)
        return SYSTEM_CLOCK.now()


def _misdeed(row: Sequence[str]) -> Misdeed:
    who, of, does, times, alert = row
    return Misdeed(who, of, does, int(times), "" if alert == NOBODY else alert)
