"""A plugin of pytest that writes which tests there are, before anything deselects some of them.

pytest loads it by its name from this folder, which holds nothing else. It is written without any
other module of the project, because it runs in the process of the suite.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluggy import HookimplMarker

if TYPE_CHECKING:
    from collections.abc import Generator

_hook = HookimplMarker("pytest")
_KNOWN: list[dict[str, Any]] = []


@_hook(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[Any]) -> Generator[None, None, None]:
    """Remember all tests: a wrapper runs before each hook that could leave some out."""
    _KNOWN.extend(_facts(item) for item in items)
    yield


@_hook(trylast=True)
def pytest_collection_finish(session: Any) -> None:  # noqa: ANN401 (pytest is not imported)
    """Write them, each with whether it is still selected."""
    selected = {item.nodeid for item in session.items}
    facts = [{**each, "selected": each["id"] in selected} for each in _KNOWN]
    Path(os.environ["PIPELINE_LISTING"]).write_text(json.dumps(facts), encoding="utf-8")


def _facts(item: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"id": item.nodeid, "marks": sorted({mark.name for mark in item.iter_markers()})}
