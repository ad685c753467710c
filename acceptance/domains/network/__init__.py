"""Network policies: which connections they allow, and which the pods can really make."""

from acceptance.domains.network.connection_attempts import AttemptResult
from acceptance.domains.network.connection_plan import PortsOfAnyAddress, parse_any_address
from acceptance.domains.network.matrix import ConnectionMatrix, parse_matrix
from acceptance.domains.network.policy_evaluator import (
    ComputedConnections,
    NetworkPolicyEvaluator,
)
from acceptance.domains.network.policy_tester import (
    ConnectionSurvey,
    NetworkPolicyTester,
    PlacedProbes,
)
from acceptance.domains.network.unlabelled_pod import UnlabelledPod, UnlabelledPodTester

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
