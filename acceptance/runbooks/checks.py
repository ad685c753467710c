"""Checks that every runbook has to pass, whatever it is for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from acceptance.judgement import Unverifiable, require, require_each
from acceptance.readiness.placeholders import placeholder_reason
from acceptance.runbooks.reader import date_in, duration_in, line_with

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from acceptance.runbooks.reader import Runbook
    from acceptance.runbooks.schedules import ScheduledJob

_FEWEST_WORDS = 3
"""A section with fewer words says nothing."""


@dataclass(frozen=True)
class Exercise:
    """When a runbook was last exercised, and how often it asks for that."""

    last: date
    every: timedelta
    today: date


def assert_complete(runbook: Runbook, sections: Sequence[str], marks: Sequence[str]) -> None:
    """Every section is there and says something, and every mark has commands."""

    def fault(title: str) -> str | None:
        text = runbook.section(title)
        if len(text.split()) < _FEWEST_WORDS:
            return f"{runbook.page} has no section {title}, or nothing in it"
        reason = placeholder_reason(text)
        return (
            f"the section {title} of {runbook.page} is only filled in: {reason}" if reason else None
        )

    require_each(sections, fault, nothing="No section is asked for.")
    require_each(
        marks,
        lambda mark: None if runbook.commands(mark).strip() else _no_commands(runbook, mark),
        nothing="No command is asked for.",
    )


def assert_roles_assigned(runbook: Runbook, section: str, roles: Collection[str]) -> None:
    """Each of the roles has somebody and a task, in the table or the list of a section."""

    def fault(role: str) -> str | None:
        said = _cells_of(runbook, section, role)
        if said is None:
            return f"{runbook.page} assigns the role {role} to nobody"
        reason = next(filter(None, map(placeholder_reason, said or ("",))), None)
        return f"{runbook.page} assigns the role {role} to nobody: {reason}" if reason else None

    require_each(roles, fault, nothing=f"{runbook.page} has no role.")


def _cells_of(runbook: Runbook, section: str, name: str) -> list[str] | None:
    """Return what a table or a list says beside a name; None if it does not have the name."""
    for first, *others in runbook.table(section):
        if first.casefold() == name.casefold():
            return others
    line = line_with(runbook.section(section), name)
    return [line.lstrip("-*| ")[len(name) :]] if line else None


def required_commands(runbook: Runbook, mark: str) -> str:
    """Return the commands with a mark. Raises `AssertionError` if there are none."""
    commands = runbook.commands(mark)
    require(commands.strip(), f"{_no_commands(runbook, mark)}.")
    return commands


def required_duration(runbook: Runbook, section: str, example: str) -> timedelta:
    """Return the first duration in a section. Raises `AssertionError` if there is none."""
    found = duration_in(runbook.section(section))
    require(found, f"The {section} in {runbook.page} is no duration, such as {example}.")
    assert found is not None
    return found


def required_interval(runbook: Runbook, section: str, activity: str) -> timedelta:
    """Return the duration in the line of a section that begins with an activity: "Drill: every …".

    Raises `AssertionError` if there is no such line, or no duration in it.
    """
    found = duration_in(line_with(runbook.section(section), activity))
    require(found, f'The {section} in {runbook.page} has no line "{activity}: every …".')
    assert found is not None
    return found


def read_exercise(runbook: Runbook, activity: str, *, interval_in: str, record_in: str) -> Exercise:
    """Return when an activity, such as Drill, was last done, and how often it is due.

    `interval_in` and `record_in` are the titles of the sections that say so. Raises
    `AssertionError` if one of them does not.
    """
    every = required_interval(runbook, interval_in, activity)
    last = date_in(runbook.section(record_in))
    require(last, f"The {record_in} in {runbook.page} has no date, such as 2026-01-31.")
    assert last is not None
    return Exercise(last, every, datetime.now(UTC).date())


def assert_exercised_recently(runbook: Runbook, activity: str, exercise: Exercise) -> None:
    """The last exercise is no older than the runbook allows, and not in the future."""
    last, name = exercise.last, activity.lower()
    latest = exercise.today + timedelta(days=1)  # the day may have begun already where it was done
    require(last <= latest, f"The last {name}, {last}, is in the future.")
    age = exercise.today - last
    require(
        age <= exercise.every,
        f"The last {name} was on {last}, {age.days} days ago, "
        f"and {runbook.page} asks for one every {exercise.every.days} days.",
    )


def assert_somebody_runs(
    runbook: Runbook,
    activity: str,
    every: timedelta,
    jobs: Sequence[ScheduledJob],
    tools: Sequence[str],
) -> None:
    """Something scheduled does an activity often enough, or somebody does it by hand and says when.

    A job does it that names the runbook or one of the `tools`. By hand, the Schedule names a role
    ("By hand: …"), and the section "Last …" has a date that is not older than the interval. Raises
    `Unverifiable` if the schedule of a job cannot be read.
    """
    signs = (runbook.page.rpartition("/")[2], *tools)
    doing = [each for each in jobs if any(sign in each.text for sign in signs)]
    if any(each.longest_gap is not None and each.longest_gap <= every for each in doing):
        return
    unread = [each.file for each in doing if each.longest_gap is None]
    if unread:
        raise Unverifiable(f"The schedule in {', '.join(unread)} cannot be read.")
    name = activity.lower()
    require(
        not doing,
        f"{runbook.page} asks for a {name} every {_in_hours(every)}, and "
        f"{', '.join(each.file for each in doing)} runs it less often: there are up to "
        f"{_in_hours(min((each.longest_gap or every for each in doing), default=every))} "
        "between two runs.",
    )
    by_hand = line_with(runbook.section("Schedule"), "By hand")
    who = placeholder_reason(by_hand.partition(":")[2])
    require(
        by_hand and who is None,
        f"{runbook.page} asks for a {name} every {_in_hours(every)}, and nothing and nobody "
        "runs it: no CronJob, workflow or timer of the repository does, and nobody by hand.",
    )
    last = date_in(runbook.section(f"Last {name}"))
    require(last, f"{runbook.page} does not say when the last {name} was made by hand.")
    assert last is not None
    exercise = Exercise(last, max(every, timedelta(days=1)), datetime.now(UTC).date())
    assert_exercised_recently(runbook, activity, exercise)


def _in_hours(duration: timedelta) -> str:
    return f"{duration / timedelta(hours=1):g} hours"


def _no_commands(runbook: Runbook, mark: str) -> str:
    return f"{runbook.page} has no commands to {mark}"
