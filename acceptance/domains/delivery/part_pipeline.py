"""Pushes commits to a copy of the repository, and runs the workflows that GitHub would run."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from acceptance.actor import Actor
from acceptance.domains.delivery.drivers.act import act_program, run_workflow
from acceptance.domains.delivery.drivers.image_registry import running_registry
from acceptance.domains.delivery.drivers.proposals import REPOSITORY, Proposal
from acceptance.domains.delivery.drivers.statements import SigningKey, import_key
from acceptance.domains.delivery.drivers.workflows import read_workflow
from acceptance.domains.delivery.part_commits import (
    BROKEN_COMMITS,
    PARTS,
    new_picture,
    planted,
    release,
)
from acceptance.drivers.git import Repository
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.repository_copies import copy_repository
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, listed, require
from acceptance.process import run, tail

if TYPE_CHECKING:
    from acceptance.domains.delivery.drivers.act import WorkflowRun
    from acceptance.domains.delivery.drivers.image_registry import ImageRegistry, PushedImage
    from acceptance.domains.delivery.part_commits import PartCommit

_MAIN = "main"
_REGISTRY = "IMAGE_REGISTRY"
"""The variable of the repository's settings that says where images are pushed to."""
_KEY, _KEY_PASSWORD = "SIGNING_KEY", "SIGNING_PASSWORD"
"""The secrets of the repository's settings that sign images."""
_SIGNING = ("COSIGN_PRIVATE_KEY", "COSIGN_PASSWORD")
"""The variables of the command that signs, in the order of the secrets."""
_SHOWN_LINES = 6


@dataclass(frozen=True)
class PushedCommit:
    """A commit that was pushed, and what became of it."""

    made: PartCommit
    commit: str
    """Its hash."""
    runs: tuple[tuple[str, WorkflowRun], ...]
    """The run of each workflow that was started, by part."""
    images: tuple[PushedImage, ...]
    """What is in the registry after it."""
    registry: ImageRegistry
    folder: Path
    """The repository that has the commit."""
    key: SigningKey
    """The key of the repository's settings, which signs images."""

    @property
    def image(self) -> PushedImage:
        """The image of the commit; `assert_built` has to come first."""
        return next(each for each in self.images if self.commit in each.tags)

    @property
    def part(self) -> str:
        """The part that it changes."""
        return self.made.part

    def run_of(self, part: str) -> WorkflowRun:
        """Return the run of a part's workflow."""
        return dict(self.runs)[part]


class PartPipelineTester(Actor):
    """Is a developer who pushes commits, with a registry of container images that starts empty."""

    _registry: ImageRegistry | None = None
    _copy: Path | None = None

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

    def release_by_hand(self, part: str) -> PushedCommit:
        """Run the steps of the workflow that make and sign an image, without the workflow."""
        commit = release(part)
        copy, registry = self._repository(), self._images()
        commit.make(copy)
        subject = f"Change the {part}"
        proposal = Proposal("push", f"refs/heads/{_MAIN}", subject, path="")
        proposal.commit(copy, timeout=self._timeouts.command)
        folder = copy.parent / "image"
        place = f"--registry={registry.address}/checkout/{part}"
        image = f"--image={folder}"
        github = {"GITHUB_REPOSITORY": REPOSITORY, "GITHUB_REF": proposal.ref}
        signing = dict(zip(_SIGNING, self._secrets.values(), strict=True))
        for verb, *options in (
            ("image", f"--output={folder}"),
            ("contents", image),
            ("scan", image),
            ("push", image, place),
            ("sign", image, place),
        ):
            run(
                [sys.executable, "-m", "operations", "pipeline", verb, part, *options],
                cwd=copy,
                timeout=self._timeouts.workflow,
                env={**github, **signing},
            )
        head = Repository(copy, timeout=self._timeouts.command).head()
        return PushedCommit(commit, head, (), registry.images(), registry, copy, self._key)

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
        require(
            wanted[0].digest in run.output,
            f"The workflow does not say that it pushed {wanted[0].digest}.",
        )

    def assert_others_untouched(self, pushed: PushedCommit) -> None:
        """The workflows of the other parts passed, without building or pushing anything."""
        for part, other in pushed.runs:
            if part == pushed.part:
                continue
            require(
                other.passed,
                f"The workflow of the {part} fails for a commit to the {pushed.part}: "
                f"{tail(other.output, _SHOWN_LINES)}",
            )
            images = [each.name for each in pushed.images if each.name.endswith(part)]
            require(
                not images and len(other.jobs) == 1,
                f"A commit to the {pushed.part} starts {len(other.jobs)} jobs of the {part}, "
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
        commit.make(copy)
        proposal = Proposal("push", f"refs/heads/{_MAIN}", f"Change the {commit.part}", path="")
        proposal.commit(copy, timeout=self._timeouts.command)
        return self._run(commit, parts, before)

    def _run(self, commit: PartCommit, parts: tuple[str, ...], before: str) -> PushedCommit:
        copy, registry = self._repository(), self._images()
        head = Repository(copy, timeout=self._timeouts.command).head()
        subject = f"Change the {commit.part}"
        proposal = Proposal("push", f"refs/heads/{_MAIN}", subject, path="", before=before)
        runs = tuple((each, self._run_workflow(copy, each, proposal, registry)) for each in parts)
        pushed = PushedCommit(commit, head, runs, registry.images(), registry, copy, self._key)
        for each, done in runs:
            facts = {**asdict(done), "output": tail(done.output, _SHOWN_LINES)}
            self._keep(
                f"The workflow of the {each} on a commit to the {commit.part}", pretty(facts)
            )
            self._keep(f"Output of the workflow of the {each}", done.output, "text")
        self._keep("Images in the registry", pretty([asdict(each) for each in pushed.images]))
        return pushed

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
                variables={_REGISTRY: f"{registry.address}/checkout"},
                secrets=self._secrets,
                network=True,
            )
        except EnvironmentFailure as error:
            raise Unverifiable(f"No workflow can run here. {error.message}") from error

    @cached_property
    def _key(self) -> SigningKey:
        key = SigningKey()
        self._context.tell_secrets([key.private])
        return key

    @cached_property
    def _secrets(self) -> dict[str, str]:
        """The key as cosign reads it, and its password."""
        password = token_hex(16)
        private = import_key(self._key, password, timeout=self._timeouts.command)
        self._context.tell_secrets([private, password])
        return {_KEY: private, _KEY_PASSWORD: password}

    def _repository(self) -> Path:
        if self._copy is None:
            folder = Path(tempfile.mkdtemp(prefix="acceptance-push-"))
            self._undo.callback(shutil.rmtree, folder, ignore_errors=True)
            limit = self._timeouts.command
            self._copy = copy_repository(self.system.sources, folder, timeout=limit)
            for installed in self.system.sources.glob("tools/*/node_modules"):
                link = self._copy / installed.relative_to(self.system.sources)
                if not link.exists():
                    link.symlink_to(installed)
        return self._copy

    def _images(self) -> ImageRegistry:
        if self._registry is None:
            self._registry = self._undo.enter_context(running_registry())
        return self._registry
