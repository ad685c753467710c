"""Reads GitHub workflow files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.errors import SystemFailure

if TYPE_CHECKING:
    from pathlib import Path


_LOCAL = "./"
"""How a workflow names one of its own repository."""


@dataclass(frozen=True)
class WorkflowFacts:
    """When a workflow runs, and which of its failures count."""

    path: str
    triggers: tuple[tuple[str, tuple[str, ...]], ...]
    """Events, each with its filters: branches, paths, types."""
    may_fail: tuple[str, ...]
    """Jobs and steps with continue-on-error."""
    conditional: tuple[str, ...]
    """Jobs, and steps that run commands, with an if."""
    uses: tuple[str, ...]
    """Actions, as owner/repository/path@reference."""


def read_workflow(root: Path, path: str) -> WorkflowFacts | None:
    """Read the workflow file `path` of the repository `root`; None if there is none.

    Raises `SystemFailure` for a file that is not a workflow.
    """
    file = root / path
    if not file.is_file():
        return None
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
        events = found[True]  # YAML 1.1 reads `on` as true
        jobs = found["jobs"].items()
        steps = [(name, step) for name, job in jobs for step in job.get("steps", ())]
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise SystemFailure(f"{path} is not a workflow: {error}.") from error
    named = [(str(name), job) for name, job in jobs]
    named += [(f"{job}: {step.get('name', step.get('run'))}", step) for job, step in steps]
    own = WorkflowFacts(
        path,
        _triggers(events),
        tuple(name for name, each in named if each.get("continue-on-error", False) is not False),
        tuple(name for name, each in named if "if" in each and "uses" not in each),
        tuple(dict.fromkeys(step["uses"] for _, step in steps if "uses" in step)),
    )
    called = [str(job["uses"]) for _, job in jobs if str(job.get("uses", "")).startswith(_LOCAL)]
    return _with_called(root, own, called)


def _with_called(root: Path, own: WorkflowFacts, called: list[str]) -> WorkflowFacts:
    """Add what the workflows of this repository do that a workflow calls."""
    for name in called:
        found = read_workflow(root, name.removeprefix(_LOCAL))
        if found is None:
            raise SystemFailure(f"{own.path} calls {name}, which is not there.")
        own = replace(
            own,
            may_fail=own.may_fail + found.may_fail,
            conditional=own.conditional + found.conditional,
            uses=tuple(dict.fromkeys(own.uses + found.uses)),
        )
    return own


def _triggers(events: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:  # noqa: ANN401 (YAML)
    if isinstance(events, str):
        return ((events, ()),)
    if isinstance(events, list):
        return tuple((each, ()) for each in events)
    return tuple(
        (name, tuple(how) if isinstance(how, dict) else ()) for name, how in events.items()
    )
