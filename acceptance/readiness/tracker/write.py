"""Writes a tracker: the boxes of items by what was proved, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from acceptance.readiness.tracker.model import Tracker

_LINE = re.compile(rb"[^\r\n]*(?:\r\n?|\n|\Z)")


def tick(tracker: Tracker, met: Collection[str]) -> bytes:
    """Return the tracker's file with the boxes of the items in `met` ticked, all others not.

    Only the characters inside of boxes change, and only those of acceptance criteria and of the
    Definition of Done: technical tasks and the Definition of Ready stay the team's own. A box that
    says the right thing already stays as it is, also with a capital X.
    """
    lines = _LINE.findall(tracker.source)
    for item in tracker.items:
        if item.ticked != (item.id in met):
            line = lines[item.line]
            # Before a box stand only bullets, numbers and quotes: its bracket is the first one.
            inside = line.index(b"[") + 1
            box = b" " if item.ticked else b"x"
            lines[item.line] = line[:inside] + box + line[inside + 1 :]
    return b"".join(lines)
