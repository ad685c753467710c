"""Checks how Alertmanager gathers, inhibits and silences, and that a sound system is quiet."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.alert_causes import SLOW_SECONDS, AlertCauses
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.judgement import Unverifiable, listed, require, require_each
from acceptance.waiting import SYSTEM_CLOCK, last_seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acceptance.domains.observability.alert_causes import Visits
    from acceptance.domains.observability.alert_listener import AlertReception
    from acceptance.domains.observability.drivers.alert_receiver import ReceivedAlert
    from acceptance.domains.observability.drivers.alertmanager import RouteTimes

_MARK = "acceptance"
"""The label by which the suite knows its own alerts."""
_ALWAYS = "DeadMansSwitch"
_LATENCY, _SLOW_SHARE = "LatencyBudgetBurn", 0.01
"""The alert about slow requests, and the share that the service level allows."""
_FIRES_SECONDS = 60.0
_GROUPED = 3
_MARGIN_SECONDS = 2.0
_QUIET_SECONDS = 30.0
"""How long visitors use the system while nothing may fire: longer than any short rule waits."""


@dataclass(frozen=True)
class GroupedAlerts:
    """Alerts of one group that were sent at once, and what arrived of them."""

    sent: int
    arrived: tuple[ReceivedAlert, ...]


@dataclass(frozen=True)
class InhibitedAlert:
    """Whether an alert arrived while another one fired, and after that one had ended."""

    source: str
    target: str
    during: bool
    """Whether it arrived while the other one fired."""
    beside: bool
    """Whether an alert that nothing inhibits arrived meanwhile."""
    after: bool


@dataclass(frozen=True)
class SilencedAlert:
    """Whether an alert arrived while it was silenced, and after the silence."""

    during: bool
    beside: bool
    """Whether the same alert of another pod arrived meanwhile."""
    after: bool


@dataclass(frozen=True)
class QuietTime:
    """What fired while visitors used the sound system."""

    visits: Visits
    fired: tuple[str, ...]
    """The names of the alerts that fired at any time."""
    arrived: tuple[str, ...]


class AlertRouter(AlertCauses):
    """Sends alerts to Alertmanager, as Prometheus does, and looks at what arrives."""

    def send_group(self, reception: AlertReception) -> GroupedAlerts:
        """Send critical alerts of one name and namespace at once."""
        mark = uuid.uuid4().hex[:8]
        self._send(
            [
                self._labels(mark, alertname="Grouped", namespace=mark, pod=f"pod-{number}")
                for number in range(_GROUPED)
            ]
        )
        arrived = self._arrived(reception, mark, _GROUPED)
        self.keep_received("Alerts of one group", arrived)
        return GroupedAlerts(_GROUPED, arrived)

    def assert_one_notification(self, found: GroupedAlerts) -> None:
        """The alerts arrived all, in one notification."""
        pods = {each.label("pod") for each in found.arrived}
        require(len(pods) == found.sent, f"{found.sent} alerts were sent, and {len(pods)} arrived.")
        notifications = {each.notification for each in found.arrived}
        require(
            len(notifications) == 1,
            f"{found.sent} alerts of one group arrived in {len(notifications)} notifications.",
        )

    def try_inhibitions(
        self, reception: AlertReception, table: Sequence[Sequence[str]]
    ) -> tuple[InhibitedAlert, ...]:
        """For each row, send both alerts, and then end the first.

        `table` has a head and two columns: the labels of an alert that fires, and of one that has
        to be quiet meanwhile, such as `alertname=SiteUnreachable, endpoint=API`.
        """
        rows = [
            _Pair(_labels_of(source), _labels_of(target), uuid.uuid4().hex[:8])
            for source, target in table[1:]
        ]
        found = [each for batch in _batches(rows) for each in self._inhibit(reception, batch)]
        self._keep("Inhibited alerts", pretty([asdict(each) for each in found]))
        return tuple(found)

    def assert_inhibited(self, found: Sequence[InhibitedAlert]) -> None:
        """Each alert was quiet while its cause fired, and others were not."""

        def fault(each: InhibitedAlert) -> str | None:
            if each.during:
                return f"{each.target} arrived although {each.source} fires"
            if not each.beside:
                return f"an alert that has nothing to do with {each.source} did not arrive"
            return None if each.after else f"{each.target} did not arrive after {each.source} ended"

        require_each(found, fault, nothing="No inhibition was tried.")

    def try_silence(self, reception: AlertReception) -> SilencedAlert:
        """Silence the alert of one pod, send it and that of another pod, and end the silence."""
        mark = uuid.uuid4().hex[:8]
        both = [self._labels(mark, alertname="Silenced", pod=pod) for pod in ("one", "other")]
        manager = self.alertmanager()
        try:
            silence = manager.silence({_MARK: mark, "pod": "one"}, _FIRES_SECONDS)
        except Refused as error:
            raise Unverifiable(f"Nothing can be silenced: {error}.") from error
        self._undo.callback(manager.end_silence, silence)
        self._send(both)
        self._arrived(reception, mark, 1, pod="other")
        SYSTEM_CLOCK.pause(self._times().wait + _MARGIN_SECONDS)
        during = [each for each in self.received(reception).alerts if each.label(_MARK) == mark]
        manager.end_silence(silence)
        after = self._arrived(reception, mark, 1, pod="one")
        pods = {each.label("pod") for each in during}
        return SilencedAlert("one" in pods, "other" in pods, bool(after))

    def assert_silence_holds(self, found: SilencedAlert) -> None:
        """The silenced alert was quiet until the silence ended, and the other one was not."""
        require(found.beside, "The alert of another pod was silent as well.")
        require(not found.during, "The silenced alert arrived.")
        require(found.after, "The alert did not arrive after its silence.")

    def watch_sound_system(self, reception: AlertReception) -> QuietTime:
        """Have visitors use the system, and note what fires and what arrives meanwhile."""
        client = self.rules()
        stop = self.visit_steadily()
        # What the scenario before has disturbed may fire still.
        last_seen(
            lambda: {each.name for each in client.active() if each.state == "firing"},
            lambda firing: firing <= {_ALWAYS},
            timeout=self._timeouts.recovery,
        )
        fired: set[str] = set()
        before = len(self.received(reception).alerts)
        ends = SYSTEM_CLOCK.now() + _QUIET_SECONDS
        while SYSTEM_CLOCK.now() < ends:
            fired |= {each.name for each in client.active() if each.state == "firing"}
            SYSTEM_CLOCK.pause(0.5)
        arrived = self.received(reception).alerts[before:]
        # The end of what fired before may arrive still.
        names = {each.name for each in arrived if each.status == "firing"}
        found = QuietTime(stop(), tuple(sorted(fired)), tuple(sorted(names)))
        self._keep("What fired on the sound system", pretty(asdict(found)))
        return found

    def assert_quiet(self, found: QuietTime) -> None:
        """Nothing but the dead man's switch fired or arrived.

        Raises `Unverifiable` if there were no visitors, or they were served so slowly that the
        system was not sound: then an alert about that is right.
        """
        if not found.visits.requests:
            raise Unverifiable("No visitor used the system.")
        fired = {*found.fired, *found.arrived} - {_ALWAYS}
        if fired == {_LATENCY} and found.visits.slow > _SLOW_SHARE * found.visits.requests:
            raise Unverifiable(
                f"{found.visits.slow} of {found.visits.requests} requests of visitors took longer "
                f"than {SLOW_SECONDS:g} s, so the machine was too slow for a sound system."
            )
        require(_ALWAYS in found.fired, f"{_ALWAYS} does not fire, so no alert would.")
        wrong = [f"{name} fired" for name in found.fired if name != _ALWAYS]
        wrong += [f"{name} arrived" for name in found.arrived if name != _ALWAYS]
        require(not wrong, f"Nothing is wrong, and {listed(wrong)}.")

    def _inhibit(self, reception: AlertReception, rows: Sequence[_Pair]) -> list[InhibitedAlert]:
        """Send the alerts of some rows at once, which do not inhibit each other."""
        for row in rows:
            self._send([row.full(row.source)])
            self._send([row.full(row.target), row.full({"alertname": "Beside"})])
        for row in rows:
            self._arrived(reception, row.mark, 1, alertname="Beside")
        SYSTEM_CLOCK.pause(self._times().wait + _MARGIN_SECONDS)
        during = self.received(reception).alerts
        self._end([row.full(row.source) for row in rows])
        found = [
            InhibitedAlert(
                row.source["alertname"],
                " ".join(row.target.values()),
                during=bool(_of(during, row.mark, row.target)),
                beside=bool(_of(during, row.mark, {"alertname": "Beside"})),
                after=bool(self._arrived(reception, row.mark, 1, **row.target)),
            )
            for row in rows
        ]
        self._end([row.full(row.target) for row in rows])
        return found

    def _labels(self, mark: str, **labels: str) -> dict[str, str]:
        return {_MARK: mark, "severity": "critical", **labels}

    def _send(self, labels: Sequence[dict[str, str]]) -> None:
        self._undo.callback(self._end, labels)
        self._post(labels, _FIRES_SECONDS)

    def _end(self, labels: Sequence[dict[str, str]]) -> None:
        self._post(labels, 0.0)

    def _post(self, labels: Sequence[dict[str, str]], seconds: float) -> None:
        try:
            self.alertmanager().send(labels, seconds)
        except Refused as error:
            raise Unverifiable(f"No alert can be sent: {error}.") from error

    def _times(self) -> RouteTimes:
        """Return how long critical alerts are gathered."""
        return self.alertmanager().times("critical")

    def _arrived(
        self, reception: AlertReception, mark: str, count: int, **labels: str
    ) -> tuple[ReceivedAlert, ...]:
        """Return the alerts with a mark and these labels, once `count` have arrived or too late."""

        def look() -> tuple[ReceivedAlert, ...]:
            return tuple(
                each
                for each in self.received(reception).alerts
                if each.status == "firing"
                and {_MARK: mark, **labels}.items() <= dict(each.labels).items()
            )

        times = self._times()
        limit = times.wait + times.interval + self._timeouts.request
        return last_seen(look, lambda found: len(found) >= count, timeout=limit)


@dataclass(frozen=True)
class _Pair:
    """An alert that inhibits, and one that has to be quiet meanwhile, by their labels."""

    source: dict[str, str]
    target: dict[str, str]
    mark: str

    def full(self, labels: dict[str, str]) -> dict[str, str]:
        """Return the labels of an alert of this pair, which is in no group of another pair."""
        return {_MARK: self.mark, "severity": "critical", "namespace": self.mark, **labels}


def _batches(rows: Sequence[_Pair]) -> list[list[_Pair]]:
    """Return the rows in batches of one source each, whose targets do not inhibit each other.

    Sources have no namespace in the rules, so that they inhibit what other rows send too.
    """
    inhibits = {(row.source["alertname"], row.target["alertname"]) for row in rows}
    batches: list[list[_Pair]] = []

    def fits(row: _Pair, other: _Pair) -> bool:
        one, two = row.target["alertname"], other.target["alertname"]
        return row.source == other.source and not {(one, two), (two, one)} & inhibits

    for row in rows:
        batch = next((b for b in batches if all(fits(row, other) for other in b)), None)
        if batch is None:
            batches.append([row])
        else:
            batch.append(row)
    return batches


def _labels_of(words: str) -> dict[str, str]:
    pairs: Iterator[tuple[str, str]] = (
        (name, value) for name, _, value in (each.partition("=") for each in words.split(", "))
    )
    return dict(pairs)


def _of(alerts: Sequence[ReceivedAlert], mark: str, labels: dict[str, str]) -> list[ReceivedAlert]:
    wanted = {_MARK: mark, **labels}.items()
    return [each for each in alerts if wanted <= dict(each.labels).items()]
