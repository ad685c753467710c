"""Decides whether a page is older than what it documents, by git's history and the working tree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from acceptance.judgement import listed

if TYPE_CHECKING:
    from collections.abc import Collection

    from acceptance.domains.documentation.drivers.pages import Page
    from acceptance.drivers.git import Repository

_DECISIONS = "docs/adr/"
"""A decision record has a date; it describes nothing that can change later."""
_INDEX = "README.md"

State: TypeAlias = Literal["fresh", "stale", "unknown", "undeclared", "nothing"]


@dataclass(frozen=True)
class Staleness:
    """Whether a page is older than what it documents."""

    page: str
    documents: tuple[str, ...]
    state: State
    """`undeclared`: it must say what it documents, and does not. `nothing`: it need not say it."""
    why: str


class StalenessCheck:
    """Compares pages with what they document, as of one day and with some uncommitted changes."""

    def __init__(self, repository: Repository, changed: Collection[str], today: date) -> None:
        """Compare by the history of `repository`; `changed` are files with uncommitted changes."""
        self._repository = repository
        self._changed = set(changed)
        self._today = today
        self._matching = cache(repository.matching)

    def assess(self, page: Page) -> Staleness:
        """Compare a page with what it documents. Raises `EnvironmentFailure` if git fails."""
        state, why = (
            self._undeclared(page)
            or self._impossible(page)
            or self._uncommitted(page)
            or self._committed(page)
        )
        return Staleness(page.path, page.documents, state, why)

    def _undeclared(self, page: Page) -> tuple[State, str] | None:
        if page.documents:
            return None
        index = page.path.rpartition("/")[2] == _INDEX
        if page.path.startswith("docs/") and not page.path.startswith(_DECISIONS) and not index:
            return "undeclared", "does not say what it documents"
        return "nothing", "documents no file"

    def _impossible(self, page: Page) -> tuple[State, str] | None:
        gone = [glob for glob in page.documents if not self._matching(glob)]
        if gone:
            return "stale", f"documents {', '.join(gone)}, which does not exist"
        checked = _day(page)
        if page.checked and (checked is None or checked > self._today):
            return "stale", f'has the check date "{page.checked}", which is no date up to today'
        return None

    def _uncommitted(self, page: Page) -> tuple[State, str] | None:
        if page.path in self._changed:
            return "fresh", "has changes that are not committed yet"
        matching = {name for glob in page.documents for name in self._matching(glob)}
        now = sorted(matching & self._changed)
        if now and _day(page) != self._today:
            return "stale", f"is unchanged, and {now[0]} has changed: not committed yet"
        return None

    def _committed(self, page: Page) -> tuple[State, str]:
        written = self._repository.last_change(page.path)
        if not written:
            return "unknown", "is in no commit of this clone"
        checked = _day(page)
        since = [
            f"{commit[:12]} of {day}"
            for commit, day in self._repository.changes_since(written, page.documents)
            if checked is None or date.fromisoformat(day) > checked
        ]
        if since:
            seen = f"was checked on {checked}" if checked else f"was last changed in {written[:12]}"
            return "stale", f"{seen}, and what it documents changed later: {listed(since)}"
        if written in self._repository.boundary():
            return "unknown", "was last changed before the history of this shallow clone begins"
        return "fresh", f"was last changed in {written[:12]}, with or after all that it documents"


def _day(page: Page) -> date | None:
    """Return the day of the last check; None if the page has none or it is no date."""
    try:
        return date.fromisoformat(page.checked)
    except ValueError:
        return None
