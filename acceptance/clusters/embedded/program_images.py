"""Builds the images of the embedded cluster's own pods, and of the stacks that run on it."""

from __future__ import annotations

import json
import re
import shutil
import sysconfig
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build.cache import entry, hash_inputs
from acceptance.build.images import Image, base_image, build_image, build_image_with_docker
from acceptance.build.manifests import name_of
from acceptance.clusters.embedded.binaries import build_binaries
from acceptance.clusters.embedded.node_layout import PAUSE_IMAGE
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.machine import find_program
from acceptance.process import workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acceptance.progress import ProgressStep
    from acceptance.settings import Timeouts

_SCRIPTS = Path(sysconfig.get_path("scripts"))
TRAEFIK = "3.7.15"
CERT_MANAGER = "1.21.2"
LOCAL = "localhost/"
"""The registry in the names of images that are built on this machine."""


def build_node_images(node: Path, timeouts: Timeouts, step: ProgressStep) -> tuple[Image, ...]:
    """Return the images of the node's own pods, built unless they are cached."""
    pause_name, _, pause_tag = PAUSE_IMAGE.rpartition(":")

    def pause() -> Path:
        program = find_program("catatonit")
        if program is None:
            raise EnvironmentFailure("catatonit is not installed. Try: apt-get install catatonit")
        return Path(program)

    def own(module: str) -> Callable[[], Path]:
        return lambda: build_binaries(node, module, timeouts, step) / module

    def image(name: str, tag: str, program: Callable[[], Path], *arguments: str) -> Image:
        return _program_image(name, tag, program(), arguments, timeouts=timeouts, step=step)

    wanted: tuple[Callable[[], Image], ...] = (
        partial(image, "localhost/cert-manager", CERT_MANAGER, own("cert-manager")),
        partial(image, "localhost/coredns", "1.14.3", own("coredns")),
        partial(image, "localhost/local-path-provisioner", "0.0.30", own("local-path-provisioner")),
        partial(image, "localhost/traefik", TRAEFIK, lambda: _SCRIPTS / "traefik"),
        partial(image, pause_name, pause_tag, pause, "-P"),
        partial(base_image, step),
    )
    with workers(len(wanted)) as pool:
        return tuple(pool.map(lambda build: build(), wanted))


def build_stack_images(
    node: Path, references: Sequence[str], timeouts: Timeouts, step: ProgressStep
) -> tuple[Image, ...]:
    """Return the images that `references` name, built unless they are cached.

    localhost/prometheus:0.316.0 is built from the folder node/prometheus: from its Dockerfile, else
    from the Go module that its go.mod pins. It contains the first program of that at its root, and
    the others, which probes and people run beside it, in /bin.

    Raises `BrokenInput` for an image that has no folder, `BuildFailure` when one cannot be built.
    """

    def build(reference: str) -> Image:
        name, tag = name_of(reference), reference.rpartition(":")[2]
        program = name.removeprefix(LOCAL)
        folder = node / program
        if (folder / "Dockerfile").is_file():
            return build_image(name, folder, timeout=timeouts.image_build, step=step)
        if not name.startswith(LOCAL) or not (folder / "go.mod").is_file():
            raise BrokenInput(
                f"The image {reference} can be built from nothing: there is no {folder} with a "
                "Dockerfile or go.mod. Try: git status"
            )
        built = build_binaries(node, program, timeouts, step)
        first, *beside = (built / each for each in _files_of(folder))
        return _program_image(name, tag, first, (), beside=beside, timeouts=timeouts, step=step)

    with workers(max(1, len(references))) as pool:
        return tuple(pool.map(build, references))


def build_stack_images_with_docker(
    node: Path, references: Sequence[str], timeouts: Timeouts, step: ProgressStep
) -> tuple[Image, ...]:
    """Return the images that `references` name, built by Docker from the Dockerfiles in `node`.

    Raises `BrokenInput` for an image without a Dockerfile, `BuildFailure` when a build fails.
    """

    def build(reference: str) -> Image:
        name = name_of(reference)
        folder = node / name.removeprefix(LOCAL)
        return build_image_with_docker(name, folder, timeout=timeouts.image_build, step=step)

    with workers(max(1, len(references))) as pool:
        return tuple(pool.map(build, references))


def _files_of(folder: Path) -> tuple[str, ...]:
    """Return the file names of the programs that `folder`/go.mod pins."""
    text = (folder / "go.mod").read_text(encoding="utf-8")
    several = re.search(r"^tool \(\n(.*?)^\)", text, re.MULTILINE | re.DOTALL)
    found = several[1].split() if several else re.findall(r"^tool (\S+)", text, re.MULTILINE)
    return tuple(each.rpartition("/")[2] for each in found) or (folder.name,)


def _program_image(
    name: str,
    tag: str,
    program: Path,
    arguments: Sequence[str],
    *,
    beside: Sequence[Path] = (),
    timeouts: Timeouts,
    step: ProgressStep,
) -> Image:
    """Return an image that contains one static program only, and those `beside` it in /bin."""
    for each in (program, *beside):
        if not each.is_file():
            raise EnvironmentFailure(f"{each} is missing, for the image {name}. Try: make setup")
    entrypoint = json.dumps([f"/{program.name}", *arguments])

    def prepare(place: Path) -> None:
        shutil.copy2(program, place / program.name)
        text = f"FROM scratch\nCOPY {program.name} /{program.name}\n"
        for each in beside:
            shutil.copy2(each, place / each.name)
            text += f"COPY {each.name} /bin/{each.name}\n"
        (place / "Dockerfile").write_text(f"{text}ENTRYPOINT {entrypoint}\n", encoding="utf-8")

    shelf = "context-" + name.rsplit("/", 1)[-1]
    context = entry(shelf, hash_inputs(program, *beside, entrypoint), prepare)
    return build_image(name, context, tag=tag, timeout=timeouts.image_build, step=step)
