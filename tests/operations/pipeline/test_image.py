from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.build import oci
from acceptance.build.images import Image
from acceptance.errors import BrokenInput
from acceptance.progress import ProgressStep
from operations.pipeline import image
from operations.pipeline.history import History
from operations.pipeline.parts import BACKEND
from tests.fakes.image_archive import write_image
from tests.support.repositories import Workshop


@pytest.fixture
def builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The files that each build got; the first builds, the next find it cached."""
    seen: list[dict[str, str]] = []

    def build(name: str, context: Path, *, timeout: float, step: ProgressStep) -> Image:
        assert timeout
        seen.append({each.name: each.read_text() for each in context.iterdir()})
        archive = tmp_path / "cached.tar"
        if not archive.exists():
            with step.building("the image", usual=1):
                write_image(archive, {"app": b"x"})
        return Image(f"{name}:abc", archive)

    monkeypatch.setattr(image, "build_image", build)
    monkeypatch.setattr(image, "_docker_answers", lambda: False)
    return seen


def test_an_image_is_built_from_the_committed_files(
    workshop: Workshop,
    history: History,
    builds: list[dict[str, str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Ignored ones are not in it; the digest is told to people and to the workflow."""
    workshop.write(".gitignore", ".env\n")
    workshop.write("checkout/backend/Dockerfile", "FROM scratch\n")
    commit = workshop.commit("Begin")
    workshop.write("checkout/backend/.env", "a secret")
    output, told = tmp_path / "image", {"GITHUB_OUTPUT": str(tmp_path / "outputs")}
    for word in ("built", "cached"):
        image.build(BACKEND, history, told, output)
        digest = oci.identity(output / image.ARCHIVE)
        assert capsys.readouterr().out.splitlines() == [
            f"backend: {word} localhost/checkout-backend:abc",
            f"backend: digest {digest}",
        ]
    assert builds == [{"Dockerfile": "FROM scratch\n"}] * 2
    assert (tmp_path / "outputs").read_text() == f"digest={digest}\n" * 2
    assert image.read_image(output) == image.BuiltImage("backend", commit, digest)


def test_no_image_is_built_from_files_that_are_not_committed(
    workshop: Workshop, history: History, builds: list[dict[str, str]], tmp_path: Path
) -> None:
    """Changed and new ones are named; those of other parts do not matter."""
    workshop.write("checkout/backend/Dockerfile", "FROM scratch\n")
    workshop.commit("Begin")
    workshop.write("checkout/frontend/new.ts", "a")
    image.build(BACKEND, history, {}, tmp_path / "image")
    workshop.write("checkout/backend/Dockerfile", "FROM debian\n")
    workshop.write("checkout/backend/new.py", "a")
    named = "these are not: checkout/backend/Dockerfile, checkout/backend/new.py"
    with pytest.raises(BrokenInput, match=named):
        image.build(BACKEND, history, {}, tmp_path / "image")
    assert len(builds) == 1


def test_an_image_that_was_replaced_is_not_read(
    workshop: Workshop, history: History, builds: list[dict[str, str]], tmp_path: Path
) -> None:
    """Its digest is not the one that was built."""
    workshop.write("checkout/backend/Dockerfile", "FROM scratch\n")
    workshop.commit("Begin")
    image.build(BACKEND, history, {}, tmp_path / "image")
    (tmp_path / "image" / image.ARCHIVE).unlink()
    write_image(tmp_path / "image" / image.ARCHIVE, {"app": b"another"})
    with pytest.raises(BrokenInput, match="was built"):
        image.read_image(tmp_path / "image")
    with pytest.raises(BrokenInput, match="has no built image"):
        image.read_image(tmp_path)
    assert builds
