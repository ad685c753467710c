"""The team's tracker: what it says (`model`), how it is read (`parse`), ticked and compared."""

from acceptance.tracker.compare import Change, compare
from acceptance.tracker.model import Box, Item, Kind, Task, Tracker
from acceptance.tracker.parse import parse, parse_bytes
from acceptance.tracker.write import tick

__all__ = [
    "Box",
    "Change",
    "Item",
    "Kind",
    "Task",
    "Tracker",
    "compare",
    "parse",
    "parse_bytes",
    "tick",
]
