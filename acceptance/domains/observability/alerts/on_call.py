"""Compares the on-call page with the alerts and routes that run, and makes its contact check."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.build.alert_rules import FOLDER, VARIANTS
from acceptance.domains.observability.alerts.listener import AlertListener
from acceptance.domains.observability.drivers.alertmanager import (
    RouteTarget,
    quiet_times,
    targets_of,
)
from acceptance.domains.observability.drivers.prometheus import seconds_of
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.judgement import listed, require, require_each, unproven
from acceptance.runbooks.checks import (
    assert_complete,
    assert_roles_assigned,
    required_interval,
)
from acceptance.runbooks.reader import duration_in, load_runbook
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.domains.observability.alerts.listener import AlertReception
    from acceptance.domains.observability.drivers.alert_receiver import ReceivedAlert
    from acceptance.runbooks.reader import Runbook

PAGE = "docs/operations/on-call.md"
_SECTIONS = (
    *("Purpose", "Rotation", "Severities", "Routes", "Escalation", "Handover"),
    "Contact check",
)
_CONTACT = "contact"
_CHECK = "ContactCheck"
_CHECKED, _SEVERITIES = {"alertname": _CHECK, "category": "contact"}, ("critical", "warning")
"""The labels of the contact check, as the page has them."""
_COLUMNS = 3
"""Of the table of routes."""


@dataclass(frozen=True)
class RouteState:
    """Where alerts go: by the page, by the routes for production, and by Alertmanager.

    A cluster that lives for minutes has the same routes with other times.
    """

    written: tuple[tuple[str, tuple[RouteTarget, ...]], ...]
    """By the labels of an alert, as the page writes them."""
    production: tuple[tuple[RouteTarget, ...], ...]
    """Of each row, by the routes for production."""
    actual: tuple[tuple[RouteTarget, ...], ...]
    """Of each row, by Alertmanager."""
    deployed: str
    """The variant of the routes that Alertmanager has; empty for none."""
    rules: tuple[tuple[str, dict[str, str], tuple[RouteTarget, ...]], ...]
    """The name and labels of every alert rule, and where Alertmanager sends it."""
    quiet: tuple[str, ...] = ()
    """The names of times at which a route sends nothing, in Alertmanager or in production."""


class OnCallInspector(AlertListener):
    """Reads the on-call page, and does what it says about contacts."""

    def read_page(self) -> Runbook:
        """Read the page. Raises `AssertionError` if there is none."""
        page = load_runbook(self.system.sources, PAGE)
        self._keep("On-call page", page.text, "text")
        return page

    def assert_complete(self, page: Runbook) -> None:
        """Every section says something, and rotation and contact check have an interval.

        Every role is assigned, and whoever is called has one of them.
        """
        assert_complete(page, _SECTIONS, (_CONTACT,))
        roles = [row[0] for row in page.table("Rotation")]
        assert_roles_assigned(page, "Rotation", roles)
        require_each(
            page.table("Escalation"),
            lambda row: (
                None
                if any(role.casefold() in " ".join(row[1:]).casefold() for role in roles)
                else f"{PAGE} has {' '.join(row[1:]) or 'nobody'} called after {row[0]}, "
                "a role that nobody has"
            ),
            nothing=f"{PAGE} does not say who is called when.",
        )
        for activity in ("Rotation", "Contact check"):
            required_interval(page, activity, activity)

    def assert_severities_answered(self, page: Runbook) -> None:
        """Every severity of an alert is on the page, with the time in which it is answered."""
        rows = {row[0]: " ".join(row[1:]) for row in page.table("Severities")}
        used = {rule.label("severity") for rule in self.rules().rules().alerts}

        def fault(severity: str) -> str | None:
            if severity not in rows:
                return f"{PAGE} does not say what the severity {severity} means"
            return (
                None if duration_in(rows[severity]) else f"nobody has to answer {severity} in time"
            )

        require_each(sorted(used), fault, nothing="No alert has a severity.")

    def read_routes(self, page: Runbook) -> RouteState:
        """Read where alerts go, by the page and by the Alertmanager that runs.

        It is a failed check if Alertmanager does not say.
        """
        try:
            route = self.alertmanager().route()
        except Refused as error:
            raise unproven(f"It is unknown where alerts go: {error}.", error) from error
        rows = [row for row in page.table("Routes") if len(row) == _COLUMNS]
        labels = [_labels_of(row[0]) for row in rows]
        actual = tuple(targets_of(route, each) for each in labels)
        variants = {
            name: tuple(targets_of(self._route(name), each) for each in labels) for name in VARIANTS
        }
        found = RouteState(
            written=tuple((row[0], _written(row)) for row in rows),
            production=variants["production"],
            actual=actual,
            deployed=next((name for name, own in variants.items() if own == actual), ""),
            rules=tuple(
                (rule.name, own, targets_of(route, own))
                for rule in self.rules().rules().alerts
                for own in [{"alertname": rule.name, **dict(rule.labels)}]
            ),
            quiet=(*quiet_times(route), *quiet_times(self._route("production"))),
        )
        self._keep("Where alerts go", pretty(asdict(found)))
        return found

    def assert_routes_as_written(self, state: RouteState) -> None:
        """In production an alert of each row goes where the row says, and here to the same ones."""
        require(state.written, f"{PAGE} has no table of routes.")
        faults = [
            f"by {PAGE}, {labels} goes to {_in_words(own)}, and by the routes for production to "
            f"{_in_words(production)}"
            for (labels, own), production in zip(state.written, state.production, strict=True)
            if own != production
        ]
        faults += [
            f"Alertmanager sends {labels} to {_in_words(actual)}, which no variant of the routes "
            "says"
            for (labels, _), actual in zip(state.written, state.actual, strict=True)
            if not state.deployed
        ]
        faults += [f"nobody is called in the time {each}" for each in state.quiet]
        require(not faults, listed(faults))

    def assert_every_alert_written(self, state: RouteState) -> None:
        """Every alert rule is one of the page's rows, and goes where the row says."""

        def fault(rule: tuple[str, dict[str, str], tuple[RouteTarget, ...]]) -> str | None:
            name, labels, actual = rule
            fitting = [
                (_labels_of(words), own)
                for words, own in state.written
                if _labels_of(words).items() <= labels.items()
            ]
            if not fitting:
                return f"{PAGE} does not say where {name} goes"
            own = max(fitting, key=lambda each: len(each[0]))[1]
            if _names(own) == _names(actual):
                return None
            return f"{name} goes to {_names(actual)}, and by {PAGE} to {_names(own)}"

        require_each(state.rules, fault, nothing="Prometheus has no alert rule.")

    def _route(self, variant: str) -> dict[str, Any]:
        """Return the root of the routes of a variant, by its file."""
        path = self._context.path_in_sources(FOLDER) / variant / "routes.yaml"
        return dict(yaml.safe_load(path.read_text(encoding="utf-8"))["route"])

    def check_contacts(self, page: Runbook, reception: AlertReception) -> tuple[ReceivedAlert, ...]:
        """Send the contact check as the page says, and return what arrives of it."""
        # Alertmanager remembers what it has told: the next check would not be told again.
        self._undo.callback(self._end, [{**_CHECKED, "severity": each} for each in _SEVERITIES])
        shell = self._shell({"NAMESPACE": self.system.namespace})
        shell.follow(page, _CONTACT, self._keep)
        found = last_seen(
            lambda: tuple(e for e in self.received(reception).alerts if e.name == _CHECK),
            lambda found: {"critical", "warning"} <= {each.receiver for each in found},
            timeout=self._timeouts.observation,
        )
        self.keep_received("What arrived of the contact check", found)
        return found

    def _end(self, labels: Sequence[dict[str, str]]) -> None:
        """End the alerts with these labels."""
        with suppress(Refused):
            self.alertmanager().send(labels, 0.0)

    def assert_contacts_reached(self, found: tuple[ReceivedAlert, ...]) -> None:
        """The contact check of each severity has arrived at its receiver, and nowhere else."""
        arrived = {(each.label("severity"), each.receiver) for each in found}
        wanted = {("critical", "critical"), ("warning", "warning")}
        faults = [f"{s} did not arrive at {to}" for s, to in sorted(wanted - arrived)]
        faults += [f"{s} arrived at {to}" for s, to in sorted(arrived - wanted)]
        require(not faults, f"The contact check: {listed(faults)}.")


def _written(row: list[str]) -> tuple[RouteTarget, ...]:
    receivers = [each.strip(" `") for each in row[1].split(",")]
    return tuple(
        RouteTarget(name, seconds_of(repeat.strip()))
        for name, repeat in zip(receivers, row[2].split(","), strict=True)
    )


def _labels_of(words: str) -> dict[str, str]:
    return dict(each.split("=", 1) for each in words.strip("`").split())


def _in_words(targets: tuple[RouteTarget, ...]) -> str:
    return ", ".join(f"{each.receiver} every {each.repeat:g} s" for each in targets) or "nobody"


def _names(targets: tuple[RouteTarget, ...]) -> str:
    return ", ".join(each.receiver for each in targets) or "nobody"
