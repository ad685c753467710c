"""Tests whether the cluster enforces network policies at all, and waits until they take effect."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from acceptance.domains.network.drivers import REACHED, ConnectionTarget, tagged_payload
from acceptance.domains.network.packets.testbed import UNUSED_PORTS
from acceptance.domains.network.plan.probe_placement import ELSEWHERE, ISOLATED
from acceptance.judgement import Unverifiable
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.domains.network.packets.testbed import NetworkTestbed
    from acceptance.system import System

DENIAL_SECONDS = 2.0
"""How long a denied connection is tried: a first packet is sent at least twice (RFC 6298)."""


def require_policy_enforcement(testbed: NetworkTestbed, system: System, *, timeout: float) -> int:
    """Isolate one probe by a policy, and return how many attempts it took until that held.

    `timeout` is in seconds. Raises `Unverifiable` if the policy has no effect in that time, or the
    probe could not be reached before.
    """
    address = testbed.probes[ISOLATED].address
    target = ConnectionTarget("tcp", address, UNUSED_PORTS[0].number, tagged_payload("isolated"))
    source = testbed.probes[ELSEWHERE].name
    attempts = 0

    def attempt() -> str:
        nonlocal attempts
        attempts += 1
        return testbed.fleet.send({source: [target]}, DENIAL_SECONDS / 2)[source][0]

    if (answer := attempt()) != REACHED:
        message = f"Two new pods cannot connect though no policy forbids it: {answer}."
        raise Unverifiable(message)
    testbed.isolate(ISOLATED)
    try:
        eventually(
            attempt,
            lambda answer: answer != REACHED,
            timeout=timeout,
            what="a policy isolates a pod",
        )
    except DeadlineExceeded as error:
        message = (
            f"Network policies are accepted but not enforced here ({system.driver}, "
            f"{system.version}): a pod that a policy isolates was reached {attempts} times in "
            f"{timeout:g} s. Try: a cluster whose network plugin enforces them."
        )
        raise Unverifiable(message) from error
    return attempts


def wait_for_policies(in_effect: Callable[[], bool], seconds: float) -> None:
    """Repeat `in_effect` until it is true, for at most `seconds`; the caller judges what it saw.

    Policies take effect a moment after they are created or deleted, and nothing tells when.
    """
    with suppress(DeadlineExceeded):
        eventually(in_effect, bool, timeout=seconds, what="connections follow the policies")
