"""Makes, pushes and signs an image by hand, with the commands that the workflow runs."""

from __future__ import annotations

import sys

from acceptance.domains.delivery.drivers.proposals import REPOSITORY, Proposal
from acceptance.domains.delivery.part_commits import release
from acceptance.domains.delivery.team_repository import (
    KEY,
    KEY_PASSWORD,
    MAIN,
    PushedCommit,
    TeamRepository,
)
from acceptance.drivers.git import Repository
from acceptance.process import run

_SIGNING = {"COSIGN_PRIVATE_KEY": KEY, "COSIGN_PASSWORD": KEY_PASSWORD}
"""The variables of the command that signs, with the secrets of the workflow."""


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
        signing = {name: self._secrets[secret] for name, secret in _SIGNING.items()}
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
