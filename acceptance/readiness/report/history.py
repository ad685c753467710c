"""Keeps the history of runs: each run appends one JSON line, and only old lines are removed."""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

RUNS_KEPT = 500
RUNS_SHOWN = 50
WORDS = ("met", "unmet", "unverified", "waived")
"""The words for an item in a report, each of which is counted."""
_FILE = "runs.jsonl"
_LOCK = ".lock"
_TRACKER = "tracker.md"


@dataclass(frozen=True)
class RunRecord:
    """The record of one run in the history."""

    started: str
    """ISO 8601, UTC."""
    commit: str
    seconds: float
    ready: bool
    complete: bool
    """Whether it can be compared: all scenarios ran to the end, on a system that it deployed."""
    counts: Mapping[str, int]
    """The number of items met, unmet, unverified and waived."""
    items: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The ids of the items by their words; each id has one word only."""
    tracker: str = ""
    """The SHA-256 of the tracker at the time of the run."""

    @property
    def words(self) -> dict[str, str]:
        """Return the word for each item, by its id."""
        return {name: word for word, names in self.items.items() for name in names}

    def trend(self) -> dict[str, Any]:
        """Return the record as an entry of the report's trend."""
        return {
            "started": self.started,
            "commit": self.commit,
            **self.counts,
            "seconds": self.seconds,
            "ready": self.ready,
        }


class RunHistory:
    """Reads and adds records below `folder`; several processes may use it at the same time."""

    def __init__(self, folder: Path, *, kept: int = RUNS_KEPT) -> None:
        """Keep the last `kept` runs; the first of them creates the folder."""
        self._folder = folder
        self._kept = kept

    def append(self, record: RunRecord, tracker: bytes = b"") -> None:
        """Add a run, after removing an incomplete last line, and drop the oldest.

        The record is on the disk when this returns, and a crash loses no earlier one. Only the
        newest `tracker` is kept, so that the next run can report the reworded items.
        """
        line = json.dumps(asdict(record), separators=(",", ":")).encode() + b"\n"
        with self._alone():
            if tracker and record.complete:
                beside = self._folder / f".{_TRACKER}.part"
                beside.write_bytes(tracker)
                beside.replace(self._folder / _TRACKER)
            path = self._folder / _FILE
            with path.open("ab+") as file:
                _repair(file.fileno())
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            lines = path.read_bytes().splitlines(keepends=True)
            if len(lines) > self._kept:
                beside = path.with_suffix(".part")
                with beside.open("wb") as file:
                    file.writelines(lines[-self._kept :])
                    file.flush()
                    os.fsync(file.fileno())
                beside.replace(path)

    def last(self, count: int = RUNS_SHOWN - 1) -> tuple[RunRecord, ...]:
        """Return the last `count` runs, oldest first, without unreadable ones."""
        found: list[RunRecord] = []
        for line in reversed(self._lines()):
            if len(found) == count:
                break
            if (record := _record(line)) is not None:
                found.append(record)
        return tuple(reversed(found))

    def last_complete(self) -> RunRecord | None:
        """Return the last run that can be compared with another one."""
        records = map(_record, reversed(self._lines()))
        return next((each for each in records if each is not None and each.complete), None)

    def tracker_of(self, record: RunRecord | None) -> bytes | None:
        """Return the tracker of the last complete run; None if it is missing."""
        try:
            source = (self._folder / _TRACKER).read_bytes()
        except FileNotFoundError:
            return None
        known = record is not None and record.tracker == hashlib.sha256(source).hexdigest()
        return source if known else None

    def _lines(self) -> list[bytes]:
        try:
            return (self._folder / _FILE).read_bytes().splitlines()
        except FileNotFoundError:
            return []

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _repair(file: int) -> None:
    """Cut off an incomplete last line, which a crash left."""
    size = os.fstat(file).st_size
    content = os.pread(file, size, 0)
    if content and not content.endswith(b"\n"):
        os.ftruncate(file, content.rfind(b"\n") + 1)


def _record(line: bytes) -> RunRecord | None:
    try:
        found = json.loads(line)
        items = {word: tuple(names) for word, names in found.pop("items").items()}
        record = RunRecord(**found, items=items)
        return record if _sound(record) else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None  # incomplete after a crash, or of another version; the others still count


def _sound(record: RunRecord) -> bool:
    """Return whether a record fits the schema; a report with one that does not would be invalid."""
    dt.datetime.fromisoformat(record.started)  # raises ValueError
    names = [name for each in record.items.values() for name in each]
    return (
        record.started[10:11] == "T"
        and set(record.counts) == set(WORDS)
        and {type(number) for number in record.counts.values()} == {int}
        and min(record.counts.values()) >= 0
        and set(record.items) <= set(WORDS)
        and {type(each) for each in (*names, record.commit, record.tracker)} == {str}
        and type(record.seconds) in {int, float}
        and record.seconds >= 0
        and {type(record.ready), type(record.complete)} == {bool}
    )
