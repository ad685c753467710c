from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from acceptance.domains.recovery.backup_and_restore import PAGE, RecoveryOperator
from acceptance.project import ROOT
from acceptance.runbooks.reader import read_runbook
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

WRITTEN = (ROOT / PAGE).read_text(encoding="utf-8")


def check_page(text: str) -> None:
    """Check a runbook as the scenario does."""
    actor = RecoveryOperator(context_of(SYSTEM))
    runbook = read_runbook(PAGE, text)
    actor.assert_complete(runbook)
    actor.assert_schedule_meets_rpo(runbook)
    actor.assert_rehearsed_recently(runbook)


def rehearsed(days_ago: int) -> str:
    """Return the runbook of this repository, as if rehearsed that many days ago."""
    day = datetime.now(UTC).date() - timedelta(days=days_ago)
    head, title, _ = WRITTEN.partition("## Last rehearsal\n")
    return f"{head}{title}\n{day}, by a test.\n"


@pytest.mark.parametrize("days", [0, 90])
def test_the_runbook_is_complete(days: int) -> None:
    """The runbook of this repository passes as long as its rehearsal is recent enough."""
    check_page(rehearsed(days))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        *((f"## {title}\n", "## Other\n", f"has no section {title}") for title in ("Owner", "RPO")),
        ("```sh restore", "```sh", "has no commands to restore"),
        ("24 hours: data", "Little: data", "The RPO .* is no duration"),
        ("30 minutes, from", "Soon, from", "The RTO .* is no duration"),
        ("- Backup: every 24 hours", "- Sometimes", 'has no line "Backup: every'),
        (
            "Backup: every 24 hours",
            "Backup: every 25 hours",
            "every 25 hours cannot meet the RPO of 24 hours",
        ),
        ("- Rehearsal: every 90 days", "- Never", 'has no line "Rehearsal: every'),
    ],
)
def test_what_the_runbook_lacks_is_named(old: str, new: str, said: str) -> None:
    """The message names the section or the commands."""
    text = rehearsed(1)
    assert old in text
    with pytest.raises(AssertionError, match=said):
        check_page(text.replace(old, new))


@pytest.mark.parametrize(
    ("days", "said"),
    [(91, "91 days ago, and .* asks for one every 90 days"), (-2, "is in the future")],
)
def test_an_old_or_future_rehearsal_is_named(days: int, said: str) -> None:
    """A rehearsal counts for as long as the runbook says, and not before it is done."""
    with pytest.raises(AssertionError, match=said):
        check_page(rehearsed(days))
