"""Responds to an incident by its runbook, and checks what the runbook promises."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.incident.drivers.evidence_folder import read_evidence
from acceptance.domains.incident.isolation import (
    POLICY,
    IsolationFacts,
    SuspectObserver,
    judge_isolation,
)
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import require, require_each
from acceptance.runbooks.checks import (
    assert_complete,
    assert_exercised_recently,
    assert_roles_assigned,
    read_exercise,
)
from acceptance.runbooks.reader import duration_in, load_runbook
from acceptance.runbooks.runner import open_shell
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from acceptance.domains.incident.drivers.evidence_folder import EvidenceFile
    from acceptance.drivers.kubernetes.facts import PodFacts
    from acceptance.runbooks.reader import Runbook
    from acceptance.runbooks.runner import RunbookShell

PAGE = "docs/operations/incident-response.md"
"""The runbook, in the sources that the system was deployed from."""

_SECTIONS = (
    *("Purpose", "Roles", "Severity", "Contact", "Contain", "Preserve evidence", "Remove"),
    *("Recover", "Afterwards", "Drill record"),
)
_QUARANTINE, _REVOKE = "quarantine", "revoke"
_PRESERVE = ("preserve", "check")
_REMOVE = ("remove", "recover")
_MARKS = (_QUARANTINE, _REVOKE, *_PRESERVE, *_REMOVE)
"""The marks of the runbook's commands, in the order in which they are run."""
_ROLES = ("incident lead", "responder", "scribe", "communications lead")
_SEVERITIES = ("SEV1", "SEV2", "SEV3")
_FILES = (
    *("pod.yaml", "objects.yaml", "events.yaml", "log.txt", "log-of-all.txt"),
    *("processes.txt", "connections.txt", "tmp.tar"),
)
"""The files of evidence that have to be preserved; there may be more."""
_ROTATION = "secret-rotation.md"
"""The runbook that revokes what the pod knew; the page has to lead to it."""


@dataclass(frozen=True)
class QuarantineState:
    """The state of the system right after a pod was quarantined."""

    suspect: PodFacts
    serving: tuple[str, ...]
    """The ready pods of the workload."""
    alive: bool
    """Whether the suspicious pod is still running, so that it can be examined."""
    isolation: IsolationFacts


class IncidentResponder(SuspectObserver):
    """Responds to an incident, with the commands of the runbook and no others."""

    _shell: RunbookShell | None = None

    def read_runbook(self) -> Runbook:
        """Read the runbook. Raises `AssertionError` if there is none."""
        runbook = self._runbook()
        self._keep("Incident response runbook", runbook.text, "text")
        return runbook

    def assert_complete(self, runbook: Runbook) -> None:
        """Every section that a responder needs says something, and every command is there.

        What a pod knew is revoked by another runbook, to which this one has to lead.
        """
        assert_complete(runbook, _SECTIONS, _MARKS)
        require(
            _ROTATION in runbook.section("Contain"),
            f"The section Contain of {PAGE} does not lead to {_ROTATION}, so that what the pod "
            "knew stays valid.",
        )

    def assert_roles_and_response_times(self, runbook: Runbook) -> None:
        """Every role is assigned, and every severity has a response time."""
        severities = runbook.section("Severity")
        assert_roles_assigned(runbook, "Roles", _ROLES)

        def fault(severity: str) -> str | None:
            after = severities.partition(severity)[2]
            own = min((after.partition(other)[0] for other in _SEVERITIES), key=len)
            return None if duration_in(own) else f"{PAGE} has no response time for {severity}"

        require_each(_SEVERITIES, fault, nothing="No severity is asked for.")

    def assert_drilled_recently(self, runbook: Runbook) -> None:
        """The last drill is no older than the runbook itself allows."""
        record = "Drill record"
        exercise = read_exercise(runbook, "Drill", interval_in=record, record_in=record)
        assert_exercised_recently(runbook, "Drill", exercise)

    def choose_suspect(self) -> PodFacts:
        """Return a ready backend pod, to be treated as suspicious."""
        pods = [pod for pod in self._pods(self.system.workloads.backend) if pod.serving]
        require(len(pods) > 1, "There are not two ready backend pods, so none can be spared.")
        return pods[0]

    def contain(self, suspect: PodFacts) -> QuarantineState:
        """Run the commands that contain a pod: no traffic, no connections, no sessions.

        Before and after them, connect to the pod and from it.
        """
        self._open_shell(suspect)
        before, sessions = self._connections_before(suspect)
        self._follow((_QUARANTINE,))
        require(
            self._is_running(suspect),
            f"{suspect.name} is not running any more, so it cannot be examined.",
        )
        ways, fault = self._policy_facts(suspect)
        # A network plugin takes its time until a pod with other labels is another one to it. By the
        # text of policies that isolate nobody, there is nothing to wait for.
        planned = not ways and fault is None
        patience = self._timeouts.recovery if planned else self._timeouts.policy
        after = self._connections_after(suspect, before, patience)
        silent = self._statements_stop(suspect)
        self._follow((_REVOKE,))
        isolation = IsolationFacts(
            before,
            after,
            ways,
            fault,
            statements_after=not silent,
            sessions_before=sessions,
            sessions_after=self._sessions_after(suspect),
        )
        state = QuarantineState(
            suspect,
            self.serving(self.system.workloads.backend),
            self._is_running(suspect),
            isolation,
        )
        self._keep("State after the quarantine", pretty(asdict(state)))
        return state

    def assert_contained(self, state: QuarantineState) -> None:
        """The suspicious pod is running, and the backend is at full strength without it."""
        name = state.suspect.name
        require(state.alive, f"{name} is not running any more, so it cannot be examined.")
        require(name not in state.serving, f"{name} still counts as a pod of the backend.")
        require(len(state.serving) > 1, f"Only {state.serving} serve in its place.")

    def assert_isolated(self, state: QuarantineState) -> None:
        """No packet reaches the pod or leaves it, and its sessions in the database are ended.

        Raises `Unverifiable` if the cluster does not do what its policies say.
        """
        judge_isolation(state.suspect.name, state.isolation)

    def preserve_evidence(self, suspect: PodFacts) -> tuple[EvidenceFile, ...]:
        """Run the commands that preserve the evidence, and return what they preserved."""
        shell = self._follow(_PRESERVE)
        files = read_evidence(shell.folder / f"incident-{suspect.name}")
        kept = [{"name": each.name, "size": each.size, "sealed": each.sealed} for each in files]
        self._keep("Preserved evidence", pretty(kept))
        return files

    def assert_evidence_complete(self, files: tuple[EvidenceFile, ...]) -> None:
        """Every file of evidence is there and sealed."""
        by_name = {each.name: each for each in files}

        def fault(name: str) -> str | None:
            if name not in by_name or not by_name[name].size:
                return f"the evidence has no {name}, or nothing in it"
            return None if by_name[name].sealed else f"the hash of {name} is wrong or missing"

        require_each(sorted({*_FILES, *by_name}), fault, nothing="No evidence is asked for.")

    def remove_suspect(self, suspect: PodFacts) -> None:
        """Run the commands that remove the pod and recover; the pod has to be gone then."""
        self._follow(_REMOVE)
        left = [pod.name for pod in self._all_pods() if pod.uid == suspect.uid]
        require(not left, f"{suspect.name} is still there after its removal.")

    def _runbook(self) -> Runbook:
        return load_runbook(self.system.sources, PAGE)

    def _follow(self, marks: tuple[str, ...]) -> RunbookShell:
        """Run commands of the runbook, and return the shell that ran them."""
        assert self._shell is not None, "no pod is suspected yet"
        for mark in marks:
            self._shell.follow(self._runbook(), mark, self._keep)
        return self._shell

    def _open_shell(self, suspect: PodFacts) -> None:
        """Open the responder's shell; the suspicious pod is gone when the scenario ends."""
        scratch = self._undo.enter_context(tempfile.TemporaryDirectory(prefix="incident-"))
        self._undo.callback(self._end_incident, suspect)
        folder = Path(scratch) / "evidence"
        folder.mkdir()
        self._shell = open_shell(
            Path(self.system.kubeconfig),
            self.system.context,
            Path(scratch),
            folder,
            {"NAMESPACE": self.system.namespace, "POD": suspect.name},
            timeout=self._timeouts.procedure,
            kubectl_timeout=self._timeouts.command,
        )

    def _end_incident(self, suspect: PodFacts) -> None:
        """Delete the suspicious pod and its policy, and wait for the system's full strength."""
        namespace = self.system.namespace
        self._cluster.delete(api_path("networkpolicies", namespace, POLICY))
        if any(pod.uid == suspect.uid for pod in self._all_pods()):
            self._cluster.delete(api_path("pods", namespace, suspect.name))
        with self._waking() as wake:
            eventually(
                lambda: (self._workloads(), self._all_pods()),
                lambda seen: (
                    self._at_full_strength(seen[0])
                    and not any(pod.uid == suspect.uid for pod in seen[1])
                ),
                timeout=self._timeouts.recovery,
                wake=wake,
                what="the system at full strength after the incident",
                describe=lambda seen: "; ".join(str(each) for group in seen for each in group),
            )

    def _is_running(self, pod: PodFacts) -> bool:
        return any(each.uid == pod.uid and each.phase == "Running" for each in self._all_pods())

    def _all_pods(self) -> tuple[PodFacts, ...]:
        return self._cluster.pods(self.system.namespace)
