"""Runs connection attempts from the probes of a testbed, and observes both ends of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.network.drivers import connect_all
from acceptance.domains.network.packets.connection_attempts import AttemptResult
from acceptance.domains.network.plan.probe_placement import OUTSIDE
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.domains.network.drivers import Arrival, ConnectionTarget
    from acceptance.domains.network.packets.connection_attempts import ConnectionAttempt
    from acceptance.domains.network.packets.testbed import NetworkTestbed

_LOG_SECONDS = 3.0
"""From a line that a pod writes until the API server has it."""


def send_attempts(
    testbed: NetworkTestbed,
    attempts: Sequence[ConnectionAttempt],
    tags: Sequence[str],
    timeout: float,
) -> dict[ConnectionAttempt, str]:
    """Let every source make its attempts, all at once; return what each source was answered.

    `timeout` is in seconds, for one attempt.
    """
    targets: dict[str, list[ConnectionTarget]] = {}
    grouped: dict[str, list[ConnectionAttempt]] = {}
    for attempt, tag in zip(attempts, tags, strict=True):
        targets.setdefault(attempt.source, []).append(attempt.target(tag))
        grouped.setdefault(attempt.source, []).append(attempt)
    from_outside = targets.pop(OUTSIDE, [])
    from_probes = {testbed.probes[name].name: each for name, each in targets.items()}
    answered = testbed.fleet.send(from_probes, timeout)
    answers = {name: answered[testbed.probes[name].name] for name in targets}
    if from_outside:
        answers[OUTSIDE] = tuple(connect_all(from_outside, timeout))
    return {
        attempt: answer
        for name, group in grouped.items()
        for attempt, answer in zip(group, answers[name], strict=True)
    }


def observe_results(
    testbed: NetworkTestbed,
    attempts: Sequence[ConnectionAttempt],
    tags: Sequence[str],
    answers: Mapping[ConnectionAttempt, str],
    since: Mapping[str, int],
) -> tuple[AttemptResult, ...]:
    """Return the results of attempts, with what their destinations logged after `since`.

    An attempt that was answered must also have arrived, but its line of log may come late.
    """

    def look() -> tuple[AttemptResult, ...]:
        arrivals = testbed.fleet.arrivals(since)
        listeners = (testbed.outside, testbed.public)
        received = [text for each in listeners if each for text in each.received()]
        return tuple(
            AttemptResult(
                attempt, answers[attempt], _arrived(testbed, attempt, tag, arrivals, received)
            )
            for attempt, tag in zip(attempts, tags, strict=True)
        )

    try:
        return eventually(
            look,
            lambda found: all(each.succeeded or not each.reached for each in found),
            timeout=_LOG_SECONDS,
            what="every attempt that was answered is in the logs",
            describe=lambda _: "some are not",
        )
    except DeadlineExceeded:
        return look()


def _arrived(
    testbed: NetworkTestbed,
    attempt: ConnectionAttempt,
    tag: str,
    arrivals: Mapping[str, Sequence[Arrival]],
    received: Sequence[str],
) -> bool | None:
    """Return whether an attempt arrived at its destination; None if nothing observes that."""
    if attempt.destination == OUTSIDE:
        return any(f"/{tag}" in text for text in received)
    if not attempt.watcher:
        return None
    seen = arrivals[testbed.probes[attempt.watcher].name]
    if attempt.socket_port:
        source = testbed.probes[attempt.source].address
        return any(
            each.protocol == "socket" and each.port == attempt.socket_port and each.source == source
            for each in seen
        )
    return any(f"/{tag}" in each.text for each in seen)
