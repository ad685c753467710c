from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from acceptance.domains.network import (
    AttemptResult,
    ConnectionSurvey,
    NetworkPolicyTester,
    PlacedProbes,
    UnlabelledPodTester,
)
from acceptance.domains.network.drivers import ProbePlacement
from acceptance.domains.network.plan import probe_placement
from acceptance.judgement import Unverifiable
from tests.domains.network.samples import PLAN, result
from tests.fakes.system import SYSTEM

if TYPE_CHECKING:
    from pathlib import Path

ACTOR = SimpleNamespace()
DENIED = result("buyer", "node", answer="timeout", arrived=False)


def survey(
    planned: list[AttemptResult], unplanned: list[AttemptResult], packets: dict[str, int]
) -> ConnectionSurvey:
    """Return a survey of `PLAN`."""
    probes = PlacedProbes(SimpleNamespace(), PLAN, (), ())  # type: ignore[arg-type]
    return ConnectionSurvey(probes, tuple(planned), tuple(unplanned), packets)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (survey([], [result("buyer", "node")], {"p": 0}), "unplanned connection: buyer → node"),
        (survey([], [replace(DENIED, arrived=True)], {"p": 0}), "8000/tcp.: timeout, it arrived"),
        (survey([], [DENIED], {"p": 3}), "3 packets of unknown origin reached p"),
        (survey([], [], {"p": 0}), "forbids no connection"),
        (survey([], [DENIED], {}), "No probe counted"),
    ],
)
def test_denied_means_that_no_packet_arrived(made: ConnectionSurvey, reason: str) -> None:
    """An answer, an arrival without one, and a packet that no program received all fail."""
    judge = NetworkPolicyTester.assert_no_others
    with pytest.raises(AssertionError, match=reason):
        judge(ACTOR, made)  # type: ignore[arg-type]
    judge(ACTOR, survey([], [DENIED], {"p": 0}))  # type: ignore[arg-type]
    untested = replace(made.probes, untested=("no DNS",))
    with pytest.raises(Unverifiable, match="no DNS"):
        judge(ACTOR, replace(survey([], [DENIED], {"p": 0}), probes=untested))  # type: ignore[arg-type]


def test_without_a_staging_overlay_its_connections_are_untested(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The probes of the system are placed nevertheless."""
    placed = {"buyer": ProbePlacement("buyer", "shop", {})}
    monkeypatch.setattr(probe_placement, "placements_of_system", lambda *_: placed)
    actor = SimpleNamespace(
        _cluster=None, system=replace(SYSTEM, driver="existing"), _staging=tmp_path / "staging"
    )
    found, untested = NetworkPolicyTester._placements(actor, SimpleNamespace(), PLAN)  # type: ignore[arg-type]
    assert found == placed
    assert any("there is no staging overlay" in each for each in untested)


def test_a_planned_connection_has_to_be_seen_at_both_ends() -> None:
    """An answer alone is not enough: something else may have given it."""
    judge = NetworkPolicyTester.assert_planned_succeed
    judge(ACTOR, survey([result("buyer", "shop")], [], {}))  # type: ignore[arg-type]
    unseen = survey([result("buyer", "shop", arrived=False)], [], {})
    reason = "an expected connection failed: buyer → shop .*reached, nothing arrived"
    with pytest.raises(AssertionError, match=reason):
        judge(ACTOR, unseen)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="plans no connection"):
        judge(ACTOR, survey([], [], {}))  # type: ignore[arg-type]


def test_an_unlabelled_pod_has_to_reach_nothing() -> None:
    """One connection is one too many, and no attempt proves nothing."""
    judge = UnlabelledPodTester.assert_nothing_reached
    judge(ACTOR, [DENIED])  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="let an unlabelled pod through: buyer → node"):
        judge(ACTOR, [DENIED, result("buyer", "node", arrived=None)])  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="tried no connection"):
        judge(ACTOR, [])  # type: ignore[arg-type]
