"""`operations pipeline image`: builds the image of a part from committed files alone."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build import oci
from acceptance.build.images import Image, build_image, build_image_with_docker
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.process import PROMPT_SECONDS, run
from acceptance.progress import Progress
from operations.pipeline.outputs import give_output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.progress import ProgressStep
    from operations.pipeline.history import History
    from operations.pipeline.parts import Part

ARCHIVE = "image.tar"
_NOTE = "image.json"
_SECONDS = 1200.0
_SHOWN = 5


@dataclass(frozen=True)
class BuiltImage:
    """The image in a folder, as its note describes it."""

    part: str
    commit: str
    digest: str
    """Of its manifest, as `sha256:…`."""


def build(part: Part, history: History, environment: Mapping[str, str], output: Path) -> None:
    """Build the image of `part` into the folder `output`, and give the output `digest`.

    Prints whether it was built or cached. A cached one has the same inputs.

    Raises `BrokenInput` when files of the part are not committed, `BuildFailure` when the build
    fails.
    """
    uncommitted = history.uncommitted(part.folder)
    if uncommitted:
        more = f" and {len(uncommitted) - _SHOWN} more" if len(uncommitted) > _SHOWN else ""
        files = ", ".join(uncommitted[:_SHOWN])
        raise BrokenInput(
            f"The image of the {part.name} is built from committed files only, and these are not: "
            f"{files}{more}. Try: git status"
        )
    commit = history.head()
    with tempfile.TemporaryDirectory(prefix="pipeline-image-") as temporary:
        # Files that git ignores are not in it either.
        folder = history.export(commit, part.folder, Path(temporary))
        if folder is None:
            raise BrokenInput(f"The commit {commit[:12]} has no {part.folder}.")
        with Progress(1).step(f"Image of the {part.name}", cacheable=True) as step:
            image = _build(part, folder, step)
    output.mkdir(parents=True, exist_ok=True)
    archive = output / ARCHIVE
    archive.unlink(missing_ok=True)
    _store(image, archive)
    digest = oci.identity(archive)
    note = json.dumps(asdict(BuiltImage(part.name, commit, digest)))
    (output / _NOTE).write_text(note, encoding="utf-8")
    print(f"{part.name}: {'built' if step.built else 'cached'} {image.reference}")
    print(f"{part.name}: digest {digest}")
    give_output(environment, "digest", digest)


def read_image(folder: Path) -> BuiltImage:
    """Return what the image in `folder` is; its archive has to be the one that was built.

    Raises `BrokenInput` when there is none, or another one.
    """
    try:
        built = BuiltImage(**json.loads((folder / _NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BrokenInput(
            f"{folder} has no built image: {error}. Try: operations pipeline image"
        ) from error
    found = oci.identity(folder / ARCHIVE)
    if found != built.digest:
        raise BrokenInput(f"The image in {folder} is {found}, and {built.digest} was built.")
    return built


def _build(part: Part, folder: Path, step: ProgressStep) -> Image:
    if _docker_answers():
        return build_image_with_docker(part.image, folder, timeout=_SECONDS, step=step)
    return build_image(part.image, folder, timeout=_SECONDS, step=step)


def _docker_answers() -> bool:
    with suppress(EnvironmentFailure):
        run(["docker", "version"], timeout=PROMPT_SECONDS)
        return True
    return False


def _store(image: Image, archive: Path) -> None:
    """Put the image's OCI archive in its place."""
    if image.archive is None:
        command = ["docker", "save", f"--output={archive}", image.reference]
        run(command, timeout=_SECONDS)
        return
    try:
        os.link(image.archive, archive)  # nothing writes into the cache or into the output
    except OSError:
        shutil.copyfile(image.archive, archive)
