from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acceptance.build.alert_rules import FOLDER
from acceptance.domains.observability import RuleSourceInspector, RuleState
from acceptance.domains.observability.drivers.alertmanager import (
    Alertmanager,
    hash_of_configuration,
)
from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
from acceptance.domains.observability.drivers.prometheus import Prometheus
from acceptance.domains.observability.drivers.prometheus_rules import Rule
from acceptance.drivers.http import Reply
from acceptance.project import ROOT
from tests.fakes.monitored_cluster import MonitoredCluster
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

ENDPOINT = MonitoringEndpoint("program", "monitoring/program", "/program")
RULES = FOLDER.relative_to(ROOT)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of what the rules are made of."""
    shutil.copytree(FOLDER, tmp_path / RULES)
    (tmp_path / "tools" / "sloth").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "sloth" / "go.mod", tmp_path / "tools" / "sloth")
    return tmp_path


def inspector(sources: Path) -> RuleSourceInspector:
    """An inspector of these sources."""
    return RuleSourceInspector(context_of(replace(SYSTEM, repository=str(sources))))


def test_rules_that_are_rendered_pass(sources: Path) -> None:
    """As they are committed."""
    inspector(sources).assert_rendered()


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "production/routes.yaml",
            "receiver: critical",
            "receiver: dead-mans-switch",
            "production/routes.yaml is not what its source gives",
        ),
        ("short/alerts.yaml", "15s", "15m", "short/alerts.yaml is not what its source gives"),
        ("source/alerts.yaml", "@for_critical@", "@none@", "numbers.yaml has no none"),
        ("slo/generated.yaml", "14.4", "144", "slo/generated.yaml was changed by hand"),
    ],
)
def test_a_file_that_was_changed_by_hand_is_named(
    sources: Path, file: str, old: str, new: str, said: str
) -> None:
    """Of each variant, also the one that is not deployed; and what was generated."""
    path = sources / RULES / file
    text = path.read_text()
    path.write_text(text.replace(old, new) if old in text else f"{text}# {new}\n")
    with pytest.raises(AssertionError, match=said):
        inspector(sources).assert_rendered()


class Loaded:
    """A cluster whose Alertmanager has loaded a file."""

    def __init__(self, content: bytes | None) -> None:
        """Tell the hash of this content; nothing without one."""
        self._page = "up 1\n"
        if content is not None:
            self._page += f"alertmanager_config_hash {hash_of_configuration(content)}\n"

    def send(self, method: str, path: str, **_: object) -> Reply:
        """Return the page with the metrics."""
        assert (method, path) == ("GET", "/program/metrics")
        return Reply(200, (), self._page, 0.0)


def test_the_hash_is_that_of_alertmanager() -> None:
    """0.31.1 told this of a file with this content."""
    assert (
        hash_of_configuration(b"route: {receiver: a}\nreceivers: [{name: a}]\n")
        == 1.84816797860636e14
    )


def test_alertmanager_has_to_have_the_routes_of_a_variant(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last character; and one that says nothing is at fault."""
    actor = inspector(sources)
    own = (FOLDER / "short" / "routes.yaml").read_bytes()

    def loaded(content: bytes | None) -> None:
        cluster: Any = Loaded(content)
        monkeypatch.setattr(actor, "alertmanager", lambda: Alertmanager(cluster, ENDPOINT))

    loaded(own)
    actor.assert_routes_deployed()
    loaded(own.replace(b"sloth_id", b"alertname"))
    with pytest.raises(
        AssertionError, match=r"is neither production/routes\.yaml nor short/routes"
    ):
        actor.assert_routes_deployed()
    loaded(None)
    with pytest.raises(AssertionError, match="unknown where alerts go"):
        actor.assert_routes_deployed()


def test_a_job_that_no_alert_misses_is_named(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each needs an alert of its own name."""
    targets = [{"labels": {"job": job}, "scrapeUrl": "http://a", "health": "up"} for job in "ab"]
    answers = {"/program/api/v1/targets": {"data": {"activeTargets": targets}}}
    cluster: Any = MonitoredCluster([], answers)
    actor = inspector(sources)
    monkeypatch.setattr(actor, "prometheus", lambda: Prometheus(cluster, ENDPOINT))

    def missing(*jobs: str) -> RuleState:
        query = " or ".join(f'absent(up{{job="{job}"}})' for job in jobs)
        rule = Rule("Missing", True, query, 0, 0, (), (), "ok")  # noqa: FBT003
        return RuleState("short", (rule,), ())

    actor.assert_jobs_named(missing("a", "b"))
    with pytest.raises(AssertionError, match="no alert fires when b finds no target"):
        actor.assert_jobs_named(missing("a", "bb"))
