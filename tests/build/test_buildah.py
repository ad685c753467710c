from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from acceptance.build import buildah
from acceptance.build.buildah import write_image
from acceptance.errors import BuildFailure
from acceptance.process import Completed, ProgramFailed


class RecordedBuildah:
    """Answers instead of buildah, and leaves a layer in its store."""

    def __init__(self) -> None:
        """Succeed until told otherwise."""
        self.commands: list[list[str]] = []
        self.fails = False

    def __call__(self, command: Sequence[str | Path], **_: object) -> Completed:
        """Record the call."""
        words = list(map(str, command))
        if words[0] == "stat":
            return Completed("ext2/ext3\n", "", 0.0, 0)
        self.commands.append(words)
        root = next(Path(w.partition("=")[2]) for w in words if w.startswith("--root="))
        layer = root / "overlay" / str(len(self.commands))
        layer.mkdir(parents=True)
        if self.fails and "push" in words:
            raise ProgramFailed("buildah failed with exit code 1.")
        return Completed("", "", 0.0, 0)

    @property
    def verbs(self) -> list[str]:
        """What was called."""
        return [word for words in self.commands for word in words if word in {"bud", "push"}]


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordedBuildah:
    """No buildah, and a cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = RecordedBuildah()
    monkeypatch.setattr(buildah, "run", found)
    monkeypatch.setattr(buildah, "contained", list)
    return found


def build(folder: Path, *, base: bool = True, anew: bool = False) -> None:
    """Build an image into a folder."""
    place = folder / "place"
    place.mkdir(exist_ok=True)
    (folder / "base.tar").touch()
    write_image(
        place / "image.tar",
        "localhost/app:1",
        layers="image-app",
        context=folder,
        recipe=folder / "Dockerfile",
        arguments={"VERSION": "2"},
        base=folder / "base.tar" if base else None,
        anew=anew,
        timeout=1,
    )


def kept(folder: Path) -> list[str]:
    """Return the layers that are kept, by their numbers."""
    found = (folder / "cache/checkout-acceptance/layers/image-app/root").glob("overlay/*")
    return sorted(each.name for each in found)


def test_layers_on_the_base_are_kept(recorded: RecordedBuildah, tmp_path: Path) -> None:
    """For the next build of the image, which buildah is told to use them in."""
    build(tmp_path)
    assert recorded.verbs == ["bud", "bud", "push"]
    assert all("--layers" in words for words in recorded.commands[:2])
    assert "--build-arg=VERSION=2" in recorded.commands[1]
    build(tmp_path)
    assert kept(tmp_path) == ["1", "2", "3", "4", "5", "6"]


def test_layers_without_security_updates_are_not_used_again(
    recorded: RecordedBuildah, tmp_path: Path
) -> None:
    """An image that is built for updates begins anew, and so does one of very many layers."""
    build(tmp_path)
    build(tmp_path, anew=True)
    assert kept(tmp_path) == ["4", "5", "6"]
    for number in range(200):
        (tmp_path / f"cache/checkout-acceptance/layers/image-app/root/overlay/x{number}").mkdir()
    build(tmp_path)
    assert kept(tmp_path) == ["7", "8", "9"]
    assert recorded.verbs.count("push") == 3


def test_layers_of_a_build_that_failed_are_deleted(
    recorded: RecordedBuildah, tmp_path: Path
) -> None:
    """What it has left may be damaged."""
    recorded.fails = True
    with pytest.raises(BuildFailure, match="localhost/app:1 could not be built"):
        build(tmp_path)
    assert kept(tmp_path) == []


def test_an_image_from_scratch_keeps_no_layers(recorded: RecordedBuildah, tmp_path: Path) -> None:
    """It has one, with a program that has just been compiled."""
    build(tmp_path, base=False)
    assert recorded.verbs == ["bud", "push"]
    assert kept(tmp_path) == []
    assert not (tmp_path / "place" / "store").exists()
