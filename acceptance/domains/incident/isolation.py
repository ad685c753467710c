"""Finds out by packets whether a suspicious pod is isolated, before and after it is contained."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.incident.drivers.connections import (
    Round,
    Sender,
    Target,
    connect_from,
    create_sender,
    delete_sender,
    known_targets,
    rounds_of,
)
from acceptance.domains.incident.drivers.database_sessions import count_sessions, last_activity
from acceptance.domains.incident.quarantine import known_senders, quarantine_fault, ways_left
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.network_policies.policy import parse_policies
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, listed, require
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.facts import PodFacts
    from acceptance.drivers.kubernetes.network_policies.policy import Policy

POLICY = "quarantine"
_ROUNDS = 2
"""So many attempts in a row have to have the same result."""
_SILENT_SECONDS = 6.0
"""A pod that is not ready is probed meanwhile, and asks the database each time."""


@dataclass(frozen=True)
class Connections:
    """What a suspicious pod reaches, and what reaches it."""

    targets: tuple[str, ...]
    """What the pod reaches on a new connection, by name."""
    new: bool = False
    """Whether another pod reaches it on a new connection."""
    kept: bool = False
    """Whether another pod reaches it on a connection that was open before."""

    @property
    def any(self) -> bool:
        """Whether any packet passes."""
        return bool(self.targets) or self.new or self.kept


@dataclass(frozen=True)
class IsolationFacts:
    """What was reached before a pod was contained, and afterwards."""

    before: Connections
    after: Connections
    ways: tuple[str, ...]
    """What the policies still allow it, by their text."""
    quarantine: str | None
    """What is wrong with the policy of the quarantine; None if nothing is."""
    statements_after: bool
    """Whether it used the database on a session from before, after the quarantine."""
    sessions_before: int
    sessions_after: int
    """Its sessions in the database, after they were to be ended."""


class SuspectObserver(ClusterActor):
    """Connects from a suspicious pod and to it, as long as the scenario lasts."""

    _sender: Sender | None = None
    _targets: Mapping[str, Target]

    def _connections_before(self, suspect: PodFacts) -> tuple[Connections, int]:
        """Return what passes before anything is contained, and how many sessions there are.

        Raises `Unverifiable` if nothing passes: then nothing could be found out.
        """
        namespace, backend = self.system.namespace, self.system.workloads.backend
        port = self._cluster.container_port(namespace, backend)
        self._sender = self._create_sender(suspect, Target("tcp", suspect.address, port))
        every = known_targets(self._cluster, self.system)
        reached = self._connect_from(suspect, every)
        # What it never reached says nothing later, and only costs time.
        self._targets = {name: every[name] for name in reached}
        rounds = last_seen(
            self._last_rounds,
            lambda found: len(found) == _ROUNDS and all(e.new and e.kept for e in found),
            timeout=self._timeouts.observation,
        )
        before = Connections(reached, _all_new(rounds), _all_kept(rounds))
        if not before.any:
            message = f"No packet reaches {suspect.name} or leaves it before it is contained."
            raise Unverifiable(f"{message} So it is not known whether it would be isolated.")
        return before, count_sessions(self._sql, suspect.address)

    def _statements_stop(self, suspect: PodFacts) -> bool:
        """Return whether the pod's sessions in the database have fallen silent."""
        if not count_sessions(self._sql, suspect.address):
            return True
        last = last_activity(self._sql, suspect.address)

        def later() -> bool:
            return last_activity(self._sql, suspect.address) > last

        # The first look may see a statement from just before the policy took effect.
        if not last_seen(later, bool, timeout=_SILENT_SECONDS):
            return True
        last = last_activity(self._sql, suspect.address)
        return not last_seen(later, bool, timeout=_SILENT_SECONDS)

    def _connections_after(
        self, suspect: PodFacts, before: Connections, patience: float
    ) -> Connections:
        """Return what passes as soon as that is nothing, or what still does after `patience`."""
        done = len(rounds_of(self._cluster, self._sender)) if self._sender else 0

        def look() -> tuple[Connections, bool]:
            reached = self._connect_from(suspect, self._targets)
            rounds = self._last_rounds(since=done)
            new = before.new and any(each.new for each in rounds)
            kept = before.kept and any(each.kept for each in rounds)
            return Connections(reached, new, kept), not before.new or len(rounds) == _ROUNDS

        found, known = last_seen(look, lambda seen: seen[1] and not seen[0].any, timeout=patience)
        if not known:
            raise Unverifiable(f"It is not known whether another pod still reaches {suspect.name}.")
        return found

    def _sessions_after(self, suspect: PodFacts) -> int:
        return last_seen(
            lambda: count_sessions(self._sql, suspect.address),
            lambda count: not count,
            timeout=self._timeouts.policy,
        )

    def _policies(self) -> tuple[Policy, ...]:
        return parse_policies(
            self._cluster.items(api_path("networkpolicies", self.system.namespace))
        )

    def _policy_facts(self, suspect: PodFacts) -> tuple[tuple[str, ...], str | None]:
        """Return what the policies still allow the pod, and what is wrong with the quarantine."""
        policies = self._policies()
        own = next((each for each in policies if each.name == POLICY), None)
        pod = (self.system.namespace, self._labels(suspect))
        return tuple(ways_left(policies, *pod)), quarantine_fault(own, *pod)

    def _labels(self, pod: PodFacts) -> Mapping[str, str]:
        found = self._cluster.read(api_path("pods", self.system.namespace, pod.name))
        return dict(found["metadata"].get("labels") or {}) if found else {}

    def _create_sender(self, suspect: PodFacts, to: Target) -> Sender | None:
        """Create a pod that the policies let connect to the suspicious one; None if there is none.

        It stands for the ingress: of those that the policies name, the first that can be created.
        """
        image = suspect.main.image
        senders = known_senders(self._policies(), self.system.namespace, self._labels(suspect))
        for each in senders:
            labels = {**dict(each.labels), RUN_LABEL: self.system.run}
            sender = create_sender(self._cluster, each.namespace, labels, image=image, to=to)
            if sender is not None:
                self._undo.callback(self._delete_sender, sender)
                return sender
        return None

    def _delete_sender(self, sender: Sender) -> None:
        with suppress(Refused):
            delete_sender(self._cluster, sender)

    def _connect_from(self, suspect: PodFacts, targets: Mapping[str, Target]) -> tuple[str, ...]:
        if not targets:
            return ()
        try:
            return connect_from(self.system, suspect, targets, self._timeouts)
        except EnvironmentFailure as error:
            said = error.message.strip().splitlines()[-1]
            message = f"It is not known what {suspect.name} reaches: {said}"
            raise Unverifiable(message) from error

    def _last_rounds(self, since: int = 0) -> tuple[Round, ...]:
        if self._sender is None:
            return ()
        return rounds_of(self._cluster, self._sender)[since:][-_ROUNDS:]


def judge_isolation(name: str, facts: IsolationFacts) -> None:
    """No packet passes, and no session is left; raises `Unverifiable` if policies have no effect.

    `name` is the pod's.
    """
    require(
        facts.quarantine is None,
        f"The network policy {POLICY} does not isolate {name}: {facts.quarantine}.",
    )
    require(not facts.ways, f"{name} is not isolated: {listed(facts.ways)}.")
    passing = _passing(name, facts.after)
    if facts.after.targets or facts.after.new:
        # By the text of the policies nothing is allowed: the cluster does not do what they say.
        message = f"Network policies are accepted and not enforced here: {listed(passing)}."
        raise Unverifiable(f"{message} Try: a cluster whose network plugin enforces them.")
    require(not passing, f"{listed(passing)}.")
    require(
        not facts.statements_after,
        f"{name} still used the database after its quarantine, on a session from before.",
    )
    require(
        not facts.sessions_after,
        f"{name} still has {facts.sessions_after} sessions in the database, so its access is not "
        "revoked.",
    )


def _passing(name: str, found: Connections) -> list[str]:
    said = [f"{name} still reaches {target}" for target in found.targets]
    if found.new:
        said.append(f"another pod still connects to {name}")
    if found.kept:
        said.append(f"another pod still reaches {name} on a connection from before its quarantine")
    return said


def _all_new(rounds: tuple[Round, ...]) -> bool:
    return len(rounds) == _ROUNDS and all(each.new for each in rounds)


def _all_kept(rounds: tuple[Round, ...]) -> bool:
    return len(rounds) == _ROUNDS and all(each.kept for each in rounds)
