"""The system that the controls break: deployed once, and proved sound before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acceptance.settings import Settings
from acceptance.system import System
from controls.control import prove
from controls.saboteur import Saboteur
from fixtures.environment import Environment


@pytest.fixture(scope="session")
def kept(pytestconfig: pytest.Config, settings: Settings) -> Iterator[Environment]:
    """A cluster with the system on it."""
    name = pytestconfig.option.cluster or settings.cluster
    environment = Environment(settings, name, keep=False)
    try:
        environment.start()
        if environment.failure is not None:
            pytest.exit(environment.failure.message, environment.failure.exit_code)
        yield environment
    finally:
        environment.stop()


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
