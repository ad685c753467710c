"""Whether anything in the cluster enforces network policies, asked before they are judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.network.drivers import Target, greeting
from acceptance.domains.network.drivers.sender import REACHED
from acceptance.domains.network.probe_placement import ELSEWHERE, WALLED
from acceptance.domains.network.testbed import DENIAL_SECONDS, PLAIN
from acceptance.judgement import Unverifiable
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from acceptance.domains.network.testbed import Stage
    from acceptance.system import System


def prove_engine(stage: Stage, system: System, *, timeout: float) -> int:
    """Close one probe by a policy, and return how often it was tried until it was closed.

    `timeout` is in seconds. Raises `Unverifiable` if the policy changes nothing in that time, or
    the probe was not reached before there was one.
    """
    target = Target("tcp", stage.probes[WALLED].address, PLAIN[0].port, greeting("wall"))
    source = stage.probes[ELSEWHERE].name
    tries = 0

    def knock() -> str:
        nonlocal tries
        tries += 1
        return stage.fleet.send({source: [target]}, DENIAL_SECONDS / 2)[source][0]

    if (said := knock()) != REACHED:
        message = f"Two new pods do not reach each other though nothing forbids it: {said}."
        raise Unverifiable(message)
    stage.close_by_policy(WALLED)
    try:
        eventually(
            knock, lambda said: said != REACHED, timeout=timeout, what="a policy closes a pod"
        )
    except DeadlineExceeded as error:
        message = (
            f"Network policies are accepted but not enforced here ({system.driver}, "
            f"{system.version}): a pod that a policy closes was reached {tries} times in "
            f"{timeout:g} s. Try: a cluster whose network enforces them."
        )
        raise Unverifiable(message) from error
    return tries
