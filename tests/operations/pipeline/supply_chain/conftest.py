from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import pytest

from acceptance.build import oci
from operations.pipeline.image import ARCHIVE, BuiltImage
from tests.fakes.image_archive import write_image

COMMIT = "c" * 40
STATUS = b"""\
Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9

"""
SOURCES = b"""\
Types: deb
URIs: https://deb.invalid/debian-security
Suites: bookworm-security
Components: main
"""
FILES = {
    "var/lib/dpkg/status": STATUS,
    "etc/apt/sources.list.d/debian.sources": SOURCES,
}

Build = Callable[..., Path]


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Makes a folder with a built image of the backend, which has the layers that are given."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def make(*layers: Mapping[str, bytes]) -> Path:
        folder = tmp_path / "image"
        folder.mkdir()
        write_image(folder / ARCHIVE, *layers)
        note = BuiltImage("backend", COMMIT, oci.identity(folder / ARCHIVE))
        (folder / "image.json").write_text(json.dumps(asdict(note)))
        return folder

    return make
