"""Makes, pushes and signs an image by hand, with the commands that the workflow runs."""

from __future__ import annotations

import sys

from acceptance.domains.delivery.drivers.proposals import REPOSITORY, Proposal
from acceptance.domains.delivery.part_commits import release
from acceptance.domains.delivery.team_repository import (
    MAIN,
    SIGNING,
    PushedCommit,
    TeamRepository,
)
from acceptance.drivers.git import Repository
from acceptance.process import run

_VARIABLES = ("COSIGN_PRIVATE_KEY", "COSIGN_PASSWORD")
"""What the command that signs reads, in the order of the secrets."""


class ManualReleaser(TeamRepository):
    """Is an operator who releases a commit without the workflow."""

    def release(self, part: str) -> PushedCommit:
        """Run the steps of the workflow that make and sign an image, without the workflow."""
        commit = release(part)
        copy, registry = self._repository(), self._images()
        commit.make(copy)
        subject = f"Change the {part}"
        proposal = Proposal("push", f"refs/heads/{MAIN}", subject, path="")
        proposal.commit(copy, timeout=self._timeouts.command)
        folder = copy.parent / "image"
        place = f"--registry={registry.address}/checkout/{part}"
        image = f"--image={folder}"
        github = {"GITHUB_REPOSITORY": REPOSITORY, "GITHUB_REF": proposal.ref}
        signing = dict(zip(_VARIABLES, map(self._secrets.get, SIGNING), strict=True))
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
