"""Finds out what the plan calls a pod, from its namespace and its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.network.plan.monitoring_placement import (
    PROGRAMS,
    SPOOFED,
    is_needed,
    needed_programs,
    spoofed,
    unlabelled_in_monitoring,
)
from acceptance.domains.network.plan.probe_placement import (
    ELSEWHERE,
    PLATFORM,
    PLATFORM_PROGRAMS,
    UNLABELLED,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from acceptance.domains.network.drivers import ProbePlacement

_NAMES = ("app.kubernetes.io/name", "k8s-app")


@dataclass(frozen=True)
class KnownPlaces:
    """The places of the plan that a cluster has, and those that it could have."""

    placements: Mapping[str, ProbePlacement]
    """The pods of each place that is deployed."""

    @property
    def unlabelled(self) -> dict[str, str]:
        """What the plan calls a pod that it does not know, by its namespace."""
        own = {
            each.namespace: name
            for name, each in self.placements.items()
            if name.endswith(UNLABELLED)
        }
        return {**unlabelled_in_monitoring(), **own}

    def names(self, namespace: str, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Return what the plan may call such a pod; the first name that it knows counts."""
        for name, each in self.placements.items():
            if each.labels and each.namespace == namespace and _is_one_of(each.labels, labels):
                return (name,)
        program = _program(labels)
        unlabelled = self.unlabelled.get(namespace)
        if unlabelled in {*unlabelled_in_monitoring().values()}:
            if missing := self._not_deployed(PROGRAMS, program):
                return missing
        elif missing := self._not_deployed(PLATFORM_PROGRAMS, program):
            return missing
        if unlabelled is not None:
            return (unlabelled,)
        theirs = [spoofed(name) for name in SPOOFED if program in PROGRAMS[name]]
        return (*theirs, ELSEWHERE)

    def _not_deployed(
        self, programs: Mapping[str, Collection[str | None]], program: str | None
    ) -> tuple[str, ...]:
        """Return the place of a program that would be there if it was deployed."""
        return tuple(
            name for name, own in programs.items() if program in own and name not in self.placements
        )


def reasons_not_deployed(places: Collection[str], found: Mapping[str, ProbePlacement]) -> list[str]:
    """Return for each of `places` that is needed and not among `found` what is missing."""
    return [_not_deployed(each) for each in places if each not in found and is_needed(each, found)]


def _not_deployed(place: str) -> str:
    if place in PLATFORM:
        return f"the cluster has no visible pod of its {place}"
    programs = " or ".join(needed_programs(place))
    return f"no {place} is deployed here ({programs})"


def _program(labels: Mapping[str, str]) -> str | None:
    return next((labels[each] for each in _NAMES if each in labels), None)


def _is_one_of(known: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Return whether a pod is one of those with `known` labels: more labels make it no other."""
    program = _program(known)
    if program is not None:
        return _program(labels) == program
    return known.items() <= labels.items()
