"""The system that the controls break: deployed once, and proved sound before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acceptance.settings import Settings
from acceptance.system import System
from controls.control import Control, prove, stacks_needed_by
from controls.saboteur import Saboteur
from fixtures.environment import Environment


@pytest.fixture(scope="session")
def kept(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Environment]:
    """A cluster with the system on it, and with the stacks that the selected controls break."""
    name = request.config.option.cluster or settings.cluster
    selected = [item.callspec.params.get("control") for item in _parametrized(request.session)]
    needed = stacks_needed_by(each for each in selected if isinstance(each, Control))
    environment = Environment(settings, name, keep=False, needed=needed)
    try:
        environment.start()
        if environment.failure is not None:
            pytest.exit(environment.failure.message, environment.failure.exit_code)
        yield environment
    finally:
        environment.stop()


def _parametrized(session: pytest.Session) -> list[Any]:
    return [item for item in session.items if hasattr(item, "callspec")]


@pytest.fixture(scope="session")
def sound(kept: Environment, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the scenarios say of the system before anything is broken."""
    return prove(kept.directory.path, tmp_path_factory.mktemp("sound"))


@pytest.fixture
def run_folder(kept: Environment) -> Path:
    """The folder of the run that is kept."""
    return kept.directory.path


@pytest.fixture
def saboteur(kept: Environment, settings: Settings) -> Iterator[Saboteur]:
    """The saboteur, who repairs everything at the end."""
    system: System = kept.directory.load_system()
    with Saboteur(system, kept.directory.path, settings.timeouts) as actor:
        yield actor
