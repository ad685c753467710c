from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from acceptance.domains.delivery.drivers.image_registry import (
    MANIFEST,
    ImageRegistry,
    PushedImage,
    running_registry,
)
from acceptance.errors import EnvironmentFailure


@pytest.fixture(scope="module")
def registry() -> Iterator[ImageRegistry]:
    """A real one."""
    with running_registry() as found:
        yield found


def digest_of(content: bytes) -> str:
    """As OCI writes it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def push(registry: ImageRegistry, name: str, tag: str, layer: bytes) -> str:
    """Push an image of one layer, and return its digest."""
    with httpx.Client(base_url=f"http://{registry.address}/v2/{name}/") as client:
        described = []
        for content in (b"{}", layer):
            place = httpx.URL(client.post("blobs/uploads/").headers["Location"])
            client.put(place.copy_add_param("digest", digest_of(content)), content=content)
            described.append({"digest": digest_of(content), "size": len(content)})
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {**described[0], "mediaType": "application/vnd.oci.image.config.v1+json"},
                "layers": [{**described[1], "mediaType": "application/vnd.oci.image.layer.v1.tar"}],
            }
        )
        headers = {"Content-Type": MANIFEST}
        client.put(f"manifests/{tag}", content=manifest, headers=headers).raise_for_status()
    return digest_of(manifest.encode())


def test_what_is_pushed_is_read_with_all_its_tags(registry: ImageRegistry, tmp_path: Path) -> None:
    """A new registry is empty; an image can be saved as it was pushed."""
    assert registry.images() == ()
    digest = push(registry, "checkout/backend", "one", b"a layer")
    assert push(registry, "checkout/backend", "two", b"a layer") == digest
    other = push(registry, "checkout/frontend", "one", b"another layer")
    assert registry.images() == (
        PushedImage("checkout/backend", digest, ("one", "two")),
        PushedImage("checkout/frontend", other, ("one",)),
    )
    layout = registry.save(registry.images()[1], tmp_path / "layout")
    index = json.loads((layout / "index.json").read_bytes())
    assert [each["digest"] for each in index["manifests"]] == [other]
    for blob in (layout / "blobs/sha256").iterdir():
        assert digest_of(blob.read_bytes()) == f"sha256:{blob.name}"
    assert len(list((layout / "blobs/sha256").iterdir())) == 3


def test_a_registry_that_is_gone_is_told() -> None:
    """It is the environment's failure."""
    with pytest.raises(EnvironmentFailure, match="does not answer as it should"):
        ImageRegistry("127.0.0.1:1").images()
