from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from acceptance.domains.network.drivers import ConnectionTarget, Probe, ProbePlacement
from acceptance.domains.network.packets.policy_enforcement import require_policy_enforcement
from acceptance.domains.network.packets.testbed import NetworkTestbed
from acceptance.domains.network.plan.probe_placement import ELSEWHERE, ISOLATED
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.system import System


class RecordedCluster:
    """A cluster that accepts everything, and probes that give recorded answers."""

    def __init__(self, answers: list[str]) -> None:
        """Give one answer after the other, the last one for ever."""
        self.answers = answers
        self.created: list[str] = []

    def create(self, path: str, body: object) -> object:
        """Accept an object."""
        self.created.append(path)
        return body

    def delete(self, path: str) -> bool:
        """Say whether the object was there."""
        return path in self.created

    def send(
        self, targets: dict[str, list[ConnectionTarget]], timeout: float
    ) -> dict[str, tuple[str, ...]]:
        """Answer."""
        assert timeout > 0
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return {name: (answer,) * len(each) for name, each in targets.items()}


@pytest.fixture
def testbed_with() -> Callable[[list[str]], tuple[NetworkTestbed, System]]:
    """Return what makes a testbed whose probes get recorded answers."""

    def make(answers: list[str]) -> tuple[NetworkTestbed, System]:
        recorded = RecordedCluster(answers)
        facts = SimpleNamespace(run="r1", driver="embedded", version="v1.34.4")
        system = cast("System", facts)
        testbed = NetworkTestbed(system, recorded, Timeouts())  # type: ignore[arg-type]
        testbed.fleet = recorded  # type: ignore[assignment]
        for name in (ELSEWHERE, ISOLATED):
            placement = ProbePlacement(name, testbed.namespace, {})
            testbed.probes[name] = Probe(placement, name, "10.0.0.1")
        return testbed, system

    return make


def test_a_cluster_that_enforces_no_policies_is_detected(
    testbed_with: Callable[[list[str]], tuple[NetworkTestbed, System]],
) -> None:
    """A policy without effect proves nothing, and nor does a pod that was never reached."""
    held = testbed_with(["reached", "reached", "timeout"])
    assert require_policy_enforcement(*held, timeout=1.0) == 3
    with pytest.raises(Unverifiable, match=r"but not enforced here .embedded, v1\.34\.4"):
        require_policy_enforcement(*testbed_with(["reached"]), timeout=0.01)
    with pytest.raises(Unverifiable, match="Two new pods cannot connect"):
        require_policy_enforcement(*testbed_with(["timeout"]), timeout=0.01)
