"""Finds what a repository runs on a schedule: CronJobs, workflows and systemd timers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HORIZON_DAYS = 70
_RARELY = timedelta(days=366)
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CRON_FIELDS = 5
_MACROS = {
    "hourly": "0 * * * *",
    "daily": "0 0 * * *",
    "midnight": "0 0 * * *",
    "weekly": "0 0 * * 1",
    "monthly": "0 0 1 * *",
    "yearly": "0 0 1 1 *",
    "annually": "0 0 1 1 *",
    "minutely": "* * * * *",
}
# systemd.time(7), for as much as people write: days of the week, a date with stars, a time.
_CALENDAR = re.compile(
    r"(?:(?P<days>[A-Za-z.,]+)\s+)?(?:\*-\*-(?P<day>\*|\d+)\s+)?"
    r"(?P<hour>\*|[\d,/]+):(?P<minute>\*|[\d,/]+)(?::\d+)?(?:\s+\S+)?"
)
_SPAN = re.compile(r"(\d+)\s*(s|sec|m|min|h|hours?|d|days?|w|weeks?)?\b")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "": 1}


@dataclass(frozen=True)
class ScheduledJob:
    """Something that runs by itself, again and again."""

    file: str
    """Where its schedule is."""
    text: str
    """All that it runs, as far as it is in the repository."""
    longest_gap: timedelta | None
    """The longest time between two runs; None if its schedule cannot be read."""


def scheduled_jobs(root: Path) -> tuple[ScheduledJob, ...]:
    """Return what the repository `root` runs on a schedule; what is suspended is left out."""
    return (*_cron_jobs(root), *_workflows(root), *_timers(root))


def cron_gap(schedule: str) -> timedelta | None:
    """Return the longest time between two runs of a schedule as cron has it; None if it is none."""
    fields = _MACROS.get(schedule.strip().lstrip("@").lower(), schedule).split()
    if len(fields) != _CRON_FIELDS:
        return None
    try:
        minutes, hours = _values(fields[0], 0, 59), _values(fields[1], 0, 23)
        days, months = _values(fields[2], 1, 31), _values(fields[3], 1, 12, _MONTHS)
        weekdays = {each % 7 for each in _values(fields[4], 0, 7, _DAYS)}
    except ValueError:
        return None
    either = "*" not in (fields[2], fields[4])  # crontab(5): one of both is enough then
    runs = []
    for number in range(_HORIZON_DAYS):
        day = _FIRST + timedelta(days=number)
        fits = (day.day in days, (day.weekday() + 1) % 7 in weekdays)
        if day.month in months and (any(fits) if either else all(fits)):
            runs += [day.replace(hour=h, minute=m) for h in sorted(hours) for m in sorted(minutes)]
    return max((after - before for before, after in pairwise(runs)), default=_RARELY)


def calendar_gap(calendar: str) -> timedelta | None:
    """Return the longest time between two runs of systemd's OnCalendar; None if it is not known."""
    if calendar.strip().lower() in _MACROS:
        return cron_gap(calendar)
    found = _CALENDAR.fullmatch(calendar.strip())
    if found is None:
        return None
    days = (found["days"] or "*").replace("..", "-")
    return cron_gap(f"{found['minute']} {found['hour']} {found['day'] or '*'} * {days}")


def _values(text: str, least: int, most: int, names: tuple[str, ...] = ()) -> set[int]:
    """Return the numbers that a field of cron stands for. Raises `ValueError`."""
    first = 0 if least == 0 else 1

    def number(word: str) -> int:
        short = word.lower()[:3]
        value = names.index(short) + first if short in names else int(word)
        if not least <= value <= most:
            raise ValueError(word)
        return value

    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        begin, _, end = span.partition("-")
        start = least if begin == "*" else number(begin)
        stop = most if begin == "*" or (step and not end) else number(end or begin)
        found |= set(range(start, stop + 1, int(step or 1)))
    return found


def _cron_jobs(root: Path) -> Iterator[ScheduledJob]:
    for path in sorted((root / "manifests").rglob("*.y*ml")):
        for each in _documents(path):
            spec = each.get("spec") or {}
            if each.get("kind") == "CronJob" and not spec.get("suspend"):
                file = path.relative_to(root).as_posix()
                text = yaml.safe_dump(spec.get("jobTemplate"), width=10_000)
                yield ScheduledJob(file, text, cron_gap(str(spec.get("schedule", ""))))


def _workflows(root: Path) -> Iterator[ScheduledJob]:
    for path in sorted((root / ".github" / "workflows").glob("*.y*ml")):
        for each in _documents(path):
            # YAML 1.1 takes the word `on` for true.
            triggers = each.get("on", each.get(True)) or {}
            schedules = triggers.get("schedule") or () if isinstance(triggers, dict) else ()
            for schedule in schedules:
                text = yaml.safe_dump(each.get("jobs"), width=10_000)
                file = path.relative_to(root).as_posix()
                yield ScheduledJob(file, text, cron_gap(str(schedule.get("cron", ""))))


def _timers(root: Path) -> Iterator[ScheduledJob]:
    for path in sorted((root / "operations").rglob("*.timer")):
        text = _run_by(path.with_suffix(".service"))
        for line in _without_comments(path).splitlines():
            key, _, value = line.partition("=")
            gap = calendar_gap(value) if key == "OnCalendar" else None
            if key == "OnUnitActiveSec" and (span := _SPAN.fullmatch(value.strip())):
                gap = timedelta(seconds=int(span[1]) * _UNITS[(span[2] or "")[:1]])
            if key in {"OnCalendar", "OnUnitActiveSec"}:
                yield ScheduledJob(path.relative_to(root).as_posix(), text, gap)


def _run_by(service: Path) -> str:
    """Return what a service executes, and the scripts beside it that are among it."""
    if not service.is_file():
        return ""
    lines = _without_comments(service).splitlines()
    text = "\n".join(line for line in lines if line.startswith("Exec"))
    beside = sorted(each for each in service.parent.iterdir() if each.is_file())
    scripts = (_without_comments(each) for each in beside if f"/{each.name}" in text)
    return "\n".join((text, *scripts))


def _documents(path: Path) -> list[dict[Any, Any]]:
    """Return the documents of a YAML file; none if it is no YAML, which other checks say."""
    try:
        found = list(yaml.safe_load_all(path.read_text(encoding="utf-8", errors="replace")))
    except yaml.YAMLError:
        return []
    return [each for each in found if isinstance(each, dict)]


def _without_comments(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(line.strip() for line in lines if not line.lstrip().startswith(("#", ";")))
