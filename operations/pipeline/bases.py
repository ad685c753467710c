"""With which commits the commit under test is compared, by the event that GitHub tells of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operations.pipeline.history import History


@dataclass(frozen=True)
class Base:
    """The commit to compare with."""

    commit: str
    """Empty if there is none."""
    why: str
    """Which commit that is, or why there is none."""


def base_of(history: History, environment: Mapping[str, str]) -> Base:
    """Return what a push or a pull request started from, by the event in `GITHUB_EVENT_PATH`.

    Raises `BrokenInput` for an event that cannot be read.
    """
    event = _event(environment)
    pull = event.get("pull_request")
    if isinstance(pull, dict):
        target = pull.get("base") or {}
        name = str(target.get("ref", ""))
        commit = history.commit(target.get("sha")) or _branch(history, name)
        common = history.merge_base(commit) if commit else ""
        if common:
            return Base(common, f"the merge base with {name or commit[:12]}")
        return Base("", f"there is no merge base with the branch {name!r}")
    before = event.get("before")
    if not before:
        return Base("", "the event names no commit before this one")
    if not str(before).strip("0"):
        return Base("", "the branch is new")
    commit = history.commit(before)
    if not commit:
        return Base("", f"the commit before, {str(before)[:12]}, is gone")
    return Base(commit, "the commit before the push")


def bases_of_tests(history: History, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the commits whose tests have to be there still; none for a first commit.

    On a branch that is not the default one its beginning counts too, because the push before may
    have been the one that removed a test. Without any of both, the parent counts.
    """
    found = [base_of(history, environment).commit]
    event = _event(environment)
    default = str((event.get("repository") or {}).get("default_branch", ""))
    if default and event.get("ref") != f"refs/heads/{default}" and "pull_request" not in event:
        commit = _branch(history, default)
        found.append(history.merge_base(commit) if commit else "")
    head = history.head()
    others = [each for each in dict.fromkeys(found) if each and each != head]
    parent = history.parent(head)
    return tuple(others) or ((parent,) if parent else ())


def _branch(history: History, name: str) -> str:
    """Return the newest commit of a branch: the remote's, else the local one."""
    if not name:
        return ""
    remote = history.commit(f"refs/remotes/origin/{name}")
    return remote or history.commit(f"refs/heads/{name}")


def _event(environment: Mapping[str, str]) -> dict[str, Any]:
    path = environment.get("GITHUB_EVENT_PATH")
    if not path:
        return {}
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BrokenInput(f"The event in GITHUB_EVENT_PATH cannot be read: {error}.") from error
    return event if isinstance(event, dict) else {}
