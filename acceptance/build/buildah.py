"""Runs buildah, which builds an image from its Dockerfile without a daemon.

It keeps the layers of an image on the base, so that the next build runs only what comes after the
first changed file. Builds of one image come one after the other.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build.cache import cache_root
from acceptance.errors import BuildFailure, EnvironmentFailure
from acceptance.process import PROMPT_SECONDS, contained, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BASE_NAME = "localhost/debian:base"
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
TIMESTAMP = 315532800
"""The time of every file in an image and of the image itself, in seconds since 1970: the beginning
of 1980. The same sources give the same image, by its digest, whenever they are built."""
_BUILD = ("bud", "--isolation=chroot", "--layers", f"--timestamp={TIMESTAMP}")
_SECONDS = 300.0
_MOST_LAYERS = 200
"""Of an image that are kept, of all its builds; then its next build begins anew."""
# The images are built on this machine, so they need no signature.
_POLICY = {"default": [{"type": "insecureAcceptAnything"}]}


def write_image(
    archive: Path,
    reference: str,
    *,
    layers: str,
    context: Path,
    recipe: Path,
    arguments: Mapping[str, str],
    base: Path | None,
    anew: bool,
    timeout: float,
) -> None:
    """Build an image called `reference`, and write it into an OCI archive.

    `base` is the archive with the files of the base; None if the Dockerfile names none, then there
    are no layers worth keeping. Otherwise they are kept under the name `layers`, and with `anew`
    those of before are not used. `timeout` is in seconds.

    Raises `BuildFailure` when the build fails.
    """
    command = [*_BUILD, f"--file={recipe}", f"--tag={reference}"]
    if base:
        command.append(f"--build-arg=BASE={BASE_NAME}")
        if CA_BUNDLE.exists():
            # A proxy's own certificate authority, if this machine has one.
            command.append(f"--volume={CA_BUNDLE}:{CA_BUNDLE}:ro")
    command += [f"--build-arg={name}={value}" for name, value in arguments.items()]
    try:
        place = archive.parent / "store"
        with _kept_store(layers, anew=anew) if base else _own_store(place) as options:
            if base:
                _make_base(options, base)
            _buildah(options, [*command, str(context)], timeout)
            _push(options, reference, archive)
    except EnvironmentFailure as error:
        raise BuildFailure(f"The image {reference} could not be built: {error.message}") from error


def write_base_image(base: Path, archive: Path) -> None:
    """Write the base, whose files are in the archive `base`, as an image into an OCI archive."""
    with _own_store(archive.parent / "store") as options:
        _make_base(options, base)
        _push(options, BASE_NAME, archive)


@contextmanager
def _own_store(folder: Path) -> Iterator[list[str]]:
    """Give the options that keep buildah's store in `folder`, which is deleted after the build."""
    yield _store(folder)
    shutil.rmtree(folder)


@contextmanager
def _kept_store(name: str, *, anew: bool) -> Iterator[list[str]]:
    """Give the options that keep buildah's store of an image, which nobody else uses meanwhile.

    One whose build failed, or that has grown too large, is deleted, as with `anew`.
    """
    folder = cache_root() / "layers" / name
    folder.mkdir(parents=True, exist_ok=True)
    holder = os.open(folder.parent / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        kept = [*(folder / "root").glob("overlay/*"), *(folder / "root").glob("vfs/dir/*")]
        if anew or len(kept) > _MOST_LAYERS:
            shutil.rmtree(folder)
        try:
            yield _store(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    finally:
        os.close(holder)


def _store(folder: Path) -> list[str]:
    """Return options that keep buildah's store in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    policy = folder / "policy.json"
    policy.write_text(json.dumps(_POLICY), encoding="utf-8")
    # An overlay cannot be mounted on an overlay, such as the root of a container.
    asked = run(["stat", "--file-system", "--format=%T", folder], timeout=PROMPT_SECONDS)
    kind = asked.stdout.strip()
    driver = "vfs" if kind == "overlayfs" else "overlay"
    return [
        "buildah",
        f"--root={folder}/root",
        f"--runroot={folder}/run",
        f"--storage-driver={driver}",
    ]


def _make_base(options: list[str], base: Path) -> None:
    recipe = base.parent / "Dockerfile"
    if not recipe.exists():
        recipe.write_text('FROM scratch\nADD base.tar /\nCMD ["/bin/sh"]\n', encoding="utf-8")
    _buildah(options, [*_BUILD, f"--tag={BASE_NAME}", str(base.parent)], _SECONDS)


def _push(options: list[str], reference: str, archive: Path) -> None:
    # Not compressed: the local disk is fast, and the archive is read more often than written.
    _buildah(
        options,
        ["push", "--disable-compression", reference, f"oci-archive:{archive}:{reference}"],
        _SECONDS,
    )


def _buildah(options: list[str], arguments: list[str], timeout: float) -> None:
    policy = str(Path(options[1].partition("=")[2]).parent / "policy.json")
    verb, *rest = arguments
    run(
        contained([*options, verb, f"--signature-policy={policy}", *rest]),
        timeout=timeout,
        env={"TMPDIR": str(cache_root())},
        remedy="The last lines of the build say why.",
    )
