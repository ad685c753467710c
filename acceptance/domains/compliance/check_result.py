"""The result of a check, and how checks compare values."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from acceptance.domains.compliance.drivers.snapshot import ClusterSnapshot

Status: TypeAlias = Literal["met", "unmet", "not applicable", "unverified"]
_SHOWN = 4


@dataclass(frozen=True)
class CheckResult:
    """What a check observed, and what that means for the control."""

    status: Status
    observed: str
    exceptions: tuple[str, ...] = ()
    """What violates the control and is allowed, with the reasons."""


@dataclass(frozen=True)
class CheckArguments:
    """What the catalogue passes to a check."""

    values: Mapping[str, Any]
    allowed: Mapping[str, str]
    """Patterns of names that may violate the control, each with its reason."""

    def text(self, name: str) -> str:
        """Return a value that the check needs."""
        return str(self.values[name])

    def allows(self, name: str) -> str | None:
        """Return the pattern that allows a name; None if none does."""
        return next((each for each in self.allowed if fnmatch(name, each)), None)


if TYPE_CHECKING:
    Check: TypeAlias = Callable[[ClusterSnapshot, CheckArguments], CheckResult]


def first_few(sentences: Iterable[str]) -> str:
    """Join the first few, and say how many more there are."""
    every = list(dict.fromkeys(sentences))
    more = len(every) - _SHOWN
    return "; ".join(every[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def result_of(faults: Collection[str], observed: str) -> CheckResult:
    """Return met with what was observed, or unmet with the faults."""
    return CheckResult("unmet", first_few(faults)) if faults else CheckResult("met", observed)


def result_with_exceptions(
    faults_by_name: Mapping[str, str], arguments: CheckArguments, observed: str
) -> CheckResult:
    """Return the result for the fault of each name; the catalogue allows some of the names."""
    pattern_of = {name: arguments.allows(name) for name in faults_by_name}
    faults = [
        f"{name}: {fault}" for name, fault in faults_by_name.items() if pattern_of[name] is None
    ]
    exceptions = [f"{name}: {arguments.allowed[why]}" for name, why in pattern_of.items() if why]
    found = result_of(faults, observed)
    return CheckResult(found.status, found.observed, tuple(exceptions))


def fault_of(value: str | None, how: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a setting's value (None: not set), by the words of the catalogue.

    is, is_not: the whole value. has, has_not: one element of a comma-separated list. within: every
    element is one of these. least: a number. default: the value of a setting that is not set.
    unset: it must not be set.

    Raises `BrokenInput` for a control that compares nothing, as no value could fail it.
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
        raise BrokenInput(f"A control of the compliance catalogue compares nothing: {dict(how)}.")
    return f"is {value}" if any(wrong[each](how[each]) for each in asked) else None
