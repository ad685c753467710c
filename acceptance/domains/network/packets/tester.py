"""Tests the network policies: tries every connection, and compares them with the planned ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from acceptance.domains.network.drivers import read_policy_objects
from acceptance.domains.network.packets.attempt_plan import plan_attempts, ports_to_try
from acceptance.domains.network.packets.attempt_runner import observe_results, send_attempts
from acceptance.domains.network.packets.observed_matrix import (
    is_planned,
    markdown_table,
    observed_cells,
)
from acceptance.domains.network.packets.packet_comparison import compare_with_packets
from acceptance.domains.network.packets.policy_enforcement import (
    DENIAL_SECONDS,
    require_policy_enforcement,
    wait_for_policies,
)
from acceptance.domains.network.packets.probe_actor import ProbeActor
from acceptance.domains.network.plan import probe_placement
from acceptance.domains.network.plan.known_places import reasons_not_deployed
from acceptance.domains.network.plan.monitoring_placement import (
    monitoring_places,
    placements_of_monitoring,
)
from acceptance.domains.network.plan.probe_placement import NODE, STAGING
from acceptance.domains.network.plan.staging_overlay import render_staging
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.network_policies.policy import parse_policies
from acceptance.judgement import Unverifiable, listed, require_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.actor import ActorContext
    from acceptance.domains.network.drivers import ProbePlacement
    from acceptance.domains.network.packets.connection_attempts import (
        AttemptResult,
        ConnectionAttempt,
    )
    from acceptance.domains.network.packets.testbed import NetworkTestbed
    from acceptance.domains.network.plan.matrix import ConnectionMatrix

_KINDS = ("Namespace", "NetworkPolicy", "ServiceAccount")
_DOUBLED = tuple(
    f"{prefix}{role}" for prefix in ("", f"{STAGING} ") for role in probe_placement.ROLES[:2]
)
"""The system has several pods of these, so one may try to connect to another."""


@dataclass(frozen=True)
class PlacedProbes:
    """Probes in their places, and all attempts that they are to make."""

    testbed: NetworkTestbed
    matrix: ConnectionMatrix
    attempts: tuple[ConnectionAttempt, ...]
    untested: tuple[str, ...]
    """Why some cells of the table cannot be tested on this cluster."""


@dataclass(frozen=True)
class ConnectionSurvey:
    """The result of every attempt with the system's own policies in force."""

    probes: PlacedProbes
    planned: tuple[AttemptResult, ...]
    unplanned: tuple[AttemptResult, ...]
    packets: dict[str, int]
    """How many packets reached each probe's network while only unplanned attempts were made."""


class NetworkPolicyTester(ProbeActor):
    """Places probes beside all pods, and tries every connection between them."""

    def __init__(self, context: ActorContext) -> None:
        """Test the deployed system, and beside it the policies of the staging overlay."""
        super().__init__(context)
        self._staging = context.path_in_sources(context.settings.staging)
        self._rounds = count(1)

    def place_probes(self, matrix: ConnectionMatrix, *, own_ports: bool = False) -> PlacedProbes:
        """Place a probe beside every pod, and see every connection succeed while all are allowed.

        Every probe tries all ports of all pods at each of them; with `own_ports` each pod's own.

        Raises `Unverifiable` if one fails even then, or if the cluster enforces no policies: a
        refused connection would prove nothing there.
        """
        testbed = self._open_testbed()
        placed, untested = self._placements(testbed, matrix)
        doubled = [name for name in _DOUBLED if matrix.judges(name, name)]
        ports = ports_to_try(matrix, placed, own_only=own_ports)
        every = sorted({port for own in ports.values() for port in own})
        testbed.place_probes(placed, doubled, self._probe_image(), every)
        require_policy_enforcement(testbed, self.system, timeout=self._timeouts.policy)
        exposed = [name for name in matrix.destinations if name in testbed.probes and name != NODE]
        testbed.expose_on_node({name: ports[name] for name in exposed})
        if reason := testbed.listen_outside():
            untested.append(reason)
        attempts = plan_attempts(testbed, self._cluster, matrix, ports)
        probes = PlacedProbes(testbed, matrix, attempts, tuple(untested))
        allowed = self._until_allowed(testbed, attempts)
        self._keep_results("Connections while every one is allowed", probes, allowed)
        _require_all_succeeded(allowed)
        testbed.remove_allow_policies()
        return probes

    def try_every_connection(self, probes: PlacedProbes) -> ConnectionSurvey:
        """Try the unplanned connections alone, so that every packet counts; then the planned."""
        groups: dict[bool, list[ConnectionAttempt]] = {True: [], False: []}
        for attempt in probes.attempts:
            planned = is_planned(probes.matrix, attempt)
            if planned is not None:
                groups[planned].append(attempt)
        unplanned, packets = self._until_denied(probes.testbed, groups[False])
        survey = ConnectionSurvey(
            probes, self._until_succeeded(probes.testbed, groups[True]), unplanned, packets
        )
        results = (*survey.planned, *unplanned)
        self._keep_results("Connections with the policies in force", probes, results)
        self._keep("Packets that arrived while all connections were unplanned", pretty(packets))
        return survey

    def assert_planned_succeed(self, survey: ConnectionSurvey) -> None:
        """Every planned connection succeeded, and was seen at both of its ends."""
        require_each(
            survey.planned,
            lambda each: None if each.succeeded else f"an expected connection failed: {each}",
            nothing="The table plans no connection.",
        )

    def assert_no_others(self, survey: ConnectionSurvey) -> None:
        """No unplanned connection succeeded, and no packet of one arrived.

        Raises `Unverifiable` if some of the table could not be tested.
        """
        require_each(
            survey.unplanned,
            lambda each: f"unplanned connection: {each}" if each.leaked else None,
            nothing="The table forbids no connection.",
        )
        require_each(
            survey.packets.items(),
            lambda each: (
                f"{each[1]} packets of unknown origin reached {each[0]}" if each[1] else None
            ),
            nothing="No probe counted the packets that reached it.",
        )
        if survey.probes.untested:
            message = f"Not all of the table can be tested here: {listed(survey.probes.untested)}."
            raise Unverifiable(message)

    def assert_packets_agree(self, survey: ConnectionSurvey) -> None:
        """What became of every attempt is what the policies mean, computed from their objects."""
        objects = read_policy_objects(self._cluster)
        policies = parse_policies(objects.policies, objects.other_policies)
        results = (*survey.planned, *survey.unplanned)
        compared = compare_with_packets(policies, objects, survey.probes.testbed, results)
        require_each(
            compared,
            lambda each: each.difference,
            nothing="No attempt can be compared with the network policies.",
        )

    def _placements(
        self, testbed: NetworkTestbed, matrix: ConnectionMatrix
    ) -> tuple[dict[str, ProbePlacement], list[str]]:
        """Return the placements that the table names, and why there are none of some.

        The namespaces in which they are exist then.
        """
        found = probe_placement.placements_of_system(self._cluster, self.system)
        untested: list[str] = []
        if self._staging.is_dir():
            staging = render_staging(self._staging, self.system, testbed.unique_namespace)
            testbed.create_namespaces([each for each in staging if each["kind"] in _KINDS])
            found |= probe_placement.placements_of_staging(staging, self.system)
        else:
            untested.append("there is no staging overlay, so no probe stands for a pod of staging")
        others = (*probe_placement.PLATFORM, *monitoring_places())
        absent = [name for name in others if name in matrix.places]
        if self.system.driver == "existing":
            names = ", ".join(absent)
            untested.append(
                f"in the namespaces of a shared cluster are no probes, so none of {names}"
            )
        else:
            found |= probe_placement.placements_of_platform(self._cluster)
            found |= placements_of_monitoring(self._cluster, testbed.namespace)
            untested += reasons_not_deployed(absent, found)
        return {name: each for name, each in found.items() if name in matrix.places}, untested

    def _until_allowed(
        self, testbed: NetworkTestbed, attempts: Sequence[ConnectionAttempt]
    ) -> tuple[AttemptResult, ...]:
        """Repeat what failed until all of it succeeded once, and return the last results.

        A busy machine loses packets, and policies and ports of the node take effect late.
        """
        seconds = self._timeouts.request
        last = {each.attempt: each for each in self._round(testbed, attempts, seconds)}

        def allowed() -> bool:
            failed = [attempt for attempt, found in last.items() if not found.succeeded]
            if failed:
                again = self._round(testbed, failed, seconds)
                last.update({each.attempt: each for each in again})
            return all(each.succeeded for each in last.values())

        wait_for_policies(allowed, self._timeouts.policy)
        return tuple(last.values())

    def _until_denied(
        self, testbed: NetworkTestbed, attempts: Sequence[ConnectionAttempt]
    ) -> tuple[tuple[AttemptResult, ...], dict[str, int]]:
        """Repeat until nothing gets through any more, and return the last round.

        A policy stays in effect for a moment after it was deleted.
        """
        last: tuple[tuple[AttemptResult, ...], dict[str, int]] = (), {}

        def denied() -> bool:
            nonlocal last
            since = testbed.fleet.log_lengths()
            results = self._round(testbed, attempts, DENIAL_SECONDS)
            last = results, testbed.fleet.packets(since)
            return not any(each.leaked for each in results) and not any(last[1].values())

        wait_for_policies(denied, self._timeouts.policy)
        return last

    def _until_succeeded(
        self, testbed: NetworkTestbed, attempts: Sequence[ConnectionAttempt]
    ) -> tuple[AttemptResult, ...]:
        last: tuple[AttemptResult, ...] = ()

        def succeeded() -> bool:
            nonlocal last
            last = self._round(testbed, attempts, DENIAL_SECONDS)
            return all(each.succeeded for each in last)

        wait_for_policies(succeeded, self._timeouts.policy)
        return last

    def _round(
        self, testbed: NetworkTestbed, attempts: Sequence[ConnectionAttempt], timeout: float
    ) -> tuple[AttemptResult, ...]:
        """Make all attempts at once, and return the result of each as seen from both ends."""
        number = next(self._rounds)
        tags = [f"{number}-{index}-" for index in range(len(attempts))]
        since = testbed.fleet.log_lengths()
        answers = send_attempts(testbed, attempts, tags, timeout)
        return observe_results(testbed, attempts, tags, answers, since)

    def _keep_results(
        self, title: str, probes: PlacedProbes, results: Sequence[AttemptResult]
    ) -> None:
        matrix = probes.matrix
        parts = ["Planned:", markdown_table(matrix, matrix.cells)]
        parts += ["", f"{title}:", markdown_table(matrix, observed_cells(matrix, results))]
        parts += ["", "Each attempt:"]
        self._keep(title, "\n".join([*parts, *sorted(map(str, results))]), "text")


def _require_all_succeeded(results: Sequence[AttemptResult]) -> None:
    failed = [each for each in results if not each.succeeded]
    if failed:
        worst = Counter(each.attempt.destination for each in failed).most_common(1)[0][0]
        message = (
            "No policy forbade it, and yet these connections failed, so a refused connection would "
            f"prove nothing here: {listed([str(each) for each in failed])}. Most were to: {worst}."
        )
        raise Unverifiable(message)
