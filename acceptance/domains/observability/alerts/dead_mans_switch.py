"""Cuts the way of alerts in three places, and checks that somebody outside is told each time."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.alerts.listener import AlertListener
from acceptance.domains.observability.drivers import alertmanager, prometheus
from acceptance.domains.observability.drivers.alert_receiver import DEAD_MANS_SWITCH
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import require, unproven
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from acceptance.domains.observability.alerts.listener import AlertReception

_SIGNS = 3
"""So many signs of life in a row show that they are regular."""
_ALLOWED_SECONDS = 2.0


@dataclass(frozen=True)
class CutWay:
    """What was cut, and when somebody outside was told. All times are in seconds after the cut."""

    what: str
    interval: float
    """From one sign of life to the next, as it is configured, in seconds."""
    last_sign: float
    told: float | None
    """None if nobody was."""
    next_sign: float | None
    """The first sign of life after the repair; None if none came."""


class DeadMansSwitchTester(AlertListener):
    """Is the one outside who hears the dead man's switch."""

    def cut(self, what: str, reception: AlertReception) -> CutWay:
        """Cut the way of alerts at `what`, until somebody is told; then repair it.

        Raises `Unverifiable` if this cluster does not let it be cut. No sign of life before it is a
        failed check.
        """
        try:
            interval = self.alertmanager().times(DEAD_MANS_SWITCH).interval
        except Refused as error:
            raise unproven(f"Nobody hears the dead man's switch: {error}.", error) from error
        self._await_signs(reception, interval)
        alarms = len(self.received(reception).alarms)
        repaired = ExitStack()
        self._undo.push(repaired)
        self._cut(what, repaired)
        cut = self.received(reception).now
        longest = 4 * interval + self._timeouts.observation
        told = last_seen(
            lambda: self.received(reception), lambda r: len(r.alarms) > alarms, timeout=longest
        )
        new, after = told.alarms[alarms:], told.now
        repaired.close()
        signs = last_seen(
            lambda: self._signs(reception),
            lambda signs: signs[-1] > after,
            timeout=self._timeouts.recovery,
        )
        self.await_targets_known()
        found = CutWay(
            what,
            interval,
            max(at for at in signs if at < after) - cut,
            new[0].at - cut if new else None,
            next((at - cut for at in signs if at > after), None),
        )
        self._keep(f"The dead man's switch while {what}", pretty(asdict(found)))
        return found

    def assert_told_in_time(self, found: CutWay) -> None:
        """Somebody was told within two intervals of the last sign, which came in time too."""
        require(found.told is not None, f"Nobody was told that {found.what}.")
        assert found.told is not None
        require(
            found.last_sign <= found.interval + _ALLOWED_SECONDS,
            f"{found.last_sign:.1f} s after {found.what}, there was a sign of life still: more "
            f"than an interval ({found.interval:g} s).",
        )
        silent = found.told - found.last_sign
        require(
            silent <= 2 * found.interval,
            f"Somebody was told {silent:.1f} s after the last sign of life: more than two "
            f"intervals ({2 * found.interval:g} s).",
        )

    def assert_heard_again(self, found: CutWay) -> None:
        """After the repair there are signs of life again."""
        require(
            found.next_sign is not None, f"After the repair of “{found.what}”, nothing is heard."
        )

    def _signs(self, reception: AlertReception) -> list[float]:
        """Return when each sign of life arrived."""
        found = self.received(reception).alerts
        return [each.at for each in found if each.receiver == DEAD_MANS_SWITCH]

    def _await_signs(self, reception: AlertReception, interval: float) -> None:
        """Wait until signs of life come regularly; a failed check if they do not."""
        limit = (_SIGNS + 1) * interval + self._timeouts.observation
        signs = last_seen(
            lambda: self._signs(reception), lambda signs: len(signs) >= _SIGNS, timeout=limit
        )
        require(
            len(signs) >= _SIGNS,
            f"The dead man's switch was heard {len(signs)} times in {limit:.0f} s, although its "
            f"interval is {interval:g} s.",
        )

    def _cut(self, what: str, repaired: ExitStack) -> None:
        cuts = {
            "Prometheus does not run": lambda: self._stop_program(prometheus.PROGRAMS, repaired),
            "Alertmanager does not run": lambda: self._stop_program(
                alertmanager.PROGRAMS, repaired
            ),
            "Alertmanager may connect to nobody outside": lambda: self._isolate(repaired),
        }
        try:
            cuts[what]()
        except Refused as error:
            raise unproven(f"It cannot be brought about that {what}: {error}.", error) from error

    def _isolate(self, repaired: ExitStack) -> None:
        """Let every policy that selects Alertmanager allow no connection to the outside."""
        where = self._alertmanager_endpoint().name.partition("/")[0]
        for policy in self._cluster.items(api_path("networkpolicies", where)):
            spec, name = policy["spec"], policy["metadata"]["name"]
            chosen = (spec.get("podSelector") or {}).get("matchLabels") or {}
            if "alertmanager" in chosen.values() and "Egress" in spec["policyTypes"]:
                path = api_path("networkpolicies", where, name)
                repaired.callback(self._cluster.patch, path, {"spec": {"egress": spec["egress"]}})
                self._cluster.patch(path, {"spec": {"egress": []}})
                return
        raise Refused(f"no policy of {where} allows Alertmanager to connect to anybody")
