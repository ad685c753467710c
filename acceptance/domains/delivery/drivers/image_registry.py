"""Runs a registry of container images on this machine, and reads what was pushed to it.

The registry is CNCF Distribution, which speaks the OCI Distribution Specification 1.1.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import subprocess
import tarfile
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import yaml

from acceptance.errors import EnvironmentFailure
from acceptance.process import dying_with_parent
from acceptance.project import ROOT
from acceptance.setup.go import programs_of
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_START_SECONDS = 20.0
_REQUEST_SECONDS = 30.0
_END_SECONDS = 5.0
_MOST_NAMES = 1000
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
"""The media type of an image's manifest (OCI Image Format Specification 1.1)."""
ATTACHED = re.compile(r"sha256-[0-9a-f]{64}\.(?:sig|att)")
"""The tags under which cosign keeps what it attaches to an image."""


@dataclass(frozen=True)
class PushedImage:
    """An image of a registry."""

    name: str
    """Of the repository within the registry."""
    digest: str
    """Of its manifest, as `sha256:…`."""
    tags: tuple[str, ...]


class ImageRegistry:
    """A registry that runs, as a client sees it."""

    def __init__(self, address: str) -> None:
        """Ask the registry at `address`, a host and a port."""
        self.address = address
        self._client = httpx.Client(base_url=f"http://{address}/v2/", timeout=_REQUEST_SECONDS)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def images(self) -> tuple[PushedImage, ...]:
        """Return every image that has a tag, sorted, without what is attached to one.

        Raises `EnvironmentFailure` if the registry does not answer.
        """
        found: dict[tuple[str, str], list[str]] = {}
        for name in self._json("_catalog", n=_MOST_NAMES)["repositories"] or ():
            for tag in self.tags(name):
                if ATTACHED.fullmatch(tag):
                    continue
                digest = self._get(f"{name}/manifests/{tag}").headers["Docker-Content-Digest"]
                found.setdefault((name, digest), []).append(tag)
        return tuple(PushedImage(*key, tuple(sorted(tags))) for key, tags in sorted(found.items()))

    def save(self, image: PushedImage, folder: Path) -> Path:
        """Write an image into `folder` as an OCI image layout, and return the folder.

        Raises `EnvironmentFailure` if the registry does not answer.
        """
        blobs = folder / "blobs" / "sha256"
        blobs.mkdir(parents=True)
        answer = self._get(f"{image.name}/manifests/{image.digest}")
        manifest = answer.json()
        entry = {"mediaType": MANIFEST, "digest": image.digest, "size": len(answer.content)}
        (blobs / image.digest.partition(":")[2]).write_bytes(answer.content)
        for each in (manifest["config"], *manifest["layers"]):
            with (
                self._client.stream("GET", f"{image.name}/blobs/{each['digest']}") as blob,
                (blobs / each["digest"].partition(":")[2]).open("wb") as file,
            ):
                blob.raise_for_status()
                for part in blob.iter_bytes():
                    file.write(part)
        index = {"schemaVersion": 2, "manifests": [entry]}
        (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}', encoding="utf-8")
        return folder

    def save_archive(self, image: PushedImage, folder: Path) -> Path:
        """Write an image into an OCI archive in `folder`, and return the archive.

        Raises `EnvironmentFailure` if the registry does not answer.
        """
        layout = self.save(image, folder / "layout")
        archive = folder / "image.tar"
        with tarfile.open(archive, "w") as file:
            for each in sorted(layout.iterdir()):
                file.add(each, each.name)
        return archive

    def tags(self, name: str) -> tuple[str, ...]:
        """Return the tags of all that is called `name`, also of what is attached to an image.

        Raises `EnvironmentFailure` if the registry does not answer.
        """
        return tuple(self._json(f"{name}/tags/list")["tags"] or ())

    def manifest(self, name: str, reference: str) -> dict[str, Any]:
        """Return the manifest of a tag or digest.

        Raises `EnvironmentFailure` if the registry does not answer.
        """
        return self._json(f"{name}/manifests/{reference}")

    def blob(self, name: str, digest: str) -> bytes:
        """Return the content of a small blob.

        Raises `EnvironmentFailure` if the registry does not answer.
        """
        return self._get(f"{name}/blobs/{digest}").content

    def push_blob(self, name: str, content: bytes) -> dict[str, Any]:
        """Push a small blob, and return its descriptor without its type.

        Raises `EnvironmentFailure` if the registry refuses.
        """
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        place = self._send("POST", f"{name}/blobs/uploads/").headers["Location"]
        self._send("PUT", str(httpx.URL(place).copy_add_param("digest", digest)), content)
        return {"digest": digest, "size": len(content)}

    def push_manifest(self, name: str, tag: str, manifest: Mapping[str, Any]) -> str:
        """Push a manifest under a tag, and return its digest.

        Raises `EnvironmentFailure` if the registry refuses.
        """
        content = json.dumps(manifest).encode()
        done = self._send("PUT", f"{name}/manifests/{tag}", content, MANIFEST)
        digest: str = done.headers["Docker-Content-Digest"]
        return digest

    def _send(
        self, method: str, path: str, content: bytes = b"", kind: str = "application/octet-stream"
    ) -> httpx.Response:
        try:
            headers = {"Content-Type": kind}
            answer = self._client.request(method, path, content=content, headers=headers)
            return answer.raise_for_status()
        except httpx.HTTPError as error:
            message = f"The registry at {self.address} does not take what is pushed: {error}."
            raise EnvironmentFailure(message) from error

    def _json(self, path: str, **query: int) -> dict[str, Any]:
        found: dict[str, Any] = self._get(path, **query).json()
        return found

    def _get(self, path: str, **query: int) -> httpx.Response:
        try:
            answer = self._client.get(path, params=query, headers={"Accept": MANIFEST})
            return answer.raise_for_status()
        except httpx.HTTPError as error:
            message = f"The registry at {self.address} does not answer as it should: {error}."
            raise EnvironmentFailure(message) from error


@contextmanager
def running_registry() -> Iterator[ImageRegistry]:
    """Run a new, empty registry at an address of this machine alone.

    Raises `EnvironmentFailure` if it cannot be built or does not start.
    """
    program = programs_of(ROOT / "tools" / "registry") / "registry"
    with tempfile.TemporaryDirectory(prefix="acceptance-registry-") as temporary:
        folder = Path(temporary)
        address = f"127.0.0.1:{free_port()}"
        settings = {
            "version": 0.1,
            "log": {"accesslog": {"disabled": True}, "level": "warn"},
            "storage": {
                "filesystem": {"rootdirectory": str(folder / "images")},
                "delete": {"enabled": True},
            },
            "http": {"addr": address},
        }
        (folder / "settings.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                dying_with_parent([str(program), "serve", str(folder / "settings.yml")]),
                stdout=log,
                stderr=log,
                env={"OTEL_TRACES_EXPORTER": "none"},
            )
        registry = ImageRegistry(address)
        try:
            eventually(
                lambda: _answers(address),
                bool,
                timeout=_START_SECONDS,
                unrecoverable=lambda _: _ended(process, folder / "log"),
                what="the registry answers",
                error=EnvironmentFailure,
            )
            yield registry
        finally:
            registry.close()
            process.terminate()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/v2/").is_success
    except httpx.HTTPError:
        return False


def _ended(process: subprocess.Popen[bytes], log: Path) -> str | None:
    if process.poll() is None:
        return None
    last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
    return f"it ended: {last[0] if last else 'it wrote nothing'}"


def free_port() -> int:
    """Return a port of this machine on which nothing listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
