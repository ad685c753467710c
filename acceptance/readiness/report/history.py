"""The history of runs: one JSON line for each, appended, never rewritten but to drop the oldest."""

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
"""What is counted, and what an item may be shown as."""
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
    """Whether it can be compared: all scenarios ran to the end, on a system of its own."""
    counts: Mapping[str, int]
    """By met, unmet, unverified and waived."""
    items: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The ids by the word that was shown for them; an id stands under one word only."""
    tracker: str = ""
    """SHA-256 of the tracker as it was."""

    @property
    def words(self) -> dict[str, str]:
        """Return the word that was shown for each item, by its id."""
        return {name: word for word, names in self.items.items() for name in names}

    def trend(self) -> dict[str, Any]:
        """Return it as an entry of the report's trend."""
        return {
            "started": self.started,
            "commit": self.commit,
            **self.counts,
            "seconds": self.seconds,
            "ready": self.ready,
        }


class RunHistory:
    """The records below `folder`; several processes may use it at once."""

    def __init__(self, folder: Path, *, kept: int = RUNS_KEPT) -> None:
        """Keep the last `kept` runs; the folder is made with the first of them."""
        self._folder = folder
        self._kept = kept

    def append(self, record: RunRecord, tracker: bytes = b"") -> None:
        """Add a run, after removing an incomplete last line, and drop the oldest.

        It is on the disk when this returns. A crash at any moment loses no earlier run. `tracker`
        is kept as long as it is the newest: the next run says what was reworded since.
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
        """Return the last `count` runs, oldest first; what cannot be read is left out."""
        found: list[RunRecord] = []
        for line in reversed(self._lines()):
            if len(found) == count:
                break
            if (record := _record(line)) is not None:
                found.append(record)
        return tuple(reversed(found))

    def last_complete(self) -> RunRecord | None:
        """Return the last run that another one can be compared with."""
        records = map(_record, reversed(self._lines()))
        return next((each for each in records if each is not None and each.complete), None)

    def tracker_of(self, record: RunRecord | None) -> bytes | None:
        """Return the tracker of the last complete run; None if it is not there any more."""
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
    """Cut off a last line that a crash left without its end: it was never a run's record."""
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
        return None  # torn by a crash, or of another version: no reason to lose the others


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
