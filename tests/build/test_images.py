from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from acceptance.build import images
from acceptance.build.debian import DebianPackage, ImagePackages, PackageOffer
from acceptance.build.images import Image, archive_of, build_image, build_image_with_docker
from acceptance.errors import BrokenInput, BuildFailure, EnvironmentFailure
from acceptance.progress import Progress, ProgressStep

DOCKER = """#!/bin/sh
# Knows the images of which there is a file; as docker's reference has it, inspect fails for others.
cd "$(dirname "$0")"
echo "$*" >> calls
case "$1" in
    image) [ -e "known/$(echo "$3" | tr / _)" ] || { echo "No such image: $3" >&2; exit 1; } ;;
    build) [ ! -e broken ] || { echo "failed to solve: exit code: 2" >&2; exit 1; }
           for last; do :; done
           tag=$(echo "$*" | sed 's/.*--tag=\\([^ ]*\\).*/\\1/' | tr / _); touch "known/$tag" ;;
    *) exit 64 ;;
esac
"""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a docker that remembers its calls, first in PATH."""
    folder = tmp_path / "bin"
    (folder / "known").mkdir(parents=True)
    program = folder / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A folder with a Dockerfile."""
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text("ARG BASE=debian:bookworm-slim\nFROM ${BASE}\n")
    return folder


@pytest.fixture
def step() -> Iterator[ProgressStep]:
    """A step that is told of builds."""
    with Progress(1, stream=io.StringIO()).step("Images", cacheable=True) as step:
        yield step


def test_docker_builds_an_image_once(docker: Path, context: Path, step: ProgressStep) -> None:
    """The second run finds the image by its name, which is the hash of what it is made of."""
    first = build_image_with_docker("localhost/app", context, timeout=10, step=step)
    assert step.built == 1
    again = build_image_with_docker("localhost/app", context, timeout=10, step=step)
    assert step.built == 1
    assert first == again
    assert first.archive is None
    calls = (docker / "calls").read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["image", "build", "image"]
    assert f"--tag={first.reference}" in calls[1]
    (context / "Dockerfile").write_text("FROM scratch\n")
    assert build_image_with_docker("localhost/app", context, timeout=10, step=step) != first


def test_a_docker_build_that_fails_says_which_image(
    docker: Path, context: Path, step: ProgressStep
) -> None:
    """The sentence names the image and ends with what docker said."""
    (docker / "broken").touch()
    with pytest.raises(
        BuildFailure, match=r"(?s)localhost/app:.*could not be built.*failed to sol"
    ):
        build_image_with_docker("localhost/app", context, timeout=10, step=step)


@pytest.mark.parametrize("build", [build_image, build_image_with_docker])
def test_a_folder_without_a_dockerfile_is_broken_input(
    build: Callable[..., Image], tmp_path: Path, step: ProgressStep
) -> None:
    """Both ways to build point to the setting that names the folder."""
    with pytest.raises(BrokenInput, match="images setting"):
        build("localhost/app", tmp_path, timeout=10, step=step)


def test_an_image_is_built_anew_when_a_security_update_comes_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for each set of updates; what does not change its packages changes nothing."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    built: list[str] = []

    def build(key: str, place: Path) -> None:
        built.append(key)
        (place / "image.tar").touch()

    def contents(place: Path) -> ImagePackages:
        # What was built first has the old package for ever: the cache is never written again.
        version = "1" if place.name == "0" * 16 else "2"
        return ImagePackages((DebianPackage("libc6", "amd64", version),), "Types: deb\n")

    def offers(*versions: str) -> Callable[[str], PackageOffer]:
        packages = tuple(DebianPackage("libc6", "amd64", each) for each in versions)
        return lambda _: PackageOffer("today", fresh=True, packages=packages)

    def place() -> Path:
        return images._up_to_date("image-app", "0" * 16, build, contents)

    monkeypatch.setattr(images, "_offered", offers("1"))
    first = place()
    assert place() == first
    monkeypatch.setattr(images, "_offered", offers("1", "2"))
    second = place()
    assert second != first
    assert place() == second
    monkeypatch.setattr(images, "_offered", offers("1", "2", "3"))
    assert place() not in {first, second}
    assert len(built) == 3
    assert archive_of(f"localhost/app:{second.name}") == second / "image.tar"
    assert archive_of("localhost/app:never-built") is None


def test_an_image_is_built_where_nobody_can_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a network a second run still starts; the scan is where that is told."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def nobody(_: str) -> PackageOffer:
        raise EnvironmentFailure("The mirror does not answer.")

    monkeypatch.setattr(images, "_offered", nobody)
    found = images._up_to_date(
        "image-app",
        "0" * 16,
        lambda _key, place: (place / "image.tar").touch(),
        lambda _: ImagePackages((), "Types: deb\n"),
    )
    assert found.name == "0" * 16
