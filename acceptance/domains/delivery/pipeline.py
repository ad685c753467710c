"""The pipeline engineer: offers changes that nobody wants, to see what the build server does."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.actor import Actor, ActorContext
from acceptance.domains.delivery.drivers.act import act_program, run_workflow
from acceptance.domains.delivery.drivers.workflows import read_workflow
from acceptance.domains.delivery.malicious_changes import CHANGES
from acceptance.drivers.git import Repository
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.repository_copies import commit_all, copy_repository
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, listed, require
from acceptance.process import tail

if TYPE_CHECKING:
    from acceptance.domains.delivery.drivers.act import WorkflowRun
    from acceptance.domains.delivery.drivers.workflows import WorkflowFacts
    from acceptance.domains.delivery.malicious_changes import Change

WORKFLOW = ".github/workflows/security.yml"
EVENTS = ("push", "pull_request")
"""The ways in which a change comes to a repository."""
PARTS = frozenset({"code", "deployment", "secrets"})
"""What a scan of the sources has to look at; images are not among the sources."""

_SHOWN_LINES = 6


_PASSED: dict[tuple[str, str, str], WorkflowRun] = {}
"""Runs on sources without any change, by folder, commit and event: scenarios share them."""


@dataclass(frozen=True)
class Offer:
    """A change that was offered, and what the workflow did with it."""

    change: Change
    commit: str
    run: WorkflowRun


class PipelineEngineer(Actor):
    """Somebody who believes that a gate is shut once they have run against it."""

    def __init__(self, context: ActorContext) -> None:
        """Try the workflow of the system's sources."""
        super().__init__(context)
        self._root = self.system.sources

    def try_without(self, name: str) -> WorkflowRun:
        """Return what the workflow does with the sources as they are, by the event of a change."""
        event = CHANGES[name].event
        commit = self._head(self._root)
        key = (str(self._root), commit, event)
        if key not in _PASSED:
            _PASSED[key] = self._run(self._copy(), event)
        found = _PASSED[key]
        self._keep(f"The workflow on {event} of {commit[:12]}", self._told(commit, found))
        return found

    def judge_passing(self, found: WorkflowRun) -> None:
        """It passes, and has looked at everything; else a later red would prove nothing.

        Raises `Unverifiable` if it fails for another reason than a finding: then nothing was
        scanned here.
        """
        critical = [line for line in found.said.splitlines() if line.startswith("CRITICAL")]
        notes = [line for line in found.said.splitlines() if line.startswith("note: ")]
        require(found.jobs, f"Nothing in {WORKFLOW} runs on {found.event}.")
        require(
            found.passed or not critical,
            f"The security workflow blocks the sources as they are: {listed(critical)}. "
            f"{listed(notes)}",
        )
        if not found.passed:
            last = tail(found.said, _SHOWN_LINES)
            raise Unverifiable(f"The security workflow cannot run to its end here: {last}")
        unseen = PARTS - _looked_at(found)
        require(
            not unseen,
            f"The security workflow passes without having looked at {listed(sorted(unseen))}. "
            "Try: make scan in it, without --part",
        )

    def offer(self, name: str) -> Offer:
        """Commit the change in a copy of the repository, and run the workflow on it."""
        change = CHANGES[name]
        copy = self._copy()
        change.make(copy)
        commit_all(copy, f"Add {name.partition(' with ')[2]}", timeout=self._timeouts.command)
        made = Offer(change, self._head(copy), self._run(copy, change.event))
        self._keep(f"The workflow on {name}", self._told(made.commit, made.run))
        self._keep(f"What the workflow wrote on {name}", made.run.said, "text")
        return made

    def judge_blocked(self, offer: Offer) -> None:
        """The workflow fails."""
        require(
            not offer.run.passed,
            f"The security workflow let {offer.change.finding} pass: {WORKFLOW} succeeded. "
            "Try: let its scan decide, without || true or continue-on-error",
        )

    def judge_named(self, offer: Offer) -> None:
        """What was found is named with its place, as critical."""
        lines = offer.run.said.splitlines()
        require(
            any(line.startswith("CRITICAL") and offer.change.finding in line for line in lines),
            f"The security workflow failed and did not name {offer.change.finding}; "
            f"its last words: {tail(offer.run.said, _SHOWN_LINES)}",
        )

    def judge_shown(self, offer: Offer) -> None:
        """The same finding is in the file that the code scanning page gets, and not excused."""
        found = [
            result["message"]["text"]
            for run in _sarif(offer.run)
            for result in run["results"]
            if not result.get("suppressions")
        ]
        require(
            any(offer.change.finding in each for each in found),
            f"{offer.change.finding} is not among what is handed on to be shown: "
            f"{listed(found) or 'nothing'}.",
        )

    def read(self) -> WorkflowFacts:
        """Return what the workflow says of when it runs and what it forgives."""
        found = self._workflow(self._root)
        self._keep("What the security workflow says", pretty(asdict(found)))
        return found

    def judge_always(self, facts: WorkflowFacts) -> None:
        """It runs on every push and every pull request: no branch, path or type is left out."""
        triggers = dict(facts.triggers)
        faults = [f"it does not run on {each}" for each in EVENTS if each not in triggers]
        faults += [
            f"it runs on {each} with {listed(triggers[each])} only"
            for each in EVENTS
            if triggers.get(each)
        ]
        require(not faults, f"There is a way around {facts.path}: {listed(faults)}.")

    def judge_strict(self, facts: WorkflowFacts) -> None:
        """Nothing that fails is forgiven, and no command waits for a condition."""
        faults = [f"{each} may fail (continue-on-error)" for each in facts.lenient]
        faults += [f"{each} has a condition (if)" for each in facts.conditional]
        require(not faults, f"{facts.path} forgives: {listed(faults)}.")

    def _run(self, copy: Path, event: str) -> WorkflowRun:
        try:
            act_program()
            limit = self._timeouts.workflow
            return run_workflow(copy, self._workflow(copy), event, timeout=limit)
        except EnvironmentFailure as error:
            raise Unverifiable(f"No workflow can run here. {error.message}") from error

    def _workflow(self, root: Path) -> WorkflowFacts:
        found = read_workflow(root, WORKFLOW)
        if found is None:
            raise AssertionError(f"Nothing is scanned on a build server: there is no {WORKFLOW}.")
        return found

    def _copy(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="acceptance-change-"))
        self._undo.callback(shutil.rmtree, folder, ignore_errors=True)
        return copy_repository(self._root, folder, timeout=self._timeouts.command)

    def _head(self, root: Path) -> str:
        return Repository(root, timeout=self._timeouts.command).head()

    def _told(self, commit: str, found: WorkflowRun) -> str:
        shown = asdict(found)
        del shown["said"], shown["shown"]
        return pretty(
            {
                **shown,
                "commit": commit,
                "passed": found.passed,
                "looked at": sorted(_looked_at(found)),
                "last words": tail(found.said, _SHOWN_LINES),
                "run by": "act, on this machine without a network; "
                "actions that are absent were replaced by one that does nothing",
            }
        )


def _sarif(found: WorkflowRun) -> list[dict[str, Any]]:
    return [run for text in found.shown for run in json.loads(text)["runs"]]


def _looked_at(found: WorkflowRun) -> frozenset[str]:
    """Return the parts at which a scanner looked, by what it hands on to be shown."""
    return frozenset(
        run["automationDetails"]["id"].partition("/")[0]
        for run in _sarif(found)
        if all(each["executionSuccessful"] for each in run["invocations"])
    )
