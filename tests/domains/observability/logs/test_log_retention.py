from dataclasses import replace

import pytest

from acceptance.domains.observability.logs.log_retention import Deletion, LogRetentionTester
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

GOOD = Deletion("retention", "20 3 * * *", suspended=False, made=(14, 15), left=(14,))


def log_retention_tester() -> LogRetentionTester:
    """Return a tester who never reaches a log store."""
    return LogRetentionTester(context_of(SYSTEM))


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (replace(GOOD, left=(14, 15)), "logs of 15 days ago are kept"),
        (replace(GOOD, left=()), "logs of 14 days ago are gone"),
        (replace(GOOD, made=(), left=()), "no old logs"),
    ],
)
def test_a_day_too_early_or_too_late_is_seen(found: Deletion, reason: str) -> None:
    """On both sides of the day."""
    with pytest.raises(AssertionError, match=reason):
        log_retention_tester().assert_deleted(found, 14)
    log_retention_tester().assert_deleted(GOOD, 14)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (replace(GOOD, schedule="20 3 1 * *"), "does not run every day"),
        (replace(GOOD, schedule="20 3 * * 1-5"), "does not run every day"),
        (replace(GOOD, schedule="@weekly"), "does not run every day"),
        (replace(GOOD, suspended=True), "is suspended"),
    ],
)
def test_a_deletion_that_does_not_run_daily_is_seen(found: Deletion, reason: str) -> None:
    """By its schedule, or because it is switched off."""
    with pytest.raises(AssertionError, match=reason):
        log_retention_tester().assert_deleted_every_day(found)
    for schedule in ("20 3 * * *", "*/5 * * * *", "@daily"):
        log_retention_tester().assert_deleted_every_day(replace(GOOD, schedule=schedule))
