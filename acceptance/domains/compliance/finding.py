"""What a check says of a control, and how checks compare values."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from acceptance.domains.compliance.drivers.snapshot import Look

Status: TypeAlias = Literal["met", "unmet", "not applicable", "unverified"]
_SHOWN = 4


@dataclass(frozen=True)
class Finding:
    """What was observed, and what it means for the control."""

    status: Status
    observed: str
    exceptions: tuple[str, ...] = ()
    """What breaks it and is excused, with the reasons."""


@dataclass(frozen=True)
class Arguments:
    """What the table says about how a control is checked."""

    values: Mapping[str, Any]
    allowed: Mapping[str, str]
    """Patterns of names that may do otherwise, each with its reason."""

    def text(self, name: str) -> str:
        """Return a value that has to be there."""
        return str(self.values[name])

    def allows(self, name: str) -> str | None:
        """Return the pattern that excuses a name; None if none does."""
        return next((each for each in self.allowed if fnmatch(name, each)), None)


if TYPE_CHECKING:
    Check: TypeAlias = Callable[[Look, Arguments], Finding]


def some(sentences: Iterable[str]) -> str:
    """Join the first few, and say how many more there are."""
    every = list(dict.fromkeys(sentences))
    more = len(every) - _SHOWN
    return "; ".join(every[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def judged(faults: Collection[str], observed: str) -> Finding:
    """Return met with what was observed, or unmet with the faults."""
    return Finding("unmet", some(faults)) if faults else Finding("met", observed)


def without(names: Mapping[str, str], arguments: Arguments, observed: str) -> Finding:
    """Judge faults by the name of who has them; the table excuses some, with reasons.

    `names` has the fault of each name.
    """
    excused = {name: arguments.allows(name) for name in names}
    faults = [f"{name}: {fault}" for name, fault in names.items() if excused[name] is None]
    told = [f"{name}: {arguments.allowed[why]}" for name, why in excused.items() if why]
    found = judged(faults, observed)
    return Finding(found.status, found.observed, tuple(told))


def fault_of(value: str | None, how: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a setting's value (None: not set), by the words of the table.

    is, is_not: the one value. has, has_not: in a list with commas. within: all of the list are
    among these. least: a number. default: what it is where it is not set. unset: it may not be set.

    Raises `BrokenInput` for a table that says nothing, which no value could fail.
    """
    if value is None and "default" in how:
        value = str(how["default"])
    if how.get("unset"):
        return None if value is None else f"is {value}"
    if value is None:
        return None if {"is_not", "has_not"} & how.keys() else "is not set"
    words = {part.strip() for part in value.split(",") if part.strip()}
    wrong: dict[str, Callable[[Any], bool]] = {
        "is": lambda wanted: value.lower() != str(wanted).lower(),
        "is_not": lambda wanted: value.lower() == str(wanted).lower(),
        "has": lambda wanted: str(wanted) not in words,
        "has_not": lambda wanted: str(wanted) in words,
        "within": lambda wanted: not words or not words <= set(wanted),
        "least": lambda wanted: not value.isdigit() or int(value) < wanted,
        "set": lambda _: not value,
    }
    asked = how.keys() & wrong.keys()
    if not asked:
        raise BrokenInput(f"A check of the compliance table asks for nothing: {dict(how)}.")
    return f"is {value}" if any(wrong[each](how[each]) for each in asked) else None
