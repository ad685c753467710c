from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from acceptance.judgement import Unverifiable
from acceptance.project import ROOT
from acceptance.runbooks.checks import assert_somebody_runs
from acceptance.runbooks.reader import read_runbook
from acceptance.runbooks.schedules import (
    ScheduledJob,
    calendar_gap,
    cron_gap,
    scheduled_jobs,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGE = read_runbook("docs/backup.md", "# A\n\n## Schedule\n\n- Backup: every 24 hours\n")
JOB = ScheduledJob("a.timer", "run docs/backup.md", DAY)
TODAY = datetime.now(UTC).date()


@pytest.mark.parametrize(
    ("schedule", "gap"),
    [
        ("0 2 * * *", DAY),
        ("20 3 * * *", DAY),
        ("*/15 * * * *", HOUR / 4),
        ("0 */6 * * *", 6 * HOUR),
        ("0 2,14 * * *", 12 * HOUR),
        ("0 2 * * 1-5", 3 * DAY),
        ("0 2 * * mon", 7 * DAY),
        ("0 2 * * 7", 7 * DAY),
        ("0 2 1 * *", 31 * DAY),
        ("0 2 1 1 *", 366 * DAY),
        ("@daily", DAY),
        ("@weekly", 7 * DAY),
        ("every night", None),
        ("61 2 * * *", None),
        ("", None),
    ],
)
def test_the_longest_gap_of_cron_is_computed(schedule: str, gap: timedelta | None) -> None:
    """A schedule that leaves out weekends has a gap of three days."""
    assert cron_gap(schedule) == gap


@pytest.mark.parametrize(
    ("calendar", "gap"),
    [
        ("daily", DAY),
        ("*-*-* 02:30:00 UTC", DAY),
        ("*-*-* 02:30", DAY),
        ("02:30", DAY),
        ("*-*-* 0/6:00:00", 6 * HOUR),
        ("Mon..Fri 02:30", 3 * DAY),
        ("Sun *-*-* 02:30:00", 7 * DAY),
        ("*-*-01 02:30:00", 31 * DAY),
        ("weekly", 7 * DAY),
        ("whenever", None),
    ],
)
def test_the_longest_gap_of_a_timer_is_computed(calendar: str, gap: timedelta | None) -> None:
    """As systemd writes calendars, for as much as people use of them."""
    assert calendar_gap(calendar) == gap


def test_the_backups_of_this_project_are_scheduled() -> None:
    """Its timer runs the runbook once a day, and other jobs have nothing to do with it."""
    jobs = {each.file: each for each in scheduled_jobs(ROOT)}
    timer = jobs["operations/backup/checkout-backup.timer"]
    assert timer.longest_gap == DAY
    assert "backup-and-recovery.md" in timer.text
    assert "manifests/components/opensearch/retention.yaml" in jobs


def test_jobs_are_found_wherever_they_are(tmp_path: Path) -> None:
    """A CronJob, a workflow and a timer; what is suspended or in a comment does not run."""
    files = {
        "manifests/a.yaml": (
            "kind: CronJob\nspec:\n  schedule: 0 2 * * *\n  jobTemplate: {run: pg_dump}\n---\n"
            "kind: CronJob\nspec:\n  suspend: true\n  schedule: 0 1 * * *\n"
        ),
        "manifests/broken.yaml": "kind: [",
        ".github/workflows/b.yml": (
            "on:\n  schedule:\n    - cron: 0 4 * * 1\njobs: {a: {run: backup.md}}\n"
        ),
        ".github/workflows/c.yml": "on: push\njobs: {}\n",
        "operations/d/d.timer": "[Timer]\n# OnCalendar=hourly\nOnUnitActiveSec=12h\n",
        "operations/d/d.service": "[Service]\nExecStart=/opt/x/d.sh\n",
        "operations/d/d.sh": "# backup.md\npg_dump\n",
        "operations/e/e.timer": "[Timer]\nOnCalendar=daily\n",
        "operations/e/e.service": "[Unit]\nDocumentation=backup.md\n[Service]\nExecStart=true\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = [(each.file, each.longest_gap) for each in scheduled_jobs(tmp_path)]
    assert found == [
        ("manifests/a.yaml", DAY),
        (".github/workflows/b.yml", 7 * DAY),
        ("operations/d/d.timer", 12 * HOUR),
        ("operations/e/e.timer", DAY),
    ]
    texts = [each.text for each in scheduled_jobs(tmp_path)]
    assert ["pg_dump" in text for text in texts] == [True, False, True, False]
    assert ["backup.md" in text for text in texts] == [False, True, False, False]


def test_a_schedule_that_nobody_runs_is_told() -> None:
    """None, one that does something else, and one that runs too seldom."""
    assert_somebody_runs(PAGE, "Backup", DAY, [JOB], ())
    assert_somebody_runs(PAGE, "Backup", DAY, [replace(JOB, text="pg_dump")], ("pg_dump",))
    for jobs in ([], [replace(JOB, text="clean up")]):
        with pytest.raises(AssertionError, match="nothing and nobody runs it"):
            assert_somebody_runs(PAGE, "Backup", DAY, jobs, ("pg_dump",))
    with pytest.raises(AssertionError, match=r"a\.timer runs it less often: .* 168 hours"):
        assert_somebody_runs(PAGE, "Backup", DAY, [replace(JOB, longest_gap=7 * DAY)], ())
    with pytest.raises(Unverifiable, match=r"The schedule in a\.timer cannot be read"):
        assert_somebody_runs(PAGE, "Backup", DAY, [replace(JOB, longest_gap=None)], ())


@pytest.mark.parametrize(
    ("who", "last", "said"),
    [
        ("the Development Team", TODAY.isoformat(), None),
        ("the Development Team", "2020-01-31", "The last backup was on 2020-01-31"),
        ("the Development Team", "lately", "does not say when the last backup was made"),
        ("TBD", TODAY.isoformat(), "nothing and nobody runs it"),
        ("", TODAY.isoformat(), "nothing and nobody runs it"),
    ],
)
def test_by_hand_somebody_says_when(who: str, last: str, said: str | None) -> None:
    """A role does it, and the record is not older than the schedule."""
    page = read_runbook(
        PAGE.page, f"{PAGE.text}- By hand: {who}\n\n## Last backup\n\n{last}, by Ada\n"
    )
    if said is None:
        assert_somebody_runs(page, "Backup", DAY, [], ())
        return
    with pytest.raises(AssertionError, match=said):
        assert_somebody_runs(page, "Backup", DAY, [], ())


def test_the_timer_runs_the_commands_of_the_page(tmp_path: Path) -> None:
    """As they stand there, and then it deletes what is too old; kubectl is a fake."""
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.parent.mkdir()
    kubectl.write_text(
        '#!/bin/sh\necho "$*" >> "$LOG"\n'
        'for t in checkouts items payments; do echo "TABLE DATA public $t "; done\n'
    )
    kubectl.chmod(0o755)
    folder = tmp_path / "backups"
    folder.mkdir()
    old = folder / "checkout-20200101T000000Z.dump"
    old.write_text("old")
    os.utime(old, (0, 0))
    environment = {
        "PATH": f"{kubectl.parent}:{os.environ['PATH']}",
        "BACKUPS": str(folder),
        "KEEP_DAYS": "14",
        "NAMESPACE": "checkout",
        "LOG": str(tmp_path / "log"),
    }
    script = ROOT / "operations/backup/back-up.sh"
    subprocess.run([script], check=True, env=environment, capture_output=True, timeout=60)
    names = sorted(each.name for each in folder.iterdir())
    assert len(names) == 2
    assert not old.exists()
    assert names[1] == f"{names[0]}.sha256"
    said = (tmp_path / "log").read_text()
    assert "pg_dump" in said
    assert "psql" in said
