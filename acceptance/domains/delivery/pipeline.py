"""Runs the security workflow on malicious changes, and checks that it blocks them."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.domains.delivery.drivers.act import act_program, run_workflow
from acceptance.domains.delivery.drivers.proposals import Proposal
from acceptance.domains.delivery.drivers.sarif import read_sarif
from acceptance.domains.delivery.drivers.workflows import read_workflow
from acceptance.domains.delivery.malicious_changes import MALICIOUS_CHANGES
from acceptance.domains.delivery.triggers import changes_left_out
from acceptance.drivers.git import Repository
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.repository_copies import copy_repository
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, listed, require
from acceptance.process import tail

if TYPE_CHECKING:
    from acceptance.domains.delivery.drivers.act import WorkflowRun
    from acceptance.domains.delivery.drivers.sarif import SarifRun
    from acceptance.domains.delivery.drivers.workflows import WorkflowFacts
    from acceptance.domains.delivery.malicious_changes import MaliciousChange

WORKFLOW = ".github/workflows/security.yml"
PARTS = frozenset({"code", "deployment", "secrets"})
"""What a scan of the sources must cover; the images are not among the sources."""

_SHOWN_LINES = 6


_PASSED: dict[tuple[str, str, str], WorkflowRun] = {}
"""Runs on unchanged sources by folder, commit and event, because several scenarios need them."""


@dataclass(frozen=True)
class ProposedChange:
    """A malicious change that was committed, and how the workflow ran on it."""

    change: MaliciousChange
    commit: str
    run: WorkflowRun


class PipelineEngineer(Actor):
    """Tests the security workflow, by running it and by reading its file."""

    def __init__(self, context: ActorContext) -> None:
        """Test the workflow of the system's sources."""
        super().__init__(context)
        self._root = self.system.sources

    def run_unchanged(self, name: str) -> WorkflowRun:
        """Run the workflow on the unchanged sources, on the event of the malicious change `name`.

        A run on the same commit is reused.
        """
        event = MALICIOUS_CHANGES[name].proposal.event
        commit = self._head(self._root)
        key = (str(self._root), commit, event)
        if key not in _PASSED:
            _PASSED[key] = self._run(self._copy(), Proposal(event))
        found = _PASSED[key]
        self._keep(f"The workflow on {event} of {commit[:12]}", _summary(commit, found))
        return found

    def assert_passes_unchanged(self, found: WorkflowRun) -> None:
        """The workflow passes and has scanned every part; otherwise a failure proves nothing.

        Raises `Unverifiable` if it fails without a critical finding: then it cannot run here.
        """
        critical = [line for line in found.output.splitlines() if line.startswith("CRITICAL")]
        notes = [line for line in found.output.splitlines() if line.startswith("note: ")]
        require(found.jobs, f"No job of {WORKFLOW} runs on {found.event}.")
        require(
            found.passed or not critical,
            f"The security workflow blocks the unchanged sources: {listed(critical)}. "
            f"{listed(notes)}",
        )
        if not found.passed:
            last = tail(found.output, _SHOWN_LINES)
            raise Unverifiable(f"The security workflow cannot run to its end here: {last}")
        unscanned = PARTS - _scanned_parts(found)
        require(
            not unscanned,
            f"The security workflow passes without scanning {listed(sorted(unscanned))}. "
            "Try: make scan in it, without --part",
        )

    def propose(self, name: str) -> ProposedChange:
        """Commit the change in a copy of the repository, and run the workflow on it."""
        change = MALICIOUS_CHANGES[name]
        copy = self._copy()
        change.make(copy)
        change.proposal.commit(copy, timeout=self._timeouts.command)
        proposed = ProposedChange(change, self._head(copy), self._run(copy, change.proposal))
        self._keep(f"The workflow on {name}", _summary(proposed.commit, proposed.run))
        self._keep(f"Output of the workflow on {name}", proposed.run.output, "text")
        return proposed

    def assert_blocked(self, proposed: ProposedChange) -> None:
        """The workflow fails."""
        require(
            not proposed.run.passed,
            f"The security workflow let {proposed.change.finding} pass: {WORKFLOW} succeeded for "
            f"{proposed.change.proposal}. "
            "Try: make its scan step fail the job, without || true or continue-on-error",
        )

    def assert_finding_reported(self, proposed: ProposedChange) -> None:
        """The output has the finding and its place, as critical."""
        finding, output = proposed.change.finding, proposed.run.output
        require(
            any(line.startswith("CRITICAL") and finding in line for line in output.splitlines()),
            f"The security workflow failed and did not report {finding}; "
            f"its last lines: {tail(output, _SHOWN_LINES)}",
        )

    def assert_finding_uploaded(self, proposed: ProposedChange) -> None:
        """The SARIF file that the workflow uploads has the finding, and does not suppress it."""
        found = [each for run in _sarif_runs(proposed.run) for each in run.findings]
        require(
            any(proposed.change.finding in each for each in found),
            f"The uploaded SARIF file does not have {proposed.change.finding}, "
            f"but {listed(found) or 'nothing'}.",
        )

    def read_workflow(self) -> WorkflowFacts:
        """Read when the workflow runs, and which of its failures count."""
        found = self._workflow(self._root)
        self._keep("Triggers and conditions of the security workflow", pretty(asdict(found)))
        return found

    def assert_runs_on_every_change(self, facts: WorkflowFacts) -> None:
        """It runs on every push and every pull request, without a filter."""
        faults = changes_left_out(facts)
        require(not faults, f"A change can bypass {facts.path}: {listed(faults)}.")

    def assert_no_step_optional(self, facts: WorkflowFacts) -> None:
        """No failure of a job or step is ignored, and no command has a condition."""
        faults = [f"{each} may fail (continue-on-error)" for each in facts.may_fail]
        faults += [f"{each} has a condition (if)" for each in facts.conditional]
        require(not faults, f"{facts.path} ignores failures: {listed(faults)}.")

    def _run(self, copy: Path, proposal: Proposal) -> WorkflowRun:
        try:
            act_program()
            limit = self._timeouts.workflow
            return run_workflow(copy, self._workflow(copy), proposal, timeout=limit)
        except EnvironmentFailure as error:
            raise Unverifiable(f"No workflow can run here. {error.message}") from error

    def _workflow(self, root: Path) -> WorkflowFacts:
        found = read_workflow(root, WORKFLOW)
        if found is None:
            raise AssertionError(f"CI does not scan for security: there is no {WORKFLOW}.")
        return found

    def _copy(self, *, newest_only: bool = False) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="acceptance-change-"))
        self._undo.callback(shutil.rmtree, folder, ignore_errors=True)
        limit = self._timeouts.command
        return copy_repository(self._root, folder, newest_only=newest_only, timeout=limit)

    def _head(self, root: Path) -> str:
        return Repository(root, timeout=self._timeouts.command).head()


def _summary(commit: str, found: WorkflowRun) -> str:
    shown = asdict(found)
    del shown["output"], shown["sarif"]
    return pretty(
        {
            **shown,
            "commit": commit,
            "passed": found.passed,
            "scanned": sorted(_scanned_parts(found)),
            "last lines": tail(found.output, _SHOWN_LINES),
            "run by": "act, on this machine without a network; "
            "the actions in not_run were replaced by one that does nothing",
        }
    )


def _sarif_runs(found: WorkflowRun) -> list[SarifRun]:
    return [run for text in found.sarif for run in read_sarif(text)]


def _scanned_parts(found: WorkflowRun) -> frozenset[str]:
    """Return the parts that every scanner scanned to its end, by the SARIF files."""
    runs = _sarif_runs(found)
    return frozenset(run.part for run in runs) - {run.part for run in runs if not run.successful}
