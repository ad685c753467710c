"""The sabotages of network policies, tried on the manifests: what is computed needs no cluster."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.network import NetworkPolicyEvaluator
from acceptance.domains.network.computation.evaluator import ComputedConnections
from controls.control import Control, all_controls
from tests.domains.network.computation.test_evaluator import OF_MONITORING, OF_SYSTEM
from tests.fakes.kubernetes_objects import merged
from tests.fakes.rendered_cluster import RenderedCluster, rendered
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPUTED = [each for each in all_controls() if each.scenario.startswith("The network policies ")]


class PolicySaboteur:
    """Changes policies of a cluster in memory, as the API server would."""

    def __init__(self, cluster: RenderedCluster) -> None:
        """Break this cluster."""
        self._cluster = cluster

    def create(self, found: Mapping[str, Any], *, namespace: str = "") -> None:
        """Add a policy."""
        name = found["metadata"]["name"]
        self._cluster.add(found["kind"], name, namespace or "checkout", spec=found["spec"])

    def patch(self, target: str, change: object, *, kind: str) -> None:
        """Apply a merge patch to a policy of the system."""
        assert kind == "merge"
        name = target.removeprefix("networkpolicy/")
        found = self._cluster.find("NetworkPolicy", name, "checkout")
        found.update(merged(found, change))


@pytest.fixture(scope="module")
def sound() -> RenderedCluster:
    """A cluster with all stacks, so that every sabotage has something to break."""
    return rendered("k3d", "k3d/metrics", "k3d/logs", "k3d/traces")


@pytest.mark.parametrize("control", COMPUTED, ids=str)
def test_the_computation_names_what_was_broken(control: Control, sound: RenderedCluster) -> None:
    """In the words that the control expects of the scenario."""
    cluster = deepcopy(sound)
    broken: Any = PolicySaboteur(cluster)
    control.sabotage(broken)
    actor = NetworkPolicyEvaluator(context_of(replace(SYSTEM, images=()), cluster))
    tables = actor.read_tables()
    found: ComputedConnections = (
        actor.compute_of_monitoring(tables, OF_MONITORING)
        if "monitoring" in control.scenario
        else actor.compute_of_system(tables, OF_SYSTEM)
    )

    def judge() -> None:
        actor.assert_planned_allowed(found)
        actor.assert_nothing_else_allowed(found)

    with pytest.raises(AssertionError, match=control.expects):
        judge()
