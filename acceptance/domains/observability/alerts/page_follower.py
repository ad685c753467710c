"""Follows the page of an alert: its diagnosis while the alert fires, and then its cure."""

from __future__ import annotations

import re
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.observability.alerts.cluster_state import losses, read_state
from acceptance.domains.observability.alerts.incident_causes import IncidentCauses
from acceptance.domains.observability.alerts.listener import AlertReception
from acceptance.domains.observability.alerts.pages import DIAGNOSE
from acceptance.domains.observability.alerts.visits import LATENCY, Visits
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require, require_each
from acceptance.runbooks.reader import load_runbook
from acceptance.waiting import SYSTEM_CLOCK, last_seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.domains.observability.alerts.cause import Cause
    from acceptance.domains.observability.drivers.prometheus_rules import PrometheusRules
    from acceptance.runbooks.runner import CommandRun

_ALWAYS = "DeadMansSwitch"
"""When something is wrong, it does not fire, and all others do."""
_ELSEWHERE = re.compile(r"the block `(\w+)` of\s+\[[^\]]+\]\(([^)]+\.md)\)")
"""How a page sends its reader to the commands of another one."""
_IMPOSSIBLE = re.compile(
    r"unknown (?:shorthand )?(?:flag|command)|doesn't have a resource type|command not found"
    r"|unbound variable|parse error|syntax error"
)
"""What a command says that could never have worked, whatever the system is like."""
_FIRES_SECONDS, _ENDS_SECONDS = 120.0, 120.0
_FIRING, _PENDING = "firing", "pending"


@dataclass(frozen=True)
class PageRow:
    """An alert, its cause, what the diagnosis has to show, and the commands that cure it."""

    alert: str
    cause: str
    shows: str
    """A pattern. The values of the labels of the alert have to be shown beside it."""
    mark: str
    """Of the commands on the page that cure this cause."""


@dataclass
class FollowedPage:
    """What became of an alert whose page was followed."""

    row: PageRow
    page: str
    wanted: tuple[str, ...]
    """Patterns of what the diagnosis has to show."""
    diagnosis: CommandRun
    cures: list[CommandRun] = field(default_factory=list)
    ended: float | None = None
    """Seconds from the begin of its cure to the end of the alert; None if it did not end."""
    unmended: str = ""
    """What is still wrong although the alert ended; empty for nothing."""


@dataclass(frozen=True)
class FollowedPages:
    """All alerts whose pages were followed at once, and what got lost by that."""

    pages: tuple[FollowedPage, ...]
    losses: tuple[str, ...]
    visits: Visits = field(default_factory=Visits)
    """How visitors fared after the cures."""


class AlertPageFollower(IncidentCauses):
    """Is on call: an alert fires, and its page says what to do."""

    def follow_pages(self, table: Sequence[Sequence[str]]) -> FollowedPages:
        """Bring about the cause of each row at once, and follow the page of each alert.

        `table` has a head, and the columns of `PageRow`. All diagnoses come before the first cure,
        and what was broken last is cured first. Raises `Unverifiable` if a cause cannot be brought
        about, or an alert does not fire, or has ended before its cure.
        """
        rows = [PageRow(*row) for row in table[1:]]
        client, prometheus = self.rules(), self.prometheus()
        pages = {e.name: dict(e.annotations).get("runbook_url", "") for e in client.rules().alerts}
        namespace = f"acceptance-pages-{self.system.run}-{uuid.uuid4().hex[:6]}"
        self._create_namespace(namespace)
        stop = self.visit_steadily()
        self.await_targets_known()
        sound = read_state(self._cluster, prometheus, client, namespace)
        causes = {row.alert: self.cause(row.cause, AlertReception(namespace)) for row in rows}
        self._await_firing(client, rows, causes)
        broken = read_state(self._cluster, prometheus, client, namespace)
        found = [self._diagnose(row, pages.get(row.alert, ""), causes[row.alert]) for row in rows]
        folders = {}
        began = {}
        for each in reversed(found):
            began[each.row.alert] = SYSTEM_CLOCK.now()
            folders[each.row.alert] = self._cure(client, each, causes)
        stop()
        stop = self.visit_steadily()
        self._await_end(client, found, causes, began)
        visits = stop()
        self._keep_what_goes_on(client, found)
        self.visit_steadily()
        given_up = {name for cause in causes.values() for name in cause.given_up}
        lost = last_seen(
            lambda: tuple(
                losses(
                    sound,
                    broken,
                    read_state(self._cluster, prometheus, client, namespace),
                    given_up,
                )
            ),
            lambda lost: not lost,
            timeout=self._timeouts.observation,
        )
        for each in found:
            cause = causes[each.row.alert]
            each.unmended = cause.unmended(folders[each.row.alert])
            # Whoever starts Prometheus anew ends every alert for a moment.
            if state_of(client, each.row, cause):
                each.ended = None
        self._keep("Pages that were followed", pretty([asdict(each) for each in found]))
        self._keep("Lost by following the pages", "\n".join(lost) or "nothing", "text")
        self._keep("Visitors after the cures", visits.summary, "text")
        for cause in causes.values():
            cause.cure.close()
        return FollowedPages(tuple(found), lost, visits)

    def assert_diagnosed(self, followed: FollowedPages) -> None:
        """The commands of each diagnosis ran, and show the cause and whom it concerns."""

        def fault(each: FollowedPage) -> str | None:
            if not each.diagnosis.succeeded:
                return f"the diagnosis of {each.page} fails: {each.diagnosis.failure}"
            impossible = _IMPOSSIBLE.search(each.diagnosis.output)
            if impossible:
                return f"the diagnosis of {each.page} cannot work: {impossible[0]}"
            hidden = [w for w in each.wanted if not re.search(w, each.diagnosis.output)]
            return (
                f"the diagnosis of {each.page} does not show {listed(hidden)}" if hidden else None
            )

        require_each(followed.pages, fault, nothing="No page was followed.")

    def assert_cured(self, followed: FollowedPages) -> None:
        """The commands of each cure ran, and the alert ended.

        Raises `Unverifiable` if only the one about slow requests did not, its cause is gone, and
        visitors waited on a machine that is too slow.
        """

        def fault(each: FollowedPage) -> str | None:
            failed = [cure.failure for cure in each.cures if not cure.succeeded]
            if failed:
                return f"the cure of {each.page} fails: {failed[0]}"
            if each.ended is None:
                return f"the cure of {each.page} does not end its alert in {_ENDS_SECONDS:g} s"
            return f"the cure of {each.page} hides it: {each.unmended}" if each.unmended else None

        wrong = [each for each in followed.pages if fault(each)]
        if [each.row.alert for each in wrong] == [LATENCY] and _mended(wrong[0]):
            too_slow = followed.visits.too_slow
            if too_slow:
                raise Unverifiable(too_slow)
        require_each(followed.pages, fault, nothing="No page was followed.")

    def assert_nothing_lost(self, followed: FollowedPages) -> None:
        """Whatever was there before the cures is there after them, and is watched as before."""
        require(followed.pages, "No page was followed.")
        require(not followed.losses, f"The cures went too far: {listed(followed.losses)}.")

    def _await_firing(
        self, client: PrometheusRules, rows: Sequence[PageRow], causes: dict[str, Cause]
    ) -> None:
        quiet = last_seen(
            lambda: [
                row.alert for row in rows if state_of(client, row, causes[row.alert]) != _FIRING
            ],
            lambda found: not found,
            timeout=_FIRES_SECONDS,
        )
        if quiet:
            raise Unverifiable(
                f"{listed(quiet)} did not fire within {_FIRES_SECONDS:g} s of its cause, so nobody "
                "can follow its page."
            )

    def _diagnose(self, row: PageRow, page: str, cause: Cause) -> FollowedPage:
        runbook = load_runbook(self.system.sources, page)
        wanted = (row.shows, *map(re.escape, cause.labels.values()))
        return FollowedPage(row, page, wanted, self._shell(cause.variables).run(runbook, DIAGNOSE))

    def _cure(self, client: PrometheusRules, each: FollowedPage, causes: dict[str, Cause]) -> Path:
        """Follow the cure of a page, and return the folder in which its commands ran.

        Raises `Unverifiable` if the alert has ended before.
        """
        cause = causes[each.row.alert]
        # A scrape that fails ends an alert for a moment.
        state = last_seen(
            lambda: state_of(client, each.row, cause),
            lambda state: state == _FIRING,
            timeout=self._timeouts.observation,
        )
        if state != _FIRING:
            raise Unverifiable(f"{each.row.alert} ended before its cure, so nothing is cured.")
        page = load_runbook(self.system.sources, each.page)
        shell = self._shell(cause.variables)
        for mark, link in _ELSEWHERE.findall(page.section("Cure")):
            other = (Path("/") / each.page).parent.joinpath(link).resolve().relative_to("/")
            each.cures.append(shell.run(load_runbook(self.system.sources, str(other)), mark))
        each.cures.append(shell.run(page, each.row.mark))
        return shell.folder

    def _await_end(
        self,
        client: PrometheusRules,
        found: Sequence[FollowedPage],
        causes: dict[str, Cause],
        began: dict[str, float],
    ) -> None:
        def look() -> bool:
            for each in found:
                alert = each.row.alert
                if each.ended is None and not state_of(client, each.row, causes[alert]):
                    each.ended = SYSTEM_CLOCK.now() - began[alert]
            return all(each.ended is not None for each in found)

        last_seen(look, bool, timeout=_ENDS_SECONDS)

    def _keep_what_goes_on(self, client: PrometheusRules, found: Sequence[FollowedPage]) -> None:
        """Keep what the rules have read whose alerts did not end."""
        names = {each.row.alert for each in found if each.ended is None}
        for rule in client.rules().alerts if names else ():
            if rule.name in names:
                self.read_by(rule, _ENDS_SECONDS)


def _mended(each: FollowedPage) -> bool:
    """Return whether the commands of a cure ran, and its cause is gone."""
    return not each.unmended and all(cure.succeeded for cure in each.cures)


def state_of(client: PrometheusRules, row: PageRow, cause: Cause) -> str:
    """Return the state of the alert with the labels of its cause: firing, pending or none.

    `_ALWAYS` fires when it is not there. While Prometheus does not answer, nothing is known of the
    others, so they are pending.
    """
    labels = {"alertname": row.alert, **cause.labels}
    always = row.alert == _ALWAYS
    active = client.active_now()
    if active is None:
        return _FIRING if always else _PENDING
    states = {each.state for each in active if labels.items() <= dict(each.labels).items()}
    if always:
        return "" if _FIRING in states else _FIRING
    return _FIRING if _FIRING in states else "".join(states)
