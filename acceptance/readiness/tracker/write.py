"""Writes a tracker with its boxes ticked by the verdicts, and changes nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from acceptance.readiness.tracker.model import Tracker

_LINE = re.compile(rb"[^\r\n]*(?:\r\n?|\n|\Z)")


def tick(tracker: Tracker, met: Collection[str]) -> bytes:
    """Return the tracker's file with the boxes of the items in `met` ticked, all others cleared.

    Only the characters in boxes change, and only in acceptance criteria and the Definition of Done:
    the team ticks technical tasks and the Definition of Ready. A box that is already right stays
    unchanged, even with a capital X.
    """
    lines = _LINE.findall(tracker.source)
    for item in tracker.items:
        if item.ticked != (item.id in met):
            line = lines[item.line]
            # Only bullets, numbers and quotes come before a box, so the first bracket is its own.
            inside = line.index(b"[") + 1
            box = b" " if item.ticked else b"x"
            lines[item.line] = line[:inside] + box + line[inside + 1 :]
    return b"".join(lines)
