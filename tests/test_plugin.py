from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]

TRACKER = """# Release of a thing

#### TASK-001: First task
- **Status**: open

**Acceptance Criteria**:
- [ ] It answers
- [ ] It keeps its data
"""

FEATURE = """@TASK-001
Feature: First task

  @TASK-001-AC-1
  Rule: It answers

    Scenario: The first question
      When it is asked "{first}"
      Then it answers

    Scenario: The second question
      When it is asked "{second}"
      Then it answers

  @TASK-001-AC-2
  Rule: It keeps its data

    Scenario: The data
      When it is asked "{third}"
      Then it answers
"""

BINDER = """
import os
from pytest_bdd import parsers, scenarios, then, when
from acceptance.actors.judgement import Unverifiable
from acceptance.errors import EnvironmentFailure

scenarios("first.feature")

@when(parsers.parse('it is asked "{what}"'), target_fixture="what")
def _(what, recorder):
    if what != "silently":
        recorder("Answer", '{"what": "%s", "secret": "s3cret-value"}' % what)
    return what

@then("it answers")
def _(what):
    if what == "to fail":
        raise AssertionError("It does not answer.")
    if what == "the unknowable":
        raise Unverifiable("It cannot be known here.")
    if what == "of the environment":
        raise EnvironmentFailure("The cluster is gone. Try: again.")
    if what == "to crash":
        os._exit(3)
    if what == "to stop":
        raise KeyboardInterrupt
"""

CONFTEST = """
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

import fixtures.environment as environment
from acceptance.clusters import ClusterFacts
from acceptance.errors import EnvironmentFailure

pytest_plugins = ["fixtures.plugin", "fixtures.actors", "fixtures.allure_labels"]


class FakeCluster:
    name, engine, namespace = "embedded", "buildah", "thing"

    def start(self, progress):
        if os.environ.get("NO_CLUSTER"):
            raise EnvironmentFailure("There is no cluster. Try: somewhere else.")
        Path("started").touch()
        return ClusterFacts(
            "embedded", "kubernetes", "v1", Path("/k"), "c", "127.0.0.1", 80, 443
        )

    def stop(self):
        Path("stopped").touch()


class FakeSystem:
    def save(self, path):
        path.write_text("{}")


def deploy(*_, tell_secrets, **__):
    tell_secrets(["s3cret-value"])
    return FakeSystem()


environment.choose = lambda *_, **__: FakeCluster()
environment.render = lambda *_, **__: ()
environment.build_images = lambda *_, **__: ()
environment.deploy = deploy


# Nothing here needs the witness: there is no cluster that it could look at.
@pytest.fixture
def witness():
    return SimpleNamespace(testify=lambda: None)
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with three scenarios, and a cluster that is only pretended."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_ADDOPTS", "")
    pytester.makepyprojecttoml(
        '[tool.acceptance]\n[tool.pytest.ini_options]\ntestpaths = ["features"]\n'
        'addopts = ["--strict-markers", "--import-mode=importlib", "-p", "no:cacheprovider"]\n'
    )
    (pytester.path / "tracker.md").write_text(TRACKER)
    (pytester.path / "conftest.py").write_text(CONFTEST)
    features = pytester.path / "features"
    features.mkdir()
    (features / "test_first.py").write_text(BINDER)
    return pytester


def prove(
    project: pytest.Pytester, first: str, second: str, third: str, *arguments: str
) -> tuple[pytest.RunResult, dict[str, str]]:
    """Run the three scenarios in a process of their own; return each item's verdict."""
    text = FEATURE.format(first=first, second=second, third=third)
    (project.path / "features" / "first.feature").write_text(text)
    result = project.runpytest_subprocess("-q", *arguments)
    return result, {item["id"]: item["verdict"] for item in report(project)["items"]}


def report(project: pytest.Pytester) -> dict[str, Any]:
    """The readiness report of the last run."""
    text = (project.path / "reports" / "readiness.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def test_scenarios_become_verdicts(project: pytest.Pytester) -> None:
    """An item is unmet by one failure of its scenarios, met if all passed, and pytest says 1."""
    result, verdicts = prove(project, "well", "to fail", "well")
    assert verdicts == {"TASK-001-AC-1": "unmet", "TASK-001-AC-2": "met"}
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*It does not answer.*", "2 items: 1 met, 1 unmet, 0 unverified*"])
    assert (project.path / "stopped").exists()


def test_what_cannot_be_known_is_unverified(project: pytest.Pytester) -> None:
    """A scenario that cannot be judged here is no failure, and its item is not met."""
    result, verdicts = prove(project, "well", "the unknowable", "well")
    assert verdicts["TASK-001-AC-1"] == "unverified"
    assert result.ret == 0


def test_without_evidence_nothing_is_met(project: pytest.Pytester) -> None:
    """A scenario that passed and left nothing to look at proves nothing."""
    _, verdicts = prove(project, "well", "well", "silently")
    assert verdicts == {"TASK-001-AC-1": "met", "TASK-001-AC-2": "unverified"}


def test_an_environment_that_goes_away_is_no_unmet_criterion(project: pytest.Pytester) -> None:
    """A scenario that lost its cluster leaves its item unverified."""
    _, verdicts = prove(project, "well", "of the environment", "well")
    assert verdicts == {"TASK-001-AC-1": "unverified", "TASK-001-AC-2": "met"}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_no_environment_is_told_once(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    """Without a cluster no scenario begins, the sentence stands once, and the exit code is 69."""
    monkeypatch.setenv("NO_CLUSTER", "yes")
    result, verdicts = prove(project, "well", "well", "well", *workers)
    assert set(verdicts.values()) == {"unverified"}
    assert result.ret == 69
    assert result.stdout.str().count("There is no cluster. Try: somewhere else.") == 1


def test_a_worker_that_crashes_leaves_nothing_met(project: pytest.Pytester) -> None:
    """A scenario that never reports is missing: its item is not met, though the others passed."""
    result, verdicts = prove(project, "to crash", "well", "well", "-n", "2")
    assert verdicts["TASK-001-AC-1"] == "unverified"
    assert result.ret != 0


def test_an_interrupted_run_still_reports(project: pytest.Pytester) -> None:
    """Ctrl-C gives 130, the report says so, and what was not begun is not met."""
    result, verdicts = prove(project, "well", "well", "to stop")
    assert result.ret == 130
    assert report(project)["interrupted"] is True
    assert verdicts["TASK-001-AC-2"] == "unverified"
    assert (project.path / "stopped").exists()


def test_a_part_is_chosen_by_mark_or_name(project: pytest.Pytester) -> None:
    """`-m` with an item's id runs its scenarios alone; the others have none."""
    result, verdicts = prove(project, "well", "well", "well", "-m", "TASK-001-AC-2")
    assert verdicts == {"TASK-001-AC-1": "unverified", "TASK-001-AC-2": "met"}
    result.assert_outcomes(passed=1, deselected=2)


def test_collecting_starts_nothing(project: pytest.Pytester) -> None:
    """`--collect-only` names the scenarios and starts no cluster."""
    text = FEATURE.format(first="a", second="b", third="c")
    (project.path / "features" / "first.feature").write_text(text)
    result = project.runpytest_subprocess("--collect-only", "-q")
    result.stdout.fnmatch_lines(["*::test_the_first_question"])
    assert not (project.path / "started").exists()


def test_secrets_are_redacted_everywhere(project: pytest.Pytester) -> None:
    """No file below reports/ holds a generated secret value."""
    prove(project, "well", "to fail", "well")
    files = [path for path in (project.path / "reports").rglob("*") if path.is_file()]
    assert len(files) > 5
    assert not [path for path in files if b"s3cret-value" in path.read_bytes()]


def test_results_for_allure_are_labelled(project: pytest.Pytester) -> None:
    """Release, task and item are epic, feature and story; the identity survives a move."""
    prove(project, "well", "to fail", "well")
    results = sorted((project.path / "reports" / "allure-results").glob("*-result.json"))
    found = [json.loads(path.read_text()) for path in results]
    assert {each["name"] for each in found} == {
        "The first question",
        "The second question",
        "The data",
    }
    labels = [{label["name"]: label["value"] for label in each["labels"]} for each in found]
    assert {each["epic"] for each in labels} == {"Release of a thing"}
    assert {each["feature"] for each in labels} == {"TASK-001 First task"}
    assert {each["story"] for each in labels} == {
        "TASK-001-AC-1 It answers",
        "TASK-001-AC-2 It keeps its data",
    }
    assert len({each["historyId"] for each in found}) == 3
    page = (project.path / "reports" / "allure-report" / "index.html").read_text()
    assert "googletagmanager" not in page
