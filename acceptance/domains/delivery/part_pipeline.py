"""Pushes commits to a copy of the repository, and runs the workflows that GitHub would run."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

from acceptance.domains.delivery.drivers.act import act_program, run_workflow
from acceptance.domains.delivery.drivers.proposals import Proposal
from acceptance.domains.delivery.drivers.workflows import read_workflow
from acceptance.domains.delivery.part_commits import (
    BROKEN_COMMITS,
    PARTS,
    new_picture,
    planted,
    release,
)
from acceptance.domains.delivery.team_repository import MAIN, PushedCommit, TeamRepository
from acceptance.drivers.git import Repository
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, listed, require
from acceptance.process import tail

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.domains.delivery.drivers.act import WorkflowRun
    from acceptance.domains.delivery.drivers.image_registry import ImageRegistry
    from acceptance.domains.delivery.part_commits import PartCommit

_REGISTRY = "IMAGE_REGISTRY"
"""The variable of the repository's settings that says where images are pushed to."""
_SHOWN_LINES = 6


class PartPipelineTester(TeamRepository):
    """Is a developer who pushes commits, with a registry of container images that starts empty."""

    def push_release(self, part: str) -> PushedCommit:
        """Push a sound commit to a part, and run the workflows of all parts."""
        return self._push(release(part), PARTS)

    def push_planted(self, part: str) -> PushedCommit:
        """Push a sound commit whose image has packages that no other has."""
        return self._push(planted(part), (part,))

    def push_picture(self) -> PushedCommit:
        """Push a commit that changes nothing but a picture of the page."""
        commit = new_picture()
        return self._push(commit, (commit.part,))

    def push_again(self, pushed: PushedCommit) -> PushedCommit:
        """Run the workflow of a part once more on the commit that was pushed."""
        return self._run(pushed.made, (pushed.part,), "")

    def push_broken(self, name: str) -> PushedCommit:
        """Push a broken commit, and run the workflow of the part that it changes."""
        commit = BROKEN_COMMITS[name]
        return self._push(commit, (commit.part,))

    def assert_built(self, pushed: PushedCommit, part: str) -> None:
        """The workflow of the part passed, and pushed one image, which its commit names."""
        require(pushed.part == part, f"Nothing was pushed to the {part}.")
        run = pushed.run_of(part)
        require(
            run.passed,
            f"The workflow of the {pushed.part} fails for a sound commit: "
            f"{tail(run.output, _SHOWN_LINES)}",
        )
        wanted = [each for each in pushed.images if pushed.commit in each.tags]
        require(
            len(wanted) == 1 and wanted[0].name.endswith(pushed.part),
            f"Of commit {pushed.commit[:12]} of the {pushed.part} the registry has "
            f"{listed([each.name for each in wanted]) or 'no image'}; all it has: "
            f"{listed([f'{e.name}:{t}' for e in pushed.images for t in e.tags]) or 'nothing'}.",
        )
        told = {value for name, value in run.outputs if name == "digest"}
        require(
            told == {wanted[0].digest},
            f"The workflow gives the digest {listed(sorted(told)) or 'of nothing'} to whoever "
            f"deploys, and has pushed {wanted[0].digest}.",
        )

    def assert_others_untouched(self, pushed: PushedCommit) -> None:
        """The workflows of the other parts passed, without building or pushing anything."""
        for part, run in pushed.runs:
            if part == pushed.part:
                continue
            require(
                run.passed,
                f"The workflow of the {part} fails for a commit to the {pushed.part}: "
                f"{tail(run.output, _SHOWN_LINES)}",
            )
            images = [each.name for each in pushed.images if each.name.endswith(part)]
            require(
                not images and len(run.jobs) == 1,
                f"A commit to the {pushed.part} starts {len(run.jobs)} jobs of the {part}, "
                f"which pushed {listed(images) or 'nothing'}; one job decides that there is "
                "nothing to do.",
            )

    def assert_nothing_built_anew(self, first: PushedCommit, again: PushedCommit) -> None:
        """The second run passed with what the first has built: the same image, from the cache."""
        run = again.run_of(again.part)
        require(run.passed, f"The second run fails: {tail(run.output, _SHOWN_LINES)}")
        require(
            any(f"{again.part}: cached" in line for line in run.output.splitlines()),
            f"The second run builds the image of the {again.part} anew: "
            f"{tail(run.output, _SHOWN_LINES)}",
        )
        require(
            first.images == again.images,
            f"After the second run the registry has {listed([str(e) for e in again.images])}, "
            f"and had {listed([str(e) for e in first.images])}.",
        )

    def assert_stopped(self, pushed: PushedCommit) -> None:
        """The workflow failed, said what is wrong, and pushed nothing."""
        run = pushed.run_of(pushed.part)
        require(
            not run.passed and run.jobs,
            f"The workflow of the {pushed.part} passes: {tail(run.output, _SHOWN_LINES)}",
        )
        require(
            re.search(pushed.made.named, run.output) is not None,
            f"The workflow of the {pushed.part} fails and does not say {pushed.made.named!r}, "
            f"but: {tail(run.output, _SHOWN_LINES)}",
        )
        names = [each.name for each in pushed.images]
        require(not names, f"The workflow fails and has pushed {listed(names)}.")

    def _push(self, commit: PartCommit, parts: tuple[str, ...]) -> PushedCommit:
        copy = self._repository()
        before = Repository(copy, timeout=self._timeouts.command).head()
        self._commit(commit, copy)
        return self._run(commit, parts, before)

    def _commit(self, commit: PartCommit, copy: Path) -> None:
        """Commit the change to the copy of the repository."""
        commit.make(copy)
        proposal = Proposal("push", f"refs/heads/{MAIN}", f"Change the {commit.part}", path="")
        proposal.commit(copy, timeout=self._timeouts.command)

    def _run(self, commit: PartCommit, parts: tuple[str, ...], before: str) -> PushedCommit:
        copy, registry = self._repository(), self._images()
        head = Repository(copy, timeout=self._timeouts.command).head()
        subject = f"Change the {commit.part}"
        proposal = Proposal("push", f"refs/heads/{MAIN}", subject, path="", before=before)
        runs = tuple((each, self._run_workflow(copy, each, proposal, registry)) for each in parts)
        pushed = PushedCommit(commit, head, runs, registry.images(), registry, copy, self._key)
        for each, run in runs:
            facts = {**asdict(run), "output": tail(run.output, _SHOWN_LINES)}
            self._keep(
                f"The workflow of the {each} on a commit to the {commit.part}", pretty(facts)
            )
            self._keep(f"Output of the workflow of the {each}", run.output, "text")
        self._keep("Images in the registry", pretty([asdict(each) for each in pushed.images]))
        return pushed

    def _variables(self, registry: ImageRegistry) -> dict[str, str]:
        """Return the variables of the repository's settings."""
        return {_REGISTRY: f"{registry.address}/checkout"}

    def _settings(self) -> dict[str, str]:
        """Return the secrets of the repository's settings."""
        return self._secrets

    def _run_workflow(
        self, copy: Path, part: str, proposal: Proposal, registry: ImageRegistry
    ) -> WorkflowRun:
        path = f".github/workflows/{part}.yml"
        facts = read_workflow(copy, path)
        if facts is None:
            raise AssertionError(f"The {part} has no workflow: there is no {path}.")
        try:
            act_program()
            return run_workflow(
                copy,
                facts,
                proposal,
                timeout=self._timeouts.workflow,
                variables=self._variables(registry),
                secrets=self._settings(),
                network=True,
            )
        except EnvironmentFailure as error:
            raise Unverifiable(f"No workflow can run here. {error.message}") from error
