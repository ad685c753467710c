from __future__ import annotations

import re
from pathlib import Path

import pytest

from acceptance.drivers.kubernetes.client import Kubernetes
from acceptance.project import ROOT
from acceptance.settings import load_settings
from controls.control import all_controls, place_of
from controls.proof import prove
from controls.repository_run import RepositorySaboteur, repository_run
from fixtures.environment import RunDirectory
from fixtures.turns import REPOSITORY

SETTINGS = load_settings(ROOT)
CONTROL = next(each for each in all_controls() if each.sabotage.__name__ == "a_broken_link")


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A run without a cluster."""
    return repository_run(SETTINGS, tmp_path)


def test_a_scenario_of_the_repository_is_proved_without_a_cluster(
    run: RunDirectory, tmp_path: Path
) -> None:
    """In a process of its own, with a copy that was broken."""
    with RepositorySaboteur(run.load_system(), run.path, SETTINGS.timeouts) as saboteur:
        CONTROL.sabotage(saboteur)
        found = CONTROL.found_in(prove(run.path, tmp_path / "broken", CONTROL.node))
    assert found["status"] == "failed"
    assert re.search(CONTROL.expects, found["reason"])


def test_a_proof_without_a_report_says_what_pytest_wrote(run: RunDirectory, tmp_path: Path) -> None:
    """So that a scenario that is not found is not taken for anything else."""
    with pytest.raises(AssertionError, match=r"(?s)There is no report.*not found: .*test_nothing"):
        prove(run.path, tmp_path / "reports", "features/test_features.py::test_nothing")


def test_a_run_of_the_repository_has_no_cluster(run: RunDirectory) -> None:
    """A scenario that asks it all the same gets no answer, at once."""
    system = run.load_system()
    client = Kubernetes(Path(system.kubeconfig), system.context, timeout=1.0)
    assert not client.readiness().succeeded
    client.close()


def test_the_tag_of_the_repository_is_used() -> None:
    """Some controls need no cluster, and most do."""
    alone = [each for each in all_controls() if REPOSITORY in place_of(each).tags]
    assert 0 < len(alone) < len(all_controls()) / 2
