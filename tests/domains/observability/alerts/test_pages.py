from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acceptance.domains.observability import (
    AlertPageFollower,
    AlertPageReader,
    AlertPages,
    FollowedPages,
)
from acceptance.domains.observability.alerts.cause import Cause
from acceptance.domains.observability.alerts.cluster_state import ClusterState, losses
from acceptance.domains.observability.alerts.page_follower import (
    _ELSEWHERE,
    FollowedPage,
    PageRow,
    state_of,
)
from acceptance.domains.observability.alerts.pages import written
from acceptance.domains.observability.alerts.resource_causes import without_dump
from acceptance.domains.observability.drivers.prometheus_rules import ActiveAlert, PrometheusRules
from acceptance.drivers.kubernetes.client import Refused
from acceptance.judgement import Unverifiable
from acceptance.project import ROOT
from acceptance.runbooks.runner import CommandRun
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of
from tests.support.visits import visits

FEATURE = ROOT / "features" / "task_003_observability" / "definition_of_done.feature"
PAGE = "docs/operations/alerts/target-down.md"
SECTIONS = "".join(
    f"\n## {title}\n\nThis is said here.\n"
    for title in ("Meaning", "Impact", "Diagnosis", "Cure", "Escalation")
)
COMMANDS = "\n```sh diagnose\nkubectl get pods\n```\n\n```sh cure\nkubectl get nodes\n```\n"
CRITICAL = (("TargetDown", "critical"),)
ON_CALL = (
    "# On call\n\n## Severities\n\n| s | w | a |\n| - | - | - |\n| critical | hurt | 15 minutes |\n"
    "\n## Escalation\n\n| after | who |\n| - | - |\n| 30 minutes without a cure | lead |\n"
    "| 60 minutes without a cure | manager |\n"
)
RULES = (
    "groups: [{rules: [{alert: TargetDown, expr: up < @full@ * @window@}, {record: r, expr: x}]}]"
)
LEAD = "After 30 minutes without a cure, call the lead."
ROW = PageRow("TargetDown", "a pod hangs", "refused", "cure")
DONE = CommandRun("diagnose", "kubectl get pods", "pod-1 connection refused", "", 1.0)
FOLLOWED = FollowedPage(ROW, PAGE, ("refused", "pod-1"), DONE, [DONE], ended=9.0)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Sources with the page of one alert."""
    path = tmp_path / PAGE
    path.parent.mkdir(parents=True)
    said = "Alert: `TargetDown`. Severity: critical."
    text = f"# Target down\n\n{said}\n{SECTIONS}{COMMANDS}"
    text = text.replace("## Meaning\n\n", "## Meaning\n\nMore than 90 % are down. ")
    path.write_text(text.replace("## Escalation\n\n", f"## Escalation\n\nIn 15 minutes. {LEAD} "))
    (tmp_path / "docs/operations/on-call.md").write_text(ON_CALL)
    rules = tmp_path / "manifests/components/prometheus-rules"
    (rules / "source").mkdir(parents=True)
    (rules / "source" / "alerts.yaml").write_text(RULES)
    (rules / "numbers.yaml").write_text("numbers: {production: {full: 0.9, window: 5m}}")
    return tmp_path


def reader(sources: Path) -> AlertPageReader:
    """Somebody who reads pages in these sources."""
    return AlertPageReader(context_of(replace(SYSTEM, repository=str(sources))))


def review(actor: AlertPageReader, found: AlertPages) -> None:
    """Judge what each page says."""
    actor.assert_pages_complete(found)
    actor.assert_escalation_in_time(found)
    actor.assert_numbers_told(found)


def test_a_complete_page_passes(sources: Path) -> None:
    """It has all sections and commands, and names its alert."""
    found = AlertPages((("TargetDown", PAGE),), CRITICAL, (PAGE,))
    actor = reader(sources)
    actor.assert_pages_complete(found)
    actor.assert_no_other_page(found)
    actor.assert_escalation_in_time(found)
    actor.assert_numbers_told(found)
    actor.assert_all_named(found, [["alert"], ["TargetDown"]])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("## Impact", "## Import", "TargetDown: .* has no section Impact"),
        ("sh diagnose", "sh", "TargetDown: .* has no commands to diagnose"),
        ("sh cure", "sh", "TargetDown: .* has no commands to cure"),
        ("Alert: `TargetDown`", "Alert: `TargetMissing`", "is not about TargetDown"),
        ("In 15 minutes.", "TODO", r'is only filled in: "TODO" is left in it'),
        ("In 15 minutes.", "<!-- In 15 minutes. -->", "has a part that nobody reads: <!--"),
        ("In 15 minutes.", "In 8 hours.", "has somebody answer in 8:00:00, and .* in 0:15:00"),
        ("30 minutes without", "3 days without", "called after 3 days.*, which .* does not say"),
        ("30 minutes without", "60 minutes without", "waits 1:00:00 for a cure, and .* waits 0:30"),
        ("Severity: critical", "Severity: warning", "does not say that TargetDown is critical"),
        ("90 %", "70 %", "target-down.md does not say 90"),
    ],
)
def test_what_a_page_lacks_is_named(sources: Path, old: str, new: str, said: str) -> None:
    """A section, commands, or the alert that it is about."""
    path = sources / PAGE
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(AssertionError, match=said):
        review(reader(sources), AlertPages((("TargetDown", PAGE),), CRITICAL, ()))


def test_an_alert_without_a_page_is_named(sources: Path) -> None:
    """Whether it names none, or one that is not there; and no alert at all proves nothing."""
    actor = reader(sources)
    with pytest.raises(AssertionError, match="CrashLoop has no page"):
        actor.assert_pages_complete(AlertPages((("CrashLoop", ""),), (), ()))
    with pytest.raises(AssertionError, match=r"CrashLoop: There is no docs/crash\.md"):
        actor.assert_pages_complete(AlertPages((("CrashLoop", "docs/crash.md"),), (), ()))
    with pytest.raises(AssertionError, match="no alert rule"):
        actor.assert_pages_complete(AlertPages((), (), ()))


def test_a_page_or_a_row_of_no_alert_is_named(sources: Path) -> None:
    """What is left of an alert that was removed would mislead."""
    actor, found = (
        reader(sources),
        AlertPages((("TargetDown", PAGE),), CRITICAL, (PAGE, "docs/old.md")),
    )
    with pytest.raises(AssertionError, match=r"docs/old\.md is of no alert"):
        actor.assert_no_other_page(found)
    with pytest.raises(AssertionError, match="Prometheus has no alert Old"):
        actor.assert_all_named(found, [["alert"], ["TargetDown"], ["Old"]])
    with pytest.raises(AssertionError, match="nobody follows the page of TargetDown"):
        actor.assert_all_named(found, [["alert"]])


def test_the_feature_follows_each_page_or_says_why_not() -> None:
    """An alert with a reason is in no other table, and one without is in one, with its commands."""
    parts = re.split(r"\n\s+(?:When|Then|And) ", FEATURE.read_text())
    tables = [
        (
            part,
            [
                [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
                for row in part.split("\n")[2:]
            ],
        )
        for part in parts
    ]
    named = next(rows for text, rows in tables if text.startswith("these are all alerts"))
    followed = {
        (row[0], row[3]) for text, rows in tables if "is followed\n" in text for row in rows if row
    }
    assert {(row[0], row[1]) for row in named if row and not row[2]} == followed
    assert all(row[2] for row in named if row and not row[1])
    assert len(followed) > 10


def follow(each: FollowedPage, *lost: str) -> None:
    """Judge what became of a page."""
    actor = AlertPageFollower(context_of(SYSTEM))
    found = FollowedPages((each,), lost)
    actor.assert_diagnosed(found)
    actor.assert_cured(found)
    actor.assert_nothing_lost(found)


def test_a_page_that_leads_to_the_cause_and_cures_it_passes() -> None:
    """Its commands ran, show what they have to, and the alert ended."""
    follow(FOLLOWED)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"diagnosis": replace(DONE, failure="exit code 1")}, "the diagnosis of .* fails: exit"),
        ({"diagnosis": replace(DONE, output="refused")}, "does not show pod-1"),
        (
            {"diagnosis": replace(DONE, output="refused pod-1\nerror: unknown flag: --tale")},
            "cannot work: unknown flag",
        ),
        ({"cures": [DONE, replace(DONE, failure="exit code 1")]}, "the cure of .* fails: exit"),
        ({"ended": None}, "the cure of .* does not end its alert in 120 s"),
        ({"unmended": "pod-1 still runs"}, "the cure of .* hides it: pod-1 still runs"),
    ],
)
def test_a_page_that_misleads_is_named(changes: dict[str, Any], said: str) -> None:
    """Its commands fail, could never work, do not show the cause, or cure nothing."""
    with pytest.raises(AssertionError, match=said):
        follow(replace(FOLLOWED, **changes))


SLOW = replace(FOLLOWED, row=replace(ROW, alert="LatencyBudgetBurn"), ended=None)


def test_slow_requests_on_a_slow_machine_are_unverified() -> None:
    """The alert is right then; where visitors are served quickly, or more is wrong, it is not."""
    actor = AlertPageFollower(context_of(SYSTEM))
    with pytest.raises(Unverifiable, match=r"9 of 90 requests .* the machine was too slow"):
        actor.assert_cured(FollowedPages((FOLLOWED, SLOW), (), visits(90, 9)))
    with pytest.raises(AssertionError, match="does not end its alert"):
        actor.assert_cured(FollowedPages((FOLLOWED, SLOW), (), visits(900, 2)))
    other = replace(FOLLOWED, ended=None)
    with pytest.raises(AssertionError, match="does not end its alert"):
        actor.assert_cured(FollowedPages((other, SLOW), (), visits(90, 9)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"unmended": "the tables are still locked"}, "does not end its alert"),
        ({"cures": [DONE, replace(DONE, failure="exit code 1")]}, "fails: exit code 1"),
    ],
)
def test_what_is_slow_because_nothing_was_cured_is_the_page_s_fault(
    changes: dict[str, Any], said: str
) -> None:
    """The machine is no excuse while the cause is there, or if the commands failed."""
    actor = AlertPageFollower(context_of(SYSTEM))
    with pytest.raises(AssertionError, match=said):
        actor.assert_cured(FollowedPages((replace(SLOW, **changes),), (), visits(90, 9)))


def test_a_cure_that_goes_too_far_is_named() -> None:
    """What it took away beside the cause."""
    with pytest.raises(AssertionError, match="The cures went too far: secrets a/b is gone"):
        follow(FOLLOWED, "secrets a/b is gone")


def test_no_page_that_was_followed_proves_nothing() -> None:
    """An empty table is a failed check."""
    actor, none = AlertPageFollower(context_of(SYSTEM)), FollowedPages((), ())
    for check in (actor.assert_diagnosed, actor.assert_cured, actor.assert_nothing_lost):
        with pytest.raises(AssertionError, match="No page was followed"):
            check(none)


SOUND = ClusterState(
    frozenset({"secrets a/b", "deployments a/backend"}),
    (("deployments a/backend", 2),),
    (("backend", 2), ("node", 1)),
    frozenset({"TargetDown: up == 0"}),
)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"objects": frozenset({"deployments a/backend"})}, ["secrets a/b is gone"]),
        (
            {"wanted": (("deployments a/backend", 1),)},
            ["deployments a/backend wants 1 pods, and wanted 2 before"],
        ),
        ({"targets": (("backend", 3),)}, ["0 of 1 targets of node are up"]),
        ({"rules": frozenset({"TargetDown: up == 2"})}, ["the rule TargetDown is gone or changed"]),
    ],
)
def test_what_is_less_than_before_is_named(changes: dict[str, Any], said: list[str]) -> None:
    """Objects, wanted pods, targets and rules."""
    assert list(losses(SOUND, SOUND, replace(SOUND, **changes), ())) == said


def test_what_a_cause_brought_may_be_given_up_by_name() -> None:
    """And nothing else of it."""
    broken = replace(SOUND, objects=SOUND.objects | {"rolebindings c/d", "rolebindings c/e"})
    assert list(losses(SOUND, broken, SOUND, {"rolebindings c/d"})) == ["rolebindings c/e is gone"]


def test_a_backup_is_a_file_that_postgresql_wrote(tmp_path: Path) -> None:
    """An empty file is none."""
    (tmp_path / "a.dump").write_bytes(b"")
    assert without_dump(tmp_path) == "no backup was made"
    (tmp_path / "b.dump").write_bytes(b"PGDMP...")
    assert without_dump(tmp_path) == ""


@pytest.mark.parametrize(
    ("number", "forms"),
    [(0.9, ("90",)), (50, ("50",)), (93600, ("26 hours", "1.08333 days"))],
)
def test_thresholds_are_written_as_people_do(number: float, forms: tuple[str, ...]) -> None:
    """Shares as percents, seconds as hours or days."""
    assert written(number) == forms


class Active(PrometheusRules):
    """A Prometheus in which some alerts are active, or that does not answer."""

    def __init__(self, *alerts: tuple[str, str, str]) -> None:
        """Know the name, pod and state of each."""
        self._alerts = alerts

    def active(self) -> tuple[ActiveAlert, ...]:
        """What is active; without any alert, no answer."""
        if not self._alerts:
            raise Refused("it is away")
        return tuple(
            ActiveAlert((("alertname", name), ("pod", pod)), state)
            for name, pod, state in self._alerts
        )


def test_an_alert_fires_with_the_labels_of_its_cause() -> None:
    """Not that of another pod; while nobody answers, it is not over."""
    cause = Cause(0.0, {"pod": "a"})
    for alert, state in (
        (("TargetDown", "a", "firing"), "firing"),
        (("TargetDown", "a", "pending"), "pending"),
        (("TargetDown", "b", "firing"), ""),
    ):
        assert state_of(Active(alert), ROW, cause) == state
    assert state_of(Active(), ROW, cause) == "pending"


def test_the_alert_that_always_fires_is_looked_at_the_other_way_round() -> None:
    """Something is wrong while it does not fire, or Prometheus does not answer."""
    row, cause = replace(ROW, alert="DeadMansSwitch"), Cause(0.0, {})
    assert not state_of(Active(("DeadMansSwitch", "", "firing")), row, cause)
    assert state_of(Active(("Other", "", "firing")), row, cause) == "firing"
    assert state_of(Active(), row, cause) == "firing"


def test_a_page_may_send_its_reader_to_the_commands_of_another_one() -> None:
    """The pages about backups do."""
    for name in ("backup-too-old", "backup-unknown"):
        text = (ROOT / "docs" / "operations" / "alerts" / f"{name}.md").read_text()
        assert _ELSEWHERE.findall(text) == [("backup", "../backup-and-recovery.md")]
    assert re.search(
        r"^\s*```sh backup$",
        (ROOT / "docs/operations/backup-and-recovery.md").read_text(),
        re.MULTILINE,
    )
