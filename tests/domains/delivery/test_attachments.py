from __future__ import annotations

import pytest

from acceptance.domains.delivery.drivers.attachments import (
    STATEMENTS,
    Attachment,
    attach,
    push_another,
    read_attached,
)
from acceptance.domains.delivery.drivers.image_registry import (
    MANIFEST,
    ImageRegistry,
    PushedImage,
    running_registry,
)
from acceptance.errors import EnvironmentFailure

NAME = "checkout/backend"


def test_what_is_attached_is_no_image() -> None:
    """It is read as it was attached, replaced as a whole, and another image has none of it."""
    with running_registry() as registry:
        config = registry.push_blob(NAME, b"{}")
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {**config, "mediaType": "application/vnd.oci.image.config.v1+json"},
            "layers": [],
        }
        digest = registry.push_manifest(NAME, "one", manifest)
        image = PushedImage(NAME, digest, ("one",))
        assert read_attached(registry, image, STATEMENTS) == ()
        attachments = tuple(
            Attachment(each, "application/vnd.dsse.envelope.v1+json", {"n": str(number)})
            for number, each in enumerate((b"first", b"second"))
        )
        attach(registry, image, STATEMENTS, attachments)
        assert read_attached(registry, image, STATEMENTS) == attachments
        attach(registry, image, STATEMENTS, attachments[1:])
        assert read_attached(registry, image, STATEMENTS) == attachments[1:]
        assert registry.images() == (image,)
        other = push_another(registry, image, "two")
        assert other.digest != digest
        assert read_attached(registry, other, STATEMENTS) == ()
        assert registry.images() == tuple(sorted((image, other), key=lambda each: each.digest))


def test_a_registry_that_is_away_is_named() -> None:
    """Nothing can be attached to what is there."""
    registry = ImageRegistry("127.0.0.1:1")
    with pytest.raises(EnvironmentFailure, match=r"127\.0\.0\.1:1 does not take"):
        registry.push_blob(NAME, b"{}")
