"""Makes the first sentence of every report: ready or not, the blocking items, and their owners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.readiness.gate.obstacles import blocks, gating_items
from acceptance.readiness.report.tally import shown, told_by_scenarios, worst_first

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMED = 3
"""The sentence names this many blocking items at most."""


@dataclass(frozen=True)
class Headline:
    """The sentence in parts, so that a page can link the items."""

    ready: bool
    title: str
    """Ready or Not ready, and for what."""
    lead: str
    """The reason, before the named items; a whole sentence if there are none."""
    ways: tuple[dict[str, Any], ...]
    """The items that are named, the worst first."""
    rest: int
    """The number of blocking items that are not named."""

    @property
    def sentence(self) -> str:
        """Return the whole sentence."""
        if not self.ways:
            return f"{self.title}: {self.lead}"
        *first, last = [
            f"{item['text']} ({item['id']}, {item['verdict']}, owed by {item['owner']})"
            for item in self.ways
        ]
        named = f"{'; '.join(first)}; and {last}" if first else last
        return f"{self.title}: {self.lead} {named}{self.tail}"

    @property
    def tail(self) -> str:
        """Return what follows the last named item."""
        return f"; and {self.rest} more." if self.rest else "."


def named(gate: str) -> str:
    """Return the name of a gate in a sentence: the sprint, the release, or the task's id."""
    return f"the {gate}" if gate in {"sprint", "release"} else gate


def _counted(scenarios: int) -> str:
    return f"{scenarios} scenario{'' if scenarios == 1 else 's'}"


def headline(document: Mapping[str, Any]) -> Headline:
    """Return the headline of a report."""
    gate = document["gate"]
    ready = gate["ready"]
    title = f"{'Ready' if ready else 'Not ready'} for {named(gate['name'])}"
    if document["environment_failure"] is not None:
        lead = "nothing was proved: the environment could not be started."
        return Headline(ready, title, lead, (), 0)
    items = gating_items(document, gate["name"])
    ways = worst_first([item for item in items if blocks(item)])
    if ways:
        verb = "stands" if len(ways) == 1 else "stand"
        lead = f"{len(ways)} of {len(items)} items {verb} in the way"
        if not document["complete"]:
            # A partial run names only items that it ran.
            lead = f"a partial run ({_counted(document['selected'])}); {lead}"
            ways = [item for item in ways if told_by_scenarios(item)]
        if not ways:
            return Headline(ready, title, f"{lead}.", (), 0)
        lead = f"{lead}:"
        return Headline(ready, title, lead, tuple(ways[:_NAMED]), len(ways[_NAMED:]))
    waived = sum(shown(item) == "waived" for item in items)
    beside = f" or waived ({waived})" if waived else ""
    if not items:
        lead = "it has no items."
    elif document["interrupted"]:
        lead = "the run was interrupted before its end."
    elif not document["complete"]:
        lead = "a partial run, which proves nothing about the other scenarios."
    else:
        lead = f"all {len(items)} items are met{beside}."
    return Headline(ready, title, lead, (), 0)
