"""A copy of the repository as a team has it: a registry of images, and a key that signs them."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from acceptance.actor import Actor
from acceptance.domains.delivery.drivers.image_registry import running_registry
from acceptance.domains.delivery.drivers.statements import SigningKey, import_key
from acceptance.drivers.repository_copies import copy_repository

if TYPE_CHECKING:
    from acceptance.domains.delivery.drivers.act import WorkflowRun
    from acceptance.domains.delivery.drivers.image_registry import ImageRegistry, PushedImage
    from acceptance.domains.delivery.part_commits import PartCommit

MAIN = "main"
SIGNING = ("SIGNING_KEY", "SIGNING_PASSWORD")
"""The secrets of the repository's settings that sign images: the key, and what decrypts it."""


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


class TeamRepository(Actor):
    """Works in a copy of the repository, whose registry starts empty and whose key is new."""

    _registry: ImageRegistry | None = None
    _copy: Path | None = None

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
        return dict(zip(SIGNING, (private, password), strict=True))

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
