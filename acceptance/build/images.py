"""Builds container images from their Dockerfiles, without a daemon and without an image registry.

The base is a minimal Debian (or Ubuntu) from the package sources of this machine. Builds are cached
by the hash of their inputs, which include later security updates, so a second run builds nothing.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build.buildah import BASE_NAME, TIMESTAMP, write_base_image, write_image
from acceptance.build.cache import cache_root, entry, hash_inputs
from acceptance.build.debian import (
    ImagePackages,
    PackageOffer,
    offered_packages,
    packages_of_image,
    packages_of_root,
    pending_updates,
)
from acceptance.errors import BrokenInput, BuildFailure, EnvironmentFailure
from acceptance.process import contained, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acceptance.progress import ProgressStep

_BASE_SECONDS = 600.0
_USUAL_BASE_SECONDS = 60.0
_USUAL_SECONDS = {True: 120.0, False: 10.0}
"""The usual seconds of a build: on the base, with installed packages, and from scratch."""
_PACKAGE_SOURCES = (
    "/etc/apt/sources.list.d/debian.sources",
    "/etc/apt/sources.list.d/ubuntu.sources",
    "/etc/apt/sources.list",
)


@dataclass(frozen=True)
class Image:
    """A built image: its full name for pods, and the path of its archive."""

    reference: str
    archive: Path | None
    """The OCI archive; None if the local container engine has the image by its name."""


def build_image(
    name: str,
    context: Path,
    dockerfile: Path | None = None,
    *,
    tag: str | None = None,
    arguments: Mapping[str, str] | None = None,
    timeout: float,
    step: ProgressStep,
) -> Image:
    """Return the image `name`, built from `context` unless it is cached; `step` shows the build.

    Its tag is `tag`, or the hash of all its inputs. `timeout` is in seconds.

    Raises `BrokenInput` when there is no Dockerfile, `BuildFailure` when the build fails.
    """
    recipe = dockerfile or context / "Dockerfile"
    _require_recipe(name, recipe)
    values = dict(arguments or {})
    # An image from scratch does not change with the distribution.
    stands_on_base = "BASE" in recipe.read_text(encoding="utf-8")
    base = _base(step) if stands_on_base else None
    key = hash_inputs(context, recipe, json.dumps(values, sort_keys=True), *_key_of(base))

    def build_as(current: str, place: Path) -> None:
        with step.building(f"the image {name}", usual=_USUAL_SECONDS[stands_on_base]):
            write_image(
                place / "image.tar",
                f"{name}:{tag or current}",
                layers=_shelf(name),
                context=context,
                recipe=recipe,
                arguments=values,
                base=base,
                # The layers that are kept lack the updates for which it is built once more.
                anew=current != key,
                timeout=timeout,
            )

    if stands_on_base:
        place = _up_to_date(_shelf(name), key, build_as, _contents_of_image)
    else:
        place = entry(_shelf(name), key, lambda place: build_as(key, place))
    return Image(f"{name}:{tag or place.name}", place / "image.tar")


def archive_of(reference: str) -> Path | None:
    """Return the archive of an image that was built with its hash as the tag; None if missing."""
    name, _, tag = reference.partition("@")[0].rpartition(":")
    archive = cache_root() / _shelf(name) / tag / "image.tar"
    return archive if archive.is_file() else None


def build_image_with_docker(
    name: str, context: Path, dockerfile: Path | None = None, *, timeout: float, step: ProgressStep
) -> Image:
    """Return the image `name`, built by Docker on the official base unless it exists.

    Its tag is the hash of its inputs. `timeout` is in seconds.

    Raises `BrokenInput` when there is no Dockerfile, `BuildFailure` when the build fails.
    """
    recipe = dockerfile or context / "Dockerfile"
    _require_recipe(name, recipe)
    reference = f"{name}:{hash_inputs(context, recipe, 'docker')}"
    with suppress(EnvironmentFailure):
        run(["docker", "image", "inspect", reference], timeout=timeout)
        return Image(reference, None)
    command = ["docker", "build", f"--file={recipe}", f"--tag={reference}", str(context)]
    try:
        with step.building(f"the image {name}", usual=_USUAL_SECONDS[True]):
            run(command, timeout=timeout, remedy="The last lines of the build say why.")
    except EnvironmentFailure as error:
        raise BuildFailure(f"The image {reference} could not be built: {error.message}") from error
    return Image(reference, None)


def base_image(step: ProgressStep) -> Image:
    """Return the local base as an image, for pods that need only a shell."""
    base = _base(step)

    def build(place: Path) -> None:
        with step.building(f"the image {BASE_NAME}", usual=_USUAL_SECONDS[False]):
            write_base_image(base, place / "image.tar")

    return Image(BASE_NAME, entry("image-base", base.parent.name, build) / "image.tar")


def _require_recipe(name: str, recipe: Path) -> None:
    if not recipe.is_file():
        raise BrokenInput(f"{name} has no {recipe}. Try: the images setting of [tool.acceptance].")


def _key_of(base: Path | None) -> tuple[str, ...]:
    return (base.parent.name,) if base else ()


def _base(step: ProgressStep) -> Path:
    """Return the archive with the files of the base."""
    release = _release()
    sources = [Path(found) for found in _PACKAGE_SOURCES if _has_content(Path(found))][:1]
    if not sources:
        raise EnvironmentFailure(
            f"There are no package sources in {' or '.join(_PACKAGE_SOURCES)}, from which to make "
            "the base image. Try: run on Debian or Ubuntu, or with --cluster k3d."
        )

    def build(_key: str, place: Path) -> None:
        command = ["mmdebstrap", "--variant=minbase", "--quiet", release, str(place / "base.tar")]
        try:
            with step.building("the Debian base of the images", usual=_USUAL_BASE_SECONDS):
                run(
                    contained([*command, *map(str, sources)]),
                    timeout=_BASE_SECONDS,
                    # Or /etc/shadow has the day of the build.
                    env={"SOURCE_DATE_EPOCH": str(TIMESTAMP)},
                    remedy="Does the Debian mirror answer? Try: apt-get update",
                )
        except EnvironmentFailure as error:
            raise BuildFailure(f"The base image could not be made: {error.message}") from error

    key = hash_inputs("2", release, *sources)
    return _up_to_date("base", key, build, _contents_of_base) / "base.tar"


def _up_to_date(
    shelf: str,
    key: str,
    build: Callable[[str, Path], None],
    contents: Callable[[Path], ImagePackages],
) -> Path:
    """Return the entry of `key`, or a newer one if it lacks security updates.

    The key of the newer one contains the missing updates, so each set of them is built once. If the
    distribution does not answer, its last answer counts: a build may work without a network.
    """
    place = entry(shelf, key, lambda place: build(key, place))
    try:
        found = contents(place)
        updates = pending_updates(found.packages, _offered(found.sources)) if found.sources else ()
    except EnvironmentFailure:
        updates = ()
    if not updates:
        return place
    newer = hash_inputs(key, *map(str, updates))
    return entry(shelf, newer, lambda place: build(newer, place))


@cache
def _offered(sources: str) -> PackageOffer:
    """Return the offered packages; all images of a run share one request."""
    return offered_packages(sources)


def _contents_of_image(place: Path) -> ImagePackages:
    return packages_of_image(place / "image.tar")


def _contents_of_base(place: Path) -> ImagePackages:
    return packages_of_root(place / "base.tar")


def _shelf(name: str) -> str:
    return "image-" + name.rsplit("/", 1)[-1]


def _has_content(path: Path) -> bool:
    if not path.is_file():
        return False
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return any(line.strip() and not line.startswith("#") for line in lines)


def _release() -> str:
    for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    raise EnvironmentFailure("/etc/os-release names no VERSION_CODENAME. Try: --cluster k3d.")
