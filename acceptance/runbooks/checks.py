"""What is judged of every written procedure, whatever it is for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from acceptance.judgement import require, require_each

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from acceptance.runbooks.reader import Procedure

_SHORTEST = 3  # words that a section needs to say anything


def judge_whole(page: Procedure, name: str, sections: Sequence[str], marks: Sequence[str]) -> None:
    """Every section is there and says something, and so do all commands; `name` is the page's."""

    def fault(title: str) -> str | None:
        if len(page.section(title).split()) >= _SHORTEST:
            return None
        return f"{name} has no section {title}, or nothing in it"

    require_each(sections, fault, nothing="No section is asked for.")
    require_each(
        marks,
        lambda mark: None if page.script(mark).strip() else f"{name} has no commands to {mark}",
        nothing="No command is asked for.",
    )


def judge_recent(last: date, every: timedelta, name: str, exercise: str) -> None:
    """The last `exercise` (a drill, a rehearsal) is no older than the page `name` allows."""
    today = datetime.now(UTC).date()
    require(last <= today + timedelta(days=1), f"The last {exercise}, {last}, is yet to come.")
    require(
        today - last <= every,
        f"The last {exercise} was on {last}, {(today - last).days} days ago, "
        f"and {name} asks for one every {every.days} days.",
    )
