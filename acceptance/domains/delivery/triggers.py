"""Checks that a workflow starts for every change, however it comes to the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.judgement import listed

if TYPE_CHECKING:
    from acceptance.domains.delivery.drivers.workflows import WorkflowFacts

EVENTS = ("push", "pull_request")
"""The events by which a change comes to a repository."""


def changes_left_out(facts: WorkflowFacts) -> list[str]:
    """Return which events do not start the workflow, and which filters leave out some of them."""
    triggers = dict(facts.triggers)
    return [f"it does not run on {each}" for each in EVENTS if each not in triggers] + [
        f"on {each} it has the filter {listed(triggers[each])}"
        for each in EVENTS
        if triggers.get(each)
    ]
