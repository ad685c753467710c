"""Reads files from an image's archive, without an engine and without unpacking it.

The archive follows the OCI Image Layout Specification, as those of `buildah push oci-archive:` and
`docker save` (25 and newer) do.
"""

from __future__ import annotations

import json
import tarfile
from typing import IO, TYPE_CHECKING

from acceptance.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_HIDDEN = ".wh."
"""The prefix of a name in a layer that deletes the file of that name."""

_OPAQUE = ".wh..wh..opq"
"""The name that deletes all files of the layers below in the same folder."""


def read_files(archive: Path, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """Return the content of the regular files `wanted`, as a container sees them.

    Names have no leading slash. Links are not followed.

    Raises `EnvironmentFailure` if `archive` is not an archive of one image.
    """
    found: dict[str, bytes] = {}
    for layer in layers_of(archive):
        _read_layer(layer, wanted, found)
    return found


def read_root(archive: Path, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """Return the same files from the archive of one root file system, as mmdebstrap writes it.

    Raises `EnvironmentFailure` when `archive` is no archive.
    """
    found: dict[str, bytes] = {}
    try:
        with archive.open("rb") as file:
            _read_layer(file, wanted, found)
    except (OSError, tarfile.TarError) as error:
        raise _unreadable(archive, error) from error
    return found


def identity(archive: Path) -> str:
    """Return the digest of an image, as `sha256:…`; it does not depend on the archive's path.

    Raises `EnvironmentFailure` if `archive` is not an archive of one image.
    """
    try:
        with tarfile.open(archive) as image:
            return _manifest(image)
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        raise _unreadable(archive, error) from error


def layers_of(archive: Path) -> Iterator[IO[bytes]]:
    """Yield the archive of each layer of an image, the lowest first.

    Raises `EnvironmentFailure` if `archive` is not an archive of one image.
    """
    try:
        with tarfile.open(archive) as image:
            for digest in _layers(image):
                yield _open(image, _blob(digest))
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        raise _unreadable(archive, error) from error


def _unreadable(archive: Path, error: Exception) -> EnvironmentFailure:
    why = str(error).partition("\n")[0].rstrip(":")
    return EnvironmentFailure(f"{archive} is not an image: {why}. Try: make clean-cache")


def _layers(image: tarfile.TarFile) -> list[str]:
    """Return the digests of the layers, the lowest first."""
    manifest = _document(image, _blob(_manifest(image)))
    return [layer["digest"] for layer in manifest["layers"]]


def _manifest(image: tarfile.TarFile) -> str:
    manifests = _document(image, "index.json")["manifests"]
    if len(manifests) != 1:
        raise ValueError(f"it holds {len(manifests)} images")
    return manifests[0]["digest"]


def _document(image: tarfile.TarFile, name: str) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = json.load(_open(image, name))
    return found


def _open(image: tarfile.TarFile, name: str) -> IO[bytes]:
    file = image.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is not a file")
    return file


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _read_layer(blob: IO[bytes], wanted: Callable[[str], bool], found: dict[str, bytes]) -> None:
    """Apply a layer to `found`: its deletions affect the layers below it only."""
    own: dict[str, bytes] = {}
    with tarfile.open(fileobj=blob, mode="r|*") as layer:
        for member in layer:
            name = member.name.removeprefix("./").strip("/")
            folder, _, base = name.rpartition("/")
            if base == _OPAQUE:
                _forget(found, folder)
            elif base.startswith(_HIDDEN):
                _forget(found, f"{folder}/{base.removeprefix(_HIDDEN)}".lstrip("/"))
            elif wanted(name) and member.isreg() and (file := layer.extractfile(member)):
                own[name] = file.read()
    found |= own


def _forget(found: dict[str, bytes], hidden: str) -> None:
    for name in [each for each in found if f"{each}/".startswith(f"{hidden}/")]:
        del found[name]
