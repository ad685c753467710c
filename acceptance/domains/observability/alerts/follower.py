"""Follows each critical alert from its cause to the receiver, and to its end after the cure."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from acceptance.domains.observability.alerts.causes import AlertCauses
from acceptance.domains.observability.alerts.rules import CRITICAL, critical_rules
from acceptance.domains.observability.alerts.watch import (
    ALLOWED_SECONDS,
    AlertRow,
    AlertWatch,
    FollowedAlert,
    name_of,
    state_of,
    table_of,
    what_was_read,
)
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.judgement import Unverifiable, require_each, unproven
from acceptance.waiting import SYSTEM_CLOCK, DeadlineExceeded, eventually, last_seen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acceptance.domains.observability.alerts.cause import Cause
    from acceptance.domains.observability.alerts.listener import AlertReception
    from acceptance.domains.observability.drivers.prometheus_rules import (
        PrometheusRules,
        Rule,
    )

_ROUNDS = (
    frozenset({"no backend pod runs"}),
    frozenset({"the database does not run"}),
)
"""Causes that change what others cause, so each of these has a round of its own."""
_PAUSE_SECONDS = 0.25
"""Between two looks: each costs the machine something, and what it is asked about takes seconds."""
_NOTHING = "<no value>"
"""What Go's templates write for what is not there."""
_LATE_SECONDS = 10.0
"""For so long an alert is waited for after its time, to say how late it is."""
_RESOLVED_SECONDS = 60.0


class AlertFollower(AlertCauses):
    """Causes every critical alert, and watches Prometheus and the receiver meanwhile."""

    def follow_critical_alerts(
        self, reception: AlertReception, table: Sequence[Sequence[str]]
    ) -> tuple[FollowedAlert, ...]:
        """Cause each alert of the table, wait until it arrives, cure it and wait for its end.

        `table` has a head, and the columns of `AlertRow`. Raises `Unverifiable` if a cause cannot
        be brought about.
        """
        rows = [
            AlertRow(alert, cause, tuple(to.split(", ")), float(measured.partition(" ")[0]))
            for alert, cause, to, measured in table[1:]
        ]
        rounds = [{row.cause for row in rows}.difference(*_ROUNDS), *_ROUNDS]
        found: list[FollowedAlert] = []
        for causes in rounds:
            own = [row for row in rows if row.cause in causes]
            if own:
                found += self._follow(reception, own)
        self._keep("Critical alerts, from their cause to their end", table_of(found), "text")
        self._keep("Critical alerts", pretty([asdict(each) for each in found]))
        return tuple(found)

    def assert_arrived_at_receivers(self, followed: Sequence[FollowedAlert]) -> None:
        """Each alert arrived at its receivers and at no other one, and its words say something."""

        def fault(each: FollowedAlert) -> str | None:
            others = [name for name, _ in each.arrived if name not in each.row.receivers]
            if each.missing:
                where = ", ".join(each.missing)
                return f"{each.row.alert} did not arrive at {where}: {state_of(each)}"
            if others:
                return f"{each.row.alert} arrived at {', '.join(others)} as well"
            empty = [text for _, text in each.annotations if "  " in text or _NOTHING in text]
            return f"{each.row.alert} says: {empty[0]}" if empty else None

        require_each(followed, fault, nothing="No alert was followed.")

    def assert_arrived_in_time(self, followed: Sequence[FollowedAlert]) -> None:
        """Each alert arrived within scrape, evaluation, `for` and group wait, and two seconds."""

        def fault(each: FollowedAlert) -> str | None:
            late = max((at for _, at in each.arrived), default=0.0)
            if each.missing or late <= each.limit:
                return None
            return f"{each.row.alert} arrived after {late:.1f} s, not within {each.limit:.1f} s"

        require_each(followed, fault, nothing="No alert was followed.")

    def assert_ended_after_cure(self, followed: Sequence[FollowedAlert]) -> None:
        """The receiver was told of the end of each alert, and not before the cure."""

        def fault(each: FollowedAlert) -> str | None:
            if each.resolved is None:
                return f"{each.row.alert}: no receiver was told that it ended"
            if each.early:
                when = f"{each.cured - each.resolved:.1f} s before its cause was cured"
                return f"{each.row.alert} ended {when}{what_was_read(each)}"
            return None

        require_each(followed, fault, nothing="No alert was followed.")

    def _follow(self, reception: AlertReception, rows: list[AlertRow]) -> list[FollowedAlert]:
        """Bring about the causes of `rows` at once, and follow their alerts until they end."""
        client = self.rules()
        causes: dict[str, Cause] = {}
        self.await_targets_known()
        self._await_quiet(client, rows)
        offset = self.received(reception).now - SYSTEM_CLOCK.now()
        if any("the database refuses" in row.cause for row in rows):
            self.visit_steadily()
        for words in dict.fromkeys(row.cause for row in rows):
            causes[words] = self.cause(words, reception)
        rules = critical_rules(self.rules().rules().alerts)
        watch = [
            AlertWatch(row, causes[row.cause], offset, self._limit(row, rules)) for row in rows
        ]

        def look() -> None:
            active, received = client.active_now(), self.received(reception).alerts
            for each in watch:
                each.see(active, received)

        def look_until(seen: Callable[[AlertWatch], bool], seconds: float) -> None:
            last_seen(look, lambda _: all(map(seen, watch)), timeout=seconds, pause=_PAUSE_SECONDS)

        started = SYSTEM_CLOCK.now()
        longest = max(each.limit for each in watch) + _LATE_SECONDS
        # What the scenario before has left may fire for a moment first.
        look_until(lambda each: each.known, longest)
        for words, cause in causes.items():
            cause.cure.close()
            for each in watch:
                if each.row.cause == words:
                    each.cured = SYSTEM_CLOCK.now() - cause.since
        look_until(lambda each: each.ended, _RESOLVED_SECONDS)
        found = [each.result() for each in watch]
        seconds = SYSTEM_CLOCK.now() - started
        return [
            replace(each, read=self.read_by(rules[each.row.alert], seconds))
            if each.missing or each.early
            else each
            for each in found
        ]

    def _await_quiet(self, client: PrometheusRules, rows: list[AlertRow]) -> None:
        """Wait until none of the alerts is there that are about to be caused.

        The scenario before may have caused them. Raises `Unverifiable` if one stays.
        """
        names = {name_of(row) for row in rows}

        def there() -> list[str]:
            return sorted(
                {
                    each.name
                    for each in client.active()
                    if each.name in names and each.label("severity") == CRITICAL
                }
            )

        try:
            eventually(there, lambda found: not found, timeout=self._timeouts.recovery)
        except (DeadlineExceeded, Refused) as error:
            message = f"Before anything is broken, it is not quiet: {error}"
            if isinstance(error, Refused):
                raise unproven(message, error) from error
            raise Unverifiable(message) from error  # what a scenario before has left may fire

    def _limit(self, row: AlertRow, rules: Mapping[str, Rule]) -> float:
        """Return the seconds within which an alert has to arrive after its cause.

        It waits for its group, or until the group is sent again: another alert of the group may
        fire, or have ended in the last 15 minutes, in which Prometheus still tells of it.
        """
        rule = rules.get(row.alert)
        if rule is None:
            raise AssertionError(f"Prometheus has no critical alert {row.alert} that could fire.")
        scrape = max(each.interval for each in self.prometheus().targets().targets)
        manager = self.alertmanager()
        try:
            times = [manager.times(name) for name in row.receivers]
        except Refused as error:
            raise unproven(f"{row.alert} cannot arrive: {error}.", error) from error
        wait = max(max(each.wait, each.interval) for each in times)
        once = scrape + rule.interval + rule.duration + wait
        return once + row.measured + ALLOWED_SECONDS
