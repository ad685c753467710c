"""The systems that the controls break: started once, and proved sound before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from acceptance.clusters import choose
from acceptance.deployment.stacks import needed_stacks
from acceptance.errors import AcceptanceError
from acceptance.project import ROOT
from acceptance.settings import Settings, load_settings
from controls.control import Control, place_of
from controls.memory import Memory
from controls.proof import begin, prove
from controls.repository_run import RepositorySaboteur, repository_run
from controls.results import SEEN, Results, Trial
from controls.saboteur import Saboteur
from controls.soundness import Soundness
from fixtures.environment import Environment, RunDirectory
from fixtures.plugin import environment_of
from fixtures.turns import REPOSITORY

_MEMORY = pytest.StashKey[Memory]()
_TRIED = pytest.StashKey[list[pytest.Item]]()


@pytest.hookimpl(trylast=True)  # after the terminal is there
def pytest_configure(config: pytest.Config) -> None:
    """Print the results where there is a terminal."""
    config.stash[_MEMORY] = Memory(ROOT, _driver(config))
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if isinstance(terminal, pytest.TerminalReporter):
        config.pluginmanager.register(Results(terminal))


def _driver(config: pytest.Config) -> str:
    """Return which kind of cluster is broken, whatever it was called; empty if there is none."""
    with suppress(AcceptanceError):  # the run itself says what is wrong
        if config.option.attach is not None:
            return RunDirectory(config.option.attach.resolve()).load_system().driver
        settings = load_settings(ROOT)
        return choose(config.option.cluster or settings.cluster, settings).name
    return ""


@pytest.hookimpl(trylast=True)  # after -k and -m
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: Sequence[pytest.Item]
) -> None:
    """Skip the controls that were seen as they should be, if nothing has changed since."""
    tried = [item for item in items if _control_of(item) is not None]
    if not config.option.all:
        for item in tuple(tried):
            control = _control_of(item)
            assert control is not None
            if (day := config.stash[_MEMORY].seen(control)) is not None:
                colour = "green" if control.sound else "red"
                item.add_marker(pytest.mark.skip(f"unchanged since seen {colour} on {day}"))
                tried.remove(item)
    session.stash[_TRIED] = tried


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """With -k, which is for a few, a second process would cost more than it saves."""
    return 0 if config.option.keyword else None


def _control_of(item: pytest.Item) -> Control | None:
    parameters = getattr(item, "callspec", None)
    found = parameters.params.get("control") if parameters else None
    return found if isinstance(found, Control) else None


@pytest.fixture(scope="session")
def warm() -> None:
    """Everything is imported in the background, while a cluster starts."""
    begin()


@pytest.fixture(scope="session")
def kept(
    request: pytest.FixtureRequest,
    settings: Settings,
    warm: None,  # noqa: ARG001 (it has to be there)
) -> Iterator[Environment]:
    """A cluster with the system on it, and with the stacks that the selected controls break."""
    environment = environment_of(request.config, settings)
    environment.later = False
    tried = request.session.stash[_TRIED]
    marks = {mark.name for item in tried for mark in item.iter_markers()}
    environment.needed = needed_stacks(marks)
    try:
        environment.start()
        if environment.failure is not None:
            raise environment.failure
        yield environment
    finally:
        environment.stop()


@pytest.fixture(scope="session")
def soundness(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Soundness:
    """What the scenarios that are tried say before anything is broken."""
    folder = tmp_path_factory.getbasetemp()
    # pytest-xdist gives each worker a folder in one that all of them share.
    shared = folder.parent if hasattr(request.config, "workerinput") else folder
    tried = [_control_of(item) for item in request.session.stash[_TRIED]]
    return Soundness(shared, [control for control in tried if control is not None])


@pytest.fixture
def folder(control: Control, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the control; `tmp_path` fails when a set-up is interrupted."""
    return tmp_path_factory.mktemp(control.sabotage.__name__)


@pytest.fixture
def run(
    request: pytest.FixtureRequest,
    control: Control,
    settings: Settings,
    folder: Path,
    warm: None,  # noqa: ARG001 (it has to be there)
) -> RunDirectory:
    """The run that is proved again: of the cluster, or of the repository alone."""
    if REPOSITORY in place_of(control).tags:
        return repository_run(settings, folder)
    environment: Environment = request.getfixturevalue("kept")
    return environment.directory


@pytest.fixture
def trial(request: pytest.FixtureRequest, control: Control) -> Iterator[Trial]:
    """The result of the control, and its times; it is remembered."""
    found = Trial()
    yield found
    found.report_to(request.node)
    if found.result in SEEN:
        request.config.stash[_MEMORY].remember(control)


@pytest.fixture
def before(
    control: Control, trial: Trial, run: RunDirectory, soundness: Soundness
) -> dict[str, Any]:
    """What the scenario says before anything is broken."""
    with trial.part("sound"):
        found = control.found_in(soundness.of(control, run))
    assert found["status"] in {"passed", "skipped"}, f"It is not sound: {found['reason']}"
    return found


@pytest.fixture
def saboteur(
    control: Control, run: RunDirectory, settings: Settings, trial: Trial
) -> Iterator[Saboteur]:
    """The saboteur, who repairs everything at the end."""
    kind = RepositorySaboteur if REPOSITORY in place_of(control).tags else Saboteur
    actor = kind(run.load_system(), run.path, settings.timeouts)
    with trial.part("settled"):
        actor.__enter__()
    yield actor
    with trial.part("repaired"):
        actor.__exit__(None, None, None)


@pytest.fixture
def prove_again(control: Control, run: RunDirectory, folder: Path) -> Callable[[], dict[str, Any]]:
    """Proves the scenario on what is broken by then."""
    return lambda: prove(run.path, folder / "reports", control.node)
