from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from acceptance.errors import BrokenInput
from acceptance.project import ROOT
from acceptance.readiness.traceability.step_definitions import read_definitions
from acceptance.readiness.traceability.step_matching import StepMatcher
from controls.control import Control, all_controls, place_of
from controls.memory import Memory, _Part

MATCHER = StepMatcher(read_definitions(sorted((ROOT / "steps").glob("*.py")))[0])


def control_named(name: str) -> Control:
    """The first control with this sabotage."""
    return next(each for each in all_controls() if each.sabotage.__name__ == name)


def part_of(name: str) -> _Part:
    """What decides it."""
    control = control_named(name)
    return _Part(ROOT, control, place_of(control), MATCHER)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    """A memory with nothing in it."""
    return Memory(ROOT, "embedded", tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "acceptance/actor.py",
        "acceptance/domains/__init__.py",
        "acceptance/domains/cluster/diagnostics.py",
        "acceptance/domains/workloads/health.py",
        "acceptance/drivers/kubernetes/client.py",
        "acceptance/judgement.py",
        "checkout/backend/Dockerfile",
        "controls/control.py",
        "controls/saboteur.py",
        "controls/workloads.py",
        "fixtures/system.py",
        "manifests/base/backend.yaml",
        "manifests/components/tls/kustomization.yaml",
        "manifests/overlays/embedded/kustomization.yaml",
        "of-which-nobody-knows/anything",
        "pyproject.toml",
        "requirements.txt",
        "steps/workloads.py",
        "tools/probes/requirements.txt",
    ],
)
def test_what_decides_a_control_counts(name: str) -> None:
    """A change of any of it makes the control be tried again."""
    assert part_of("missing_liveness_probe").counts(name)


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "acceptance/cli/gate.py",
        "acceptance/readiness/report/page.py",
        "acceptance/readiness/tracker/parse.py",
        "attestations/trust.toml",
        "fixtures/reporting.py",
        "operations/pipeline/image.py",
        "operations/rotation/phases.py",
        "acceptance/domains/rbac/permissions.py",
        "controls/rbac.py",
        "docs/operations/backup-and-recovery.md",
        "features/task_001_k3s_deployment/acceptance_criteria.feature",
        "manifests/components/prometheus/rules.yaml",
        "manifests/overlays/embedded/metrics/prometheus.yaml",
        "steps/rbac.py",
        "tests/conftest.py",
        "tools/semgrep/requirements.txt",
    ],
)
def test_what_decides_nothing_does_not_count(name: str) -> None:
    """A change in another domain leaves a control alone."""
    assert not part_of("missing_liveness_probe").counts(name)


def test_a_scenario_that_needs_a_stack_depends_on_its_manifests() -> None:
    """The stacks are deployed for it."""
    part = part_of("prometheus_reaches_every_pod")
    assert part.counts("manifests/components/prometheus/rules.yaml")
    assert part.counts("manifests/overlays/embedded/metrics/prometheus.yaml")


def test_a_scenario_that_follows_a_procedure_depends_on_it() -> None:
    """Procedures are written in docs/."""
    controls = [each for each in all_controls() if each.item == "TASK-001-DOD-8"]
    followed = next(each for each in controls if "restored" in each.scenario)
    part = _Part(ROOT, followed, place_of(followed), MATCHER)
    assert part.counts("docs/operations/backup-and-recovery.md")
    assert part.counts("operations/backup/back-up.sh")
    assert not part.whole


@pytest.mark.parametrize("name", ["a_broken_link", "shell_injection"])
def test_a_scenario_that_reads_the_repository_depends_on_all_of_it(name: str) -> None:
    """Whether it needs a cluster or not."""
    part = part_of(name)
    assert part.whole
    assert part.counts("README.md")


def test_data_beside_a_module_counts() -> None:
    """The module reads it."""
    part = part_of("an_extra_permission")
    assert part.counts("acceptance/domains/rbac/default_policy.json")


def test_a_changed_file_changes_the_key(memory: Memory) -> None:
    """By its content, and only of the controls that it decides."""
    workloads, rbac = control_named("missing_liveness_probe"), control_named("a_broken_link")
    before = memory.key(workloads), memory.key(rbac)
    changed = Memory(ROOT, "embedded")
    changed.__dict__["_files"] = memory._files | {"steps/workloads.py": "other"}
    assert changed.key(workloads) != before[0]
    changed = Memory(ROOT, "embedded")
    changed.__dict__["_files"] = memory._files | {"steps/rbac.py": "other"}
    assert changed.key(workloads) == before[0]
    assert changed.key(rbac) != before[1]


def test_a_control_is_remembered_until_it_changes(memory: Memory, tmp_path: Path) -> None:
    """On the same kind of cluster."""
    control = control_named("missing_liveness_probe")
    assert memory.seen(control) is None
    memory.remember(control)
    assert memory.seen(control) == dt.datetime.now(dt.UTC).date().isoformat()
    assert memory.seen(replace(control, expects="another reason")) is None
    assert Memory(ROOT, "k3d", tmp_path).seen(control) is None


def test_what_was_seen_red_is_written_for_a_reviewer(memory: Memory, tmp_path: Path) -> None:
    """By name, a line each, so that two branches that saw different ones can be merged."""
    for name in ("missing_liveness_probe", "a_broken_link"):
        memory.remember(control_named(name))
    lines = (tmp_path / "seen_red.json").read_text(encoding="utf-8").splitlines()
    assert [line[:1] for line in lines] == ["{", '"', '"', "}"]
    assert "missing_liveness_probe" in lines[1]
    assert "a_broken_link" in lines[2]


def test_a_control_that_is_gone_is_forgotten(memory: Memory, tmp_path: Path) -> None:
    """The record names only what can be tried."""
    record = tmp_path / "seen_red.json"
    record.write_text('{"gone: A scenario": {"embedded": "2026-01-01 key"}}')
    memory.remember(control_named("a_broken_link"))
    assert "gone" not in record.read_text(encoding="utf-8")


def test_a_record_that_is_broken_is_told(memory: Memory, tmp_path: Path) -> None:
    """As after a merge that left its marks."""
    (tmp_path / "seen_red.json").write_text("{\n<<<<<<< ours\n")
    with pytest.raises(BrokenInput, match="Try: delete it"):
        memory.seen(control_named("a_broken_link"))


def test_the_record_decides_nothing(memory: Memory) -> None:
    """What was seen red before does not change what is to be tried."""
    assert "controls/seen_red.json" not in memory._files


def test_no_two_controls_share_a_key(memory: Memory) -> None:
    """A sabotage that two scenarios see is two controls."""
    keys = [memory.key(each) for each in all_controls()]
    assert len(set(keys)) == len(keys) > 1
