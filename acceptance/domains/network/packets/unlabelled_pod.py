"""Tests that a pod without labels, which no policy selects, reaches no real pod."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.network.drivers import (
    ProbePlacement,
    dns_query,
    namespaces_with_endpoints,
    service_addresses,
)
from acceptance.domains.network.packets.attempt_plan import API_SERVER_NAME, KUBELET
from acceptance.domains.network.packets.attempt_runner import send_attempts
from acceptance.domains.network.packets.connection_attempts import AttemptResult, ConnectionAttempt
from acceptance.domains.network.packets.policy_enforcement import (
    DENIAL_SECONDS,
    require_policy_enforcement,
    wait_for_policies,
)
from acceptance.domains.network.packets.probe_actor import ProbeActor
from acceptance.domains.network.packets.testbed import UNUSED_PORTS
from acceptance.domains.network.plan.probe_placement import NODE, UNLABELLED
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require, require_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acceptance.domains.network.packets.testbed import NetworkTestbed
    from acceptance.drivers.kubernetes.network_policies.port import Port

_DEFAULT = "default"


@dataclass(frozen=True)
class UnlabelledPod:
    """A pod that has none of the system's labels, and the connections that it is to try."""

    testbed: NetworkTestbed
    attempts: tuple[ConnectionAttempt, ...]


class UnlabelledPodTester(ProbeActor):
    """Starts a pod without labels, and tries to connect from it to every real pod."""

    def start_with_allow_policy(self) -> UnlabelledPod:
        """Start the pod, and see it reach every real pod while a temporary policy allows it.

        Raises `Unverifiable` if it does not, or if the cluster enforces no policies.
        """
        testbed = self._open_testbed()
        testbed.create_namespaces()
        placement = ProbePlacement(UNLABELLED, self.system.namespace, {})
        testbed.place_probes({UNLABELLED: placement}, (), self._probe_image(), UNUSED_PORTS)
        require_policy_enforcement(testbed, self.system, timeout=self._timeouts.policy)
        attempts = tuple(self._attempts(testbed))
        for namespace in self._namespaces():
            testbed.allow_from(UNLABELLED, namespace)
        last: tuple[AttemptResult, ...] = ()

        def all_reached() -> bool:
            nonlocal last
            last = _try(testbed, attempts, self._timeouts.request)
            return all(each.reached for each in last)

        wait_for_policies(all_reached, self._timeouts.policy)
        self._keep("What the unlabelled pod reached with the temporary allow policy", _shown(last))
        require(last, "The cluster has no Service to which an unlabelled pod could connect.")
        if failed := [str(each) for each in last if not each.reached]:
            message = (
                f"No policy forbade it, and yet the unlabelled pod did not reach: {listed(failed)}"
            )
            raise Unverifiable(f"{message}. So a refused connection would prove nothing here.")
        return UnlabelledPod(testbed, attempts)

    def remove_allow_policy(self, pod: UnlabelledPod) -> tuple[AttemptResult, ...]:
        """Remove the temporary policy, and return what the pod still reaches."""
        pod.testbed.remove_allow_policies()
        last: tuple[AttemptResult, ...] = ()

        def none_reached() -> bool:
            nonlocal last
            last = _try(pod.testbed, pod.attempts, DENIAL_SECONDS)
            return not any(each.reached for each in last)

        wait_for_policies(none_reached, self._timeouts.policy)
        self._keep("What the unlabelled pod reached without it", _shown(last))
        return last

    def assert_nothing_reached(self, results: Sequence[AttemptResult]) -> None:
        """No attempt of the unlabelled pod got through."""
        require_each(
            results,
            lambda each: (
                f"the policies let an unlabelled pod through: {each}" if each.reached else None
            ),
            nothing="The unlabelled pod tried no connection.",
        )

    def _namespaces(self) -> tuple[str, ...]:
        """Return the namespaces whose pods are tried; on a shared cluster only the system's own."""
        own = self.system.namespace
        if self.system.driver == "existing":
            return (own,)
        return tuple(sorted({own, *namespaces_with_endpoints(self._cluster)} - {_DEFAULT}))

    def _attempts(self, testbed: NetworkTestbed) -> Iterator[ConnectionAttempt]:
        """Yield an attempt for each address and port of a Service, and one for the kubelet."""
        for each in service_addresses(self._cluster, {_DEFAULT, *self._namespaces()}):
            name = f"{each.namespace}/{each.service}"
            yield _attempt(f"a pod of {name}" if each.of_pod else name, each.host, each.port)
        yield _attempt(NODE, testbed.node_address(), KUBELET)


def _attempt(name: str, host: str, port: Port) -> ConnectionAttempt:
    # Of all UDP servers only a name server is sure to answer an unknown client.
    payload = dns_query(API_SERVER_NAME) if port.protocol == "udp" else ""
    return ConnectionAttempt(UNLABELLED, name, host, port, exposed=True, payload=payload)


def _try(
    testbed: NetworkTestbed, attempts: Sequence[ConnectionAttempt], timeout: float
) -> tuple[AttemptResult, ...]:
    answers = send_attempts(testbed, attempts, ["unlabelled"] * len(attempts), timeout)
    return tuple(AttemptResult(attempt, answers[attempt], None) for attempt in attempts)


def _shown(results: Sequence[AttemptResult]) -> str:
    found = {}
    for each in results:
        attempt = each.attempt
        found[f"{attempt.destination}: {attempt.host} {attempt.port}"] = each.answer
    return pretty(found)
