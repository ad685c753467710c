"""Promotes images, and tries to get those promoted that the pipeline has not made."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.actor import Actor
from acceptance.domains.delivery.drivers.attachments import (
    SIGNATURE,
    SIGNATURES,
    STATEMENTS,
    Attachment,
    attach,
    push_another,
    read_attached,
)
from acceptance.domains.delivery.drivers.image_registry import free_port
from acceptance.domains.delivery.drivers.proposals import REPOSITORY
from acceptance.domains.delivery.drivers.statements import SigningKey
from acceptance.domains.delivery.tampering import TAMPERINGS
from acceptance.drivers.kubernetes.client import pretty
from acceptance.exit_codes import NO_ENVIRONMENT
from acceptance.judgement import require, require_each
from acceptance.process import run, tail

if TYPE_CHECKING:
    from acceptance.domains.delivery.drivers.image_registry import PushedImage
    from acceptance.domains.delivery.tampering import Tampering
    from acceptance.domains.delivery.team_repository import PushedCommit

_PIPELINE = ("-m", "operations", "pipeline")
_REFUSED = 1
"""The exit code for an image that is at fault; others tell of the machine or the registry."""
_ANY_CODE = range(-64, 256)


@dataclass(frozen=True)
class Promotion:
    """An attempt to promote an image."""

    what: str
    """What was done to the image or to what is signed of it; empty if nothing was."""
    code: int
    """The exit code of the command."""
    output: str
    promoted: str
    """The digest that has the name now; empty if none has."""
    reason: str = ""
    """A pattern of what has to be said of it."""

    @property
    def refused(self) -> bool:
        """Whether it was refused for its own reason, and the name was not given."""
        said = re.search(self.reason, self.output) is not None
        return self.code == _REFUSED and said and not self.promoted

    def __str__(self) -> str:
        """Say what came of it."""
        became = f"promoted as {self.promoted}" if self.promoted else f"exit code {self.code}"
        return f"{self.what}: {became}: {tail(self.output, 1)}"


class ImagePromoter(Actor):
    """Promotes images with the command of the pipeline, and tampers with what is signed of them."""

    _number = 0

    def promote(self, pushed: PushedCommit) -> Promotion:
        """Promote the image of a commit as it is."""
        return self._promote(pushed, pushed.image, "")

    def assert_promoted(self, pushed: PushedCommit, promotion: Promotion) -> None:
        """The image has the new name, with the digest that it was built with."""
        require(
            not promotion.code and promotion.promoted == pushed.image.digest,
            f"The image {pushed.image.digest} is not promoted, but "
            f"{promotion.promoted or 'none'}: {tail(promotion.output, 3)}",
        )

    def promote_tampered(self, pushed: PushedCommit) -> tuple[Promotion, ...]:
        """Tamper in one way after the other, and try to promote; then it is as it was."""
        found = [self._promote_other(pushed)]
        found += [self._promote_signed(pushed, forged=each) for each in (True, False)]
        found += [self._promote_with(pushed, each) for each in TAMPERINGS]
        self._keep(
            "Attempts to promote what is tampered with", pretty([str(each) for each in found])
        )
        return tuple(found)

    def assert_refused(self, promotions: tuple[Promotion, ...]) -> None:
        """Each attempt was refused, for its own reason."""
        require_each(
            promotions,
            lambda each: (
                None if each.refused else f"An image is not refused for its reason: {each}"
            ),
            nothing="Nothing was tampered with.",
        )

    def promote_unreachable(self, pushed: PushedCommit) -> Promotion:
        """Try to promote the image where no registry listens."""
        nowhere = f"127.0.0.1:{free_port()}"
        found = self._promote(pushed, pushed.image, "no registry", registry=nowhere)
        self._keep("An attempt to promote without a registry", str(found), "text")
        return found

    def assert_told_unreachable(self, promotion: Promotion) -> None:
        """The command says that the registry does not answer, and nothing of the image."""
        require(
            promotion.code == NO_ENVIRONMENT
            and "cannot be reached" in promotion.output
            and "not promoted" not in promotion.output,
            f"A registry that does not answer is not told from an image at fault: {promotion}.",
        )

    def rebuild(self, pushed: PushedCommit) -> str:
        """Build the image of a commit where nothing is cached; return its digest."""
        with tempfile.TemporaryDirectory(prefix="acceptance-rebuild-") as temporary:
            output = Path(temporary) / "image"
            command = [*_PIPELINE, "image", pushed.part, f"--output={output}"]
            run(
                [sys.executable, *command],
                cwd=pushed.folder,
                timeout=self._timeouts.workflow,
                env={"XDG_CACHE_HOME": str(Path(temporary) / "cache")},
            )
            note = json.loads((output / "image.json").read_text(encoding="utf-8"))
        self._keep(f"The image of the {pushed.part}, built anew", pretty(note))
        digest: str = note["digest"]
        return digest

    def assert_same(self, pushed: PushedCommit, digest: str) -> None:
        """The image that was built anew is the one in the registry."""
        require(
            digest == pushed.image.digest,
            f"The image of the {pushed.part} that is built of the same commit again is {digest}, "
            f"and {pushed.image.digest} is in the registry.",
        )

    def _promote(
        self,
        pushed: PushedCommit,
        image: PushedImage,
        what: str,
        reason: str = "",
        registry: str = "",
    ) -> Promotion:
        self._number += 1
        name = f"promoted-{self._number}"
        place = f"{registry or pushed.registry.address}/{image.name}"
        with tempfile.TemporaryDirectory(prefix="acceptance-promote-") as temporary:
            key = Path(temporary) / "signing.pub"
            key.write_text(pushed.key.public, encoding="utf-8")
            command = [*_PIPELINE, "promote", pushed.part, f"--registry={place}", f"--key={key}"]
            done = run(
                [sys.executable, *command, f"--digest={image.digest}", f"--name={name}"],
                cwd=pushed.folder,
                timeout=self._timeouts.workflow,
                env={"GITHUB_REPOSITORY": REPOSITORY},
                accepted=_ANY_CODE,
            )
        promoted = [each.digest for each in pushed.registry.images() if name in each.tags]
        return Promotion(what, done.code, done.stdout + done.stderr, "".join(promoted), reason)

    def _promote_other(self, pushed: PushedCommit) -> Promotion:
        """Push an image around the pipeline, beside it what belongs to the true one."""
        other = push_another(pushed.registry, pushed.image, "pushed-around")
        for kind in (SIGNATURES, STATEMENTS):
            attach(pushed.registry, other, kind, read_attached(pushed.registry, pushed.image, kind))
        return self._promote(pushed, other, "another image with its signatures", "its signature: ")

    def _promote_signed(self, pushed: PushedCommit, *, forged: bool) -> Promotion:
        """Have the image signed with a key of somebody else, or with none."""
        true = read_attached(pushed.registry, pushed.image, SIGNATURES)
        others = [
            replace(each, annotations={SIGNATURE: SigningKey().sign(each.content)})
            for each in true[:1]
            if forged
        ]
        try:
            attach(pushed.registry, pushed.image, SIGNATURES, others)
            what = "a signature of another key" if forged else "no signature"
            return self._promote(pushed, pushed.image, what, "its signature: ")
        finally:
            attach(pushed.registry, pushed.image, SIGNATURES, true)

    def _promote_with(self, pushed: PushedCommit, tampering: Tampering) -> Promotion:
        """Change the statement of one kind, sign it, and try to promote."""
        true = read_attached(pushed.registry, pushed.image, STATEMENTS)
        key = SigningKey() if tampering.by_another else pushed.key
        others, found = [], False
        for each in true:
            statement = pushed.key.open(each.content)
            if statement is None or statement.kind != tampering.kind:
                others.append(each)
                continue
            found = True
            if changed := tampering.change(statement):
                annotations = {**each.annotations, "predicateType": changed.kind}
                others.append(Attachment(key.seal(changed), each.media_type, annotations))
        require(found, f"There is no statement of type {tampering.kind} to tamper with.")
        try:
            attach(pushed.registry, pushed.image, STATEMENTS, others)
            return self._promote(pushed, pushed.image, tampering.what, tampering.reason)
        finally:
            attach(pushed.registry, pushed.image, STATEMENTS, true)
