from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from operations.pipeline.history import History
from tests.support.repositories import Workshop

Event = Callable[..., dict[str, str]]


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """An empty git repository."""
    return Workshop(tmp_path / "repository")


@pytest.fixture
def history(workshop: Workshop) -> History:
    """What the pipeline reads of it."""
    return History(workshop.root)


@pytest.fixture
def event(tmp_path: Path) -> Event:
    """Makes the environment of a step, whose event has the given fields."""

    def make(**fields: object) -> dict[str, str]:
        file = tmp_path / "event.json"
        file.write_text(json.dumps(fields))
        return {"GITHUB_EVENT_PATH": str(file), "GITHUB_OUTPUT": str(tmp_path / "outputs")}

    return make
