"""Writes the archive of an image that holds a few files, as an engine would push it."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_image(path: Path, *layers: Mapping[str, bytes]) -> None:
    """Write an OCI archive to `path` with `layers`, the lowest first."""
    with tarfile.open(path, "w") as image:
        digests = [_add_blob(image, _layer(each)) for each in layers]
        manifest = {"schemaVersion": 2, "layers": [{"digest": each} for each in digests]}
        digest = _add_blob(image, json.dumps(manifest).encode())
        index = {"schemaVersion": 2, "manifests": [{"digest": digest}]}
        _add(image, "index.json", json.dumps(index).encode())


def _layer(files: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as layer:
        for name, content in files.items():
            _add(layer, name, content)
    return written.getvalue()


def _add_blob(image: tarfile.TarFile, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    _add(image, f"blobs/sha256/{digest}", content)
    return f"sha256:{digest}"


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))
