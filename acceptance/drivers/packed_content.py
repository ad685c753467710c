"""Opens what is compressed or archived, also where it is written in base64."""

from __future__ import annotations

import base64
import binascii
import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DEEPEST = 4
_LARGEST = 64 * 2**20
"""In bytes, of one opened content: what is larger is cut there."""
_ZIP = b"PK\x03\x04"
_TAR_MAGIC, _TAR_PLACE = b"ustar", 257
_BASE64 = re.compile(rb"(?:H4sI|UEsD|QlpoO|/Td6WFo)(?:[A-Za-z0-9+/_-]|\\[nrt]|\s)+={0,2}")
"""The beginnings of gzip, zip, bzip2 and xz in base64, up to where it ends."""
_BREAKS = re.compile(rb"\\[nrt]|\s+")
_BROKEN = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, tarfile.TarError)


def unpacked(content: bytes, *, depth: int = _DEEPEST) -> Iterator[bytes]:
    """Yield a content, and what is packed in it: the members of archives, and theirs.

    Of what is compressed, only what it holds; what cannot be opened is left as it is.
    """
    opened = tuple(_inner(content)) if depth else ()
    if not opened or not content.startswith((*_COMPRESSED, _ZIP)):
        yield content
    for inner in opened:
        yield from unpacked(inner, depth=depth - 1)


def _inner(content: bytes) -> Iterator[bytes]:
    for magic, read in _COMPRESSED.items():
        if content.startswith(magic):
            try:
                yield read(content)
            except _BROKEN:
                return
    if content.startswith(_ZIP):
        yield from _members_of_zip(content)
    elif content[_TAR_PLACE : _TAR_PLACE + len(_TAR_MAGIC)] == _TAR_MAGIC:
        yield from _members_of_tar(content)
    else:
        for found in _BASE64.finditer(content):
            text = _BREAKS.sub(b"", found[0]).translate(bytes.maketrans(b"-_", b"+/"))
            try:
                yield base64.b64decode(text + b"=" * (-len(text) % 4))
            except binascii.Error:
                continue


def _members_of_zip(content: bytes) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                with archive.open(member) as file:
                    yield file.read(_LARGEST)
    except (*_BROKEN, zipfile.BadZipFile, RuntimeError):  # the last one: it is encrypted
        return


def _members_of_tar(content: bytes) -> Iterator[bytes]:
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for member in archive:
                if file := archive.extractfile(member):
                    yield file.read(_LARGEST)
    except _BROKEN:
        return


def _gunzip(content: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        return file.read(_LARGEST)


def _bunzip(content: bytes) -> bytes:
    with bz2.BZ2File(io.BytesIO(content)) as file:
        return file.read(_LARGEST)


def _unxz(content: bytes) -> bytes:
    with lzma.LZMAFile(io.BytesIO(content)) as file:
        return file.read(_LARGEST)


_COMPRESSED: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b\x08": _gunzip,
    b"BZh": _bunzip,
    b"\xfd7zXZ\x00": _unxz,
}
