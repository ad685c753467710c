"""Reads and replaces what is attached to an image in a registry: its signatures and statements.

https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.delivery.drivers.image_registry import MANIFEST, PushedImage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.domains.delivery.drivers.image_registry import ImageRegistry

SIGNATURES, STATEMENTS = "sig", "att"
"""The two kinds of attachments, as the tag of each ends."""
SIGNATURE = "dev.cosignproject.cosign/signature"
"""The annotation with the signature of a blob."""
_CONFIG = "application/vnd.oci.image.config.v1+json"


@dataclass(frozen=True)
class Attachment:
    """A signed text about an image, or a statement in its envelope."""

    content: bytes
    media_type: str
    annotations: Mapping[str, str]


def read_attached(registry: ImageRegistry, image: PushedImage, kind: str) -> tuple[Attachment, ...]:
    """Return the attachments of an image; none if there are none of this kind.

    Raises `EnvironmentFailure` if the registry does not answer.
    """
    tag = _tag_of(image, kind)
    if tag not in registry.tags(image.name):
        return ()
    return tuple(
        Attachment(
            registry.blob(image.name, each["digest"]),
            each["mediaType"],
            each.get("annotations") or {},
        )
        for each in registry.manifest(image.name, tag)["layers"]
    )


def attach(
    registry: ImageRegistry, image: PushedImage, kind: str, attachments: Sequence[Attachment]
) -> None:
    """Replace all attachments of this kind.

    Raises `EnvironmentFailure` if the registry refuses.
    """
    layers = [
        {
            **registry.push_blob(image.name, each.content),
            "mediaType": each.media_type,
            "annotations": dict(each.annotations),
        }
        for each in attachments
    ]
    config = {**registry.push_blob(image.name, b"{}"), "mediaType": _CONFIG}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
    registry.push_manifest(image.name, _tag_of(image, kind), manifest)


def push_another(registry: ImageRegistry, image: PushedImage, tag: str) -> PushedImage:
    """Push an image that has the same files as `image`, and another digest; return it.

    Raises `EnvironmentFailure` if the registry refuses.
    """
    manifest = registry.manifest(image.name, image.digest)
    another = {**manifest, "annotations": {"pushed-as": tag}}
    return PushedImage(image.name, registry.push_manifest(image.name, tag, another), (tag,))


def _tag_of(image: PushedImage, kind: str) -> str:
    return f"{image.digest.replace(':', '-')}.{kind}"
