"""Reads the team's tracker (`parse`) into `model`, ticks its boxes, and compares versions."""

from acceptance.readiness.tracker.compare import ItemChange, compare
from acceptance.readiness.tracker.model import Checkbox, Item, Kind, Task, Tracker
from acceptance.readiness.tracker.parse import parse, parse_bytes
from acceptance.readiness.tracker.write import tick

__all__ = [
    "Checkbox",
    "Item",
    "ItemChange",
    "Kind",
    "Task",
    "Tracker",
    "compare",
    "parse",
    "parse_bytes",
    "tick",
]
