"""Writes the security workflow of a repository that is under test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.delivery.drivers.workflows import WorkflowFacts, read_workflow
from acceptance.domains.delivery.pipeline import WORKFLOW

if TYPE_CHECKING:
    from pathlib import Path


def write_workflow(root: Path, text: str) -> WorkflowFacts:
    """Write the workflow into the repository at `root`, and return it as it is read."""
    path = root / WORKFLOW
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    facts = read_workflow(root, WORKFLOW)
    assert facts is not None
    return facts
