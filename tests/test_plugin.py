from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.forked import run_pytest

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
        raise AssertionError("It does not answer but with s3cret-value.")
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
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

import fixtures.environment as environment
import fixtures.reporting as reporting
from acceptance.clusters import ClusterFacts
from acceptance.errors import EnvironmentFailure

# No actors: these scenarios ask nobody, and importing them takes long.
pytest_plugins = ["fixtures.plugin", "fixtures.allure_labels"]


class FakeCluster:
    name, engine, namespace, steps = "embedded", "buildah", "thing", 0

    def start(self, progress):
        if os.environ.get("NO_CLUSTER"):
            raise EnvironmentFailure("There is no cluster. Try: somewhere else.")
        Path("started").touch()
        if os.environ.get("MOVES"):
            who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@team.example"]
            commit = ["commit", "--quiet", "--allow-empty", "--message=Two"]
            subprocess.run(["git", *who, *commit], check=True)
        return ClusterFacts(
            "embedded", "kubernetes", "v1", Path("/k"), "c", "127.0.0.1", 80, 443
        )

    def stop(self):
        Path("stopped").touch()
        if os.environ.get("STAYS"):
            raise EnvironmentFailure("A namespace stays behind. Try: delete it.")


class FakeSystem:
    images = ()

    def save(self, path):
        path.write_text("{}")


def deploy(*_, tell_secrets, **__):
    tell_secrets(["s3cret-value"])
    if os.environ.get("CRASHES"):
        raise EnvironmentFailure("It crashes, and logs s3cret-value. Try: look.")
    return FakeSystem()


environment.choose = lambda *_, **__: FakeCluster()
environment.render = lambda *_, **__: ()
environment.build_images = lambda *_, **__: ()
environment.deploy = deploy
if "ALLURE" not in os.environ:
    reporting.write_allure_report = lambda *_, **__: None


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
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # it makes each start slower
    pytester.makepyprojecttoml(
        '[tool.acceptance]\n[tool.pytest.ini_options]\ntestpaths = ["features"]\n'
        'addopts = ["--strict-markers", "--import-mode=importlib", "-p", "no:cacheprovider", '
        '"-p", "no:locust", "-p", "no:hypothesispytest", "-p", "no:anyio"]\n'
    )
    (pytester.path / ".gitignore").write_text("/reports/\n/started\n/stopped\n__pycache__/\n")
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
    result = run_pytest(project.path, "-q", *arguments)
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
    result.stdout.fnmatch_lines(
        ["*It does not answer but with*", "2 items: 1 met, 1 unmet, 0 unverified*"]
    )
    assert (project.path / "stopped").exists()
    document = report(project)
    assert (document["complete"], document["selected"]) == (True, 3)
    runs = (project.path / "reports" / "history" / "runs.jsonl").read_text().splitlines()
    assert [json.loads(run)["complete"] for run in runs] == [True]


def test_a_part_of_its_scenarios_makes_no_item_met(project: pytest.Pytester) -> None:
    """An item is met only if all of its scenarios ran; the box of another one is not ticked."""
    _, verdicts = prove(project, "well", "to fail", "well", "-k", "first_question or data")
    assert verdicts == {"TASK-001-AC-1": "unverified", "TASK-001-AC-2": "met"}
    reason = report(project)["items"][0]["reason"]
    assert reason == "The second question: it was not selected in this run"
    assert "[ ] It answers" in (project.path / "reports" / "tracker.md").read_text()


def test_what_cannot_be_ended_is_told_beside_the_verdicts(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clean-up that fails hides nothing, and the run is not green."""
    monkeypatch.setenv("STAYS", "yes")
    result, verdicts = prove(project, "well", "well", "well")
    assert verdicts == {"TASK-001-AC-1": "met", "TASK-001-AC-2": "met"}
    assert result.ret == 69
    assert "A namespace stays behind. Try: delete it." in result.stdout.str()
    assert "Traceback" not in result.stdout.str()


def test_why_there_is_no_environment_is_told_without_secrets(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last words of a pod that crashes are in the reason, and what it logs may be a secret."""
    monkeypatch.setenv("CRASHES", "yes")
    result, verdicts = prove(project, "well", "well", "well")
    assert set(verdicts.values()) == {"unverified"}
    assert "It crashes, and logs [redacted]" in result.stdout.str()
    files = [path for path in project.path.rglob("reports/**/*") if path.is_file()]
    assert len(files) > 5
    for path in files:
        assert b"s3cret-value" not in path.read_bytes(), path
    assert "s3cret-value" not in result.stdout.str() + result.stderr.str()


def test_a_commit_meanwhile_is_not_what_was_proved(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report names what was there at the start, and gates nothing when that has changed."""
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "One"]):
        git(project, *command)
    first = git(project, "rev-parse", "HEAD")
    monkeypatch.setenv("MOVES", "yes")
    prove(project, "well", "well", "well")
    found = report(project)
    assert found["commit"].startswith(first)
    assert found["complete"] is False
    assert "changed while the run went on" in found["notes"][-1]


def git(project: pytest.Pytester, *arguments: str) -> str:
    """Run git in the project, as somebody."""
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@team.example")
    done = subprocess.run(
        ["git", *who, *arguments], cwd=project.path, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


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


@pytest.mark.parametrize("what", ["tracker", "cluster"])
def test_a_traceback_is_shown_on_demand(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """One sentence is all that a person sees, unless `--debug` asks where it comes from."""
    text = FEATURE.format(first="well", second="well", third="well")
    (project.path / "features" / "first.feature").write_text(text)
    if what == "cluster":
        monkeypatch.setenv("NO_CLUSTER", "yes")
    else:
        (project.path / "tracker.md").unlink()
    for arguments in ((), ("--debug",)):
        result = run_pytest(project.path, "-q", *arguments)
        assert result.ret in {65, 69}
        written = result.stdout.str() + result.stderr.str()
        assert ("Traceback (most recent call last)" in written) == bool(arguments)


def test_a_worker_that_crashes_leaves_nothing_met(project: pytest.Pytester) -> None:
    """A scenario that never reports is missing: its item is not met, though the others passed."""
    result, verdicts = prove(project, "to crash", "well", "well", "-n", "1")
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
    document = report(project)
    assert (document["complete"], document["selected"], document["ready"]) == (False, 1, False)


def test_collecting_starts_nothing(project: pytest.Pytester) -> None:
    """`--collect-only` names the scenarios and starts no cluster."""
    text = FEATURE.format(first="a", second="b", third="c")
    (project.path / "features" / "first.feature").write_text(text)
    result = run_pytest(project.path, "--collect-only", "-q")
    result.stdout.fnmatch_lines(["*::test_the_first_question"])
    assert not (project.path / "started").exists()


WORDS = [
    "*features/first.feature:5: TASK-001-AC-1 has other words*",
    "*tracker, line 7: It answers",
    "*Rule, line 5 * It speaks",
]


@pytest.mark.parametrize(
    ("arguments", "old", "new", "told"),
    [
        ([], "Rule: It answers", "Rule: It speaks", WORDS),
        (["-n", "1"], "Rule: It answers", "Rule: It speaks", WORDS),
        (["--collect-only"], "@TASK-001-AC-2", "@TASK-001-AC-3", ["*:15: @TASK-001-AC-3 names*"]),
    ],
)
def test_features_that_drifted_from_the_tracker_are_not_run(
    project: pytest.Pytester, arguments: list[str], old: str, new: str, told: list[str]
) -> None:
    """Other words or ids than the tracker's: both are shown, nothing is started, and 65."""
    if "TASK-001-AC-3" in new:  # pytest knows its marks: this one has to be known to it
        config = project.path / "pyproject.toml"
        config.write_text(config.read_text() + '\nmarkers = ["TASK-001-AC-3: another"]\n')
    text = FEATURE.format(first="well", second="well", third="well")
    (project.path / "features" / "first.feature").write_text(text.replace(old, new))
    result = run_pytest(project.path, "-q", *arguments)
    assert result.ret == 65
    result.stdout.fnmatch_lines([*told, "*the features do not say what the tracker says*"])
    assert not (project.path / "started").exists()
    assert not (project.path / "reports" / "readiness.json").exists()


def test_features_in_other_folders_are_held_against_the_tracker(project: pytest.Pytester) -> None:
    """Another project keeps its features elsewhere: what is collected is checked."""
    (project.path / "features").rename(project.path / "specs")
    text = FEATURE.format(first="well", second="well", third="well")
    path = project.path / "specs" / "first.feature"
    path.write_text(text.replace("Rule: It answers", "Rule: It speaks"))
    assert run_pytest(project.path, "-q", "specs").ret == 65
    path.write_text(text)
    assert run_pytest(project.path, "-q", "specs").ret == 0


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "workers"])
def test_a_scenario_that_is_dropped_makes_no_green_run(
    project: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    """Of two scenarios with one name pytest-bdd keeps one; the other is missing, by name."""
    text = FEATURE.format(first="well", second="well", third="well")
    twice = text.replace("The second question", "The first question")
    (project.path / "features" / "first.feature").write_text(twice)
    result = run_pytest(project.path, "-q", *workers)
    assert result.ret == 1
    item, other = report(project)["items"]
    assert (item["verdict"], other["verdict"]) == ("unverified", "met")
    assert "The first question: it is in the feature and was not collected" in item["reason"]


def test_a_feature_that_is_bound_nowhere_makes_no_green_run(project: pytest.Pytester) -> None:
    """A file that no module binds is not forgotten, unless single scenarios are asked for."""
    second = FEATURE.partition("  @TASK-001-AC-2")[2].format(third="well")
    (project.path / "features" / "second.feature").write_text(
        f"@TASK-001\nFeature: Second\n\n  @TASK-001-AC-2{second}"
    )
    first = FEATURE.partition("  @TASK-001-AC-2")[0].format(first="well", second="well")
    (project.path / "features" / "first.feature").write_text(first)
    assert run_pytest(project.path, "-q").ret == 1
    reasons = {item["id"]: item["reason"] for item in report(project)["items"]}
    assert "The data: it is in the feature and was not collected" in reasons["TASK-001-AC-2"]
    alone = run_pytest(project.path, "-q", "features/test_first.py::test_the_first_question")
    assert alone.ret == 0


def test_secrets_are_redacted_everywhere(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file below reports/ holds a generated secret value."""
    monkeypatch.setenv("ALLURE", "yes")
    prove(project, "well", "to fail", "well")
    files = [path for path in (project.path / "reports").rglob("*") if path.is_file()]
    assert len(files) > 5
    assert not [path for path in files if b"s3cret-value" in path.read_bytes()]


def test_results_for_allure_are_labelled(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Release, task and item are epic, feature and story; the identity survives a move."""
    monkeypatch.setenv("ALLURE", "yes")  # the others do without, to be quick
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
    assert {each["links"][0]["url"] for each in found} == {
        "../readiness.html#TASK-001-AC-1",
        "../readiness.html#TASK-001-AC-2",
    }
    page = (project.path / "reports" / "allure-report" / "index.html").read_text()
    assert "googletagmanager" not in page
