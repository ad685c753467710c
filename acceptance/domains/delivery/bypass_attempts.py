"""Offers changes of many looks to the security workflow, and checks that it scans each of them."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.delivery.drivers.act import run_workflow
from acceptance.domains.delivery.drivers.scan_recorder import ScanRecorder
from acceptance.domains.delivery.offered_changes import (
    PLAIN,
    Attempt,
    gap,
    offered_changes,
    single_looks,
)
from acceptance.domains.delivery.pipeline import WORKFLOW, PipelineEngineer
from acceptance.drivers import files
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, listed, require
from acceptance.process import workers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.domains.delivery.drivers.proposals import Proposal

_PARALLEL = 2
_NARROWED = 6
"""How many gaps are narrowed down to the look that opens them."""
_UNVERIFIED = (
    "GitHub itself starts no workflow for a commit with [skip ci] in its message. That is harmless "
    "if the check is required before a merge, a setting of the repository on GitHub, because then "
    "it stays pending. act starts the workflow all the same, so only its own conditions were tried."
)


class BypassTester(PipelineEngineer):
    """Tries to get past the scan by what a change looks like; the scan itself only pretends."""

    def offer_plain_change(self) -> Attempt:
        """Offer a change that nothing distinguishes."""
        return self._offer([PLAIN])[0]

    def assert_plain_change_blocked(self, plain: Attempt) -> None:
        """The workflow starts a scan for it and fails; otherwise the other changes prove nothing.

        Raises `Unverifiable` if it starts the scan in a way that cannot be recorded.
        """
        if plain.run.jobs and not plain.scans:
            raise Unverifiable(
                f"{WORKFLOW} starts its scan by another program than "
                f"{' or '.join(ScanRecorder.PROGRAMS)}, so it is unknown which changes it scans."
            )
        wrong = gap(plain, plain)
        require(not wrong, f"For a plain change {WORKFLOW} {wrong}.")

    def offer_changes(self) -> tuple[Attempt, ...]:
        """Offer changes of every look."""
        tracked = files.tracked(self._root, timeout=self._timeouts.command)
        folders = sorted({name.split("/")[0] for name in tracked if "/" in name})
        triggers = [name for name, _ in self._workflow(self._root).triggers]
        found = self._offer(offered_changes(folders, triggers))
        outcomes = Counter("failed" if not each.run.passed else "passed" for each in found)
        shown = [{**asdict(each.proposal), "scans": each.scans} for each in found]
        self._keep(
            "Offered changes, and the scans that the security workflow started",
            pretty({"workflows that": outcomes, "not verified": _UNVERIFIED, "changes": shown}),
        )
        return tuple(found)

    def assert_same_scan(self, attempts: tuple[Attempt, ...], plain: Attempt) -> None:
        """The workflow treats each change as it treats the plain one.

        A gap is narrowed down: each look of the change is offered alone.
        """
        require(attempts, "No change was offered.")
        gaps = [each for each in attempts if gap(each, plain)]
        known: dict[str, str] = {}
        for attempt in gaps:
            looks = single_looks(attempt.proposal)
            if known.keys() & looks.keys() or len(known) >= _NARROWED:
                continue
            alone = zip(looks, self._offer(list(looks.values())), strict=True)
            found = {look: wrong for look, each in alone if (wrong := gap(each, plain))}
            known |= found or {", ".join(looks): str(gap(attempt, plain))}
        sentences = [f"for a change {look} it {wrong}" for look, wrong in known.items()]
        require(
            not gaps,
            f"{len(gaps)} of {len(attempts)} offered changes get around {WORKFLOW}: "
            f"{listed(sentences)}.",
        )

    def _offer(self, proposals: Sequence[Proposal]) -> list[Attempt]:
        """Offer each in one of a few copies; every one of them is based on the newest commit."""
        lanes = min(_PARALLEL, len(proposals))
        copies = [self._copy(newest_only=True) for _ in range(lanes)]
        shares = [proposals[number::lanes] for number in range(lanes)]
        with workers(lanes) as pool:
            found = list(pool.map(self._offer_in, copies, shares))
        mixed = itertools.chain.from_iterable(itertools.zip_longest(*found))
        return [each for each in mixed if each is not None]

    def _offer_in(self, copy: Path, proposals: Sequence[Proposal]) -> list[Attempt]:
        head = self._head(copy)
        return [self._attempt(copy, head, each) for each in proposals]

    def _attempt(self, copy: Path, base: str, proposal: Proposal) -> Attempt:
        limits = self._timeouts
        proposal.commit(copy, base=base, timeout=limits.command)
        folder = Path(tempfile.mkdtemp(prefix="acceptance-scan-"))
        try:
            recorder = ScanRecorder(folder)
            run = run_workflow(
                copy, self._workflow(copy), proposal, timeout=limits.workflow, programs=folder
            )
            return Attempt(proposal, recorder.scans(), run)
        except EnvironmentFailure as error:
            raise Unverifiable(f"No workflow can run here. {error.message}") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
