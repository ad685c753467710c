"""Network policies: which connections they allow, and which the pods can really make."""

from acceptance.domains.network.computation.evaluator import (
    ComputedConnections,
    NetworkPolicyEvaluator,
)
from acceptance.domains.network.packets.connection_attempts import AttemptResult
from acceptance.domains.network.packets.tester import (
    ConnectionSurvey,
    NetworkPolicyTester,
    PlacedProbes,
)
from acceptance.domains.network.packets.unlabelled_pod import UnlabelledPod, UnlabelledPodTester
from acceptance.domains.network.plan.connection_plan import PortsOfAnyAddress, parse_any_address
from acceptance.domains.network.plan.matrix import ConnectionMatrix, parse_matrix

__all__ = [
    "AttemptResult",
    "ComputedConnections",
    "ConnectionMatrix",
    "ConnectionSurvey",
    "NetworkPolicyEvaluator",
    "NetworkPolicyTester",
    "PlacedProbes",
    "PortsOfAnyAddress",
    "UnlabelledPod",
    "UnlabelledPodTester",
    "parse_any_address",
    "parse_matrix",
]
