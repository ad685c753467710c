"""A client of the OCI Distribution API that pushes the image of an OCI archive by digest.

https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import httpx

from acceptance.errors import BrokenInput, EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECONDS = 120.0
_CHUNK = 1 << 20
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_MANIFESTS = (_MANIFEST, "application/vnd.docker.distribution.manifest.v2+json")
_PLACE = re.compile(
    r"(?P<host>\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)(?P<port>:\d+)?/(?P<name>[a-z0-9._/-]+)"
)
_CREATED, _ACCEPTED, _OK, _ABSENT = 201, 202, 200, 404


@dataclass(frozen=True)
class Place:
    """Where in a registry an image is."""

    registry: str
    """HOST[:PORT]"""
    name: str
    plain: bool
    """Whether it is on this machine, and is spoken to without TLS."""

    @property
    def address(self) -> str:
        """Of the API for this name."""
        return f"{'http' if self.plain else 'https'}://{self.registry}/v2/{self.name}"

    def reference(self, digest: str) -> str:
        """Return the name by which a cluster pulls the image."""
        return f"{self.registry}/{self.name}@{digest}"


def read_place(text: str) -> Place:
    """Return the place that `HOST[:PORT]/NAME` names.

    Raises `BrokenInput` for anything else.
    """
    match = _PLACE.fullmatch(text)
    if match is None:
        raise BrokenInput(
            f"--registry is {text!r}, and has to be HOST[:PORT]/NAME in small letters."
        )
    host = match["host"]
    return Place(f"{host}{match['port'] or ''}", match["name"], _is_loopback(host.strip("[]")))


class Registry:
    """Pushes to one place; every method raises `EnvironmentFailure` when the registry refuses."""

    def __init__(self, client: httpx.Client, place: Place) -> None:
        """Push to `place` with `client`, which signs in."""
        self._client = client
        self._place = place

    def push(self, archive: Path, digest: str, tag: str) -> None:
        """Push the image `digest` of the OCI archive, as `tag` too: blobs first, then the manifest.

        Raises `BrokenInput` if the archive's content is not what its digests say.
        """
        with tarfile.open(archive) as image:
            manifest = _blob(image, digest).read()
            if f"sha256:{hashlib.sha256(manifest).hexdigest()}" != digest:
                raise BrokenInput(f"The manifest in {archive} is not {digest}.")
            read = json.loads(manifest)
            for each in [*read["layers"], *([read["config"]] if "config" in read else [])]:
                self._push_blob(image, each["digest"])
        self._push_manifest(manifest, read.get("mediaType", _MANIFEST), digest, tag)

    def _push_blob(self, image: tarfile.TarFile, digest: str) -> None:
        address = f"{self._place.address}/blobs/{digest}"
        known = self._ask("HEAD", address, _OK, _ABSENT, follow_redirects=True)
        if known.status_code == _OK:
            return
        size = _verify(image, digest)
        begun = self._ask("POST", f"{self._place.address}/blobs/uploads/", _ACCEPTED)
        # The location may be relative, and may have a query of its own.
        upload = httpx.URL(urljoin(str(begun.url), begun.headers.get("Location", "")))
        upload = upload.copy_merge_params({"digest": digest})
        if self._place.plain is False and upload.scheme != "https":
            raise EnvironmentFailure(
                f"{self._place.registry} wants an upload without TLS: {upload}."
            )
        done = self._ask(
            "PUT",
            str(upload),
            _CREATED,
            content=_chunks(_blob(image, digest)),
            headers={"Content-Type": "application/octet-stream", "Content-Length": str(size)},
        )
        self._expect_digest(done, digest)

    def _push_manifest(self, manifest: bytes, kind: str, digest: str, tag: str) -> None:
        address = f"{self._place.address}/manifests"
        headers = {"Content-Type": kind}
        done = self._ask("PUT", f"{address}/{tag}", _CREATED, content=manifest, headers=headers)
        self._expect_digest(done, digest)
        self._manifest(digest)  # what a cluster will pull has to be there under its digest

    def find(self, digest: str) -> None:
        """Return if the image `digest` is there; raises `BrokenInput` if it is not."""
        address = f"{self._place.address}/manifests/{digest}"
        headers = {"Accept": ", ".join(_MANIFESTS)}
        if self._ask("HEAD", address, _OK, _ABSENT, headers=headers).status_code == _ABSENT:
            raise BrokenInput(
                f"There is no image {self._place.reference(digest)}. "
                "Try: operations pipeline push, or another --digest"
            )

    def tag(self, digest: str, tag: str) -> None:
        """Give the image `digest`, which is there already, one tag more."""
        manifest, kind = self._manifest(digest)
        self._push_manifest(manifest, kind, digest, tag)

    def _manifest(self, digest: str) -> tuple[bytes, str]:
        """Return a manifest and its media type."""
        address = f"{self._place.address}/manifests/{digest}"
        there = self._ask("GET", address, _OK, headers={"Accept": ", ".join(_MANIFESTS)})
        if hashlib.sha256(there.content).hexdigest() != digest.removeprefix("sha256:"):
            raise EnvironmentFailure(
                f"{self._place.registry} returns another manifest as {digest}."
            )
        return there.content, there.headers.get("Content-Type", _MANIFEST)

    def _expect_digest(self, done: httpx.Response, digest: str) -> None:
        found = done.headers.get("Docker-Content-Digest", digest)
        if found != digest:
            raise EnvironmentFailure(f"{self._place.registry} stored {found} instead of {digest}.")

    def _ask(self, method: str, address: str, *accepted: int, **how: Any) -> httpx.Response:  # noqa: ANN401 (httpx's own options)
        try:
            answer = self._client.request(method, address, **how)
        except httpx.HTTPError as error:
            raise EnvironmentFailure(
                f"The registry {self._place.registry} cannot be reached: {error}."
            ) from error
        if answer.status_code not in accepted:
            raise EnvironmentFailure(
                f"The registry {self._place.registry} refused {method} "
                f"{httpx.URL(address).path}: {answer.status_code} {answer.text[:200]}".rstrip()
            )
        return answer


@contextmanager
def registry_at(place: Place, auth: httpx.Auth | None) -> Iterator[Registry]:
    """Give a client for `place` while the body runs."""
    with httpx.Client(auth=auth, timeout=_SECONDS, trust_env=not place.plain) as client:
        yield Registry(client, place)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _blob(image: tarfile.TarFile, digest: str) -> Any:  # noqa: ANN401 (a file of bytes)
    try:
        file = image.extractfile(f"blobs/{digest.replace(':', '/')}")
    except KeyError:
        file = None
    if file is None:
        raise BrokenInput(f"The archive of the image lacks {digest}.")
    return file


def _verify(image: tarfile.TarFile, digest: str) -> int:
    """Return the size of a blob, after its content was found to be what its digest says."""
    found, size = hashlib.sha256(), 0
    for chunk in _chunks(_blob(image, digest)):
        found.update(chunk)
        size += len(chunk)
    if f"sha256:{found.hexdigest()}" != digest:
        raise BrokenInput(f"The archive of the image has another content as {digest}.")
    return size


def _chunks(file: Any) -> Iterator[bytes]:  # noqa: ANN401 (a file of bytes)
    while chunk := file.read(_CHUNK):
        yield chunk
