from __future__ import annotations

import os
from pathlib import Path

import pytest

from acceptance.build.debian import (
    DebianPackage,
    PackageOffer,
    offered_packages,
    packages_of_image,
    pending_updates,
    security_sources,
)
from acceptance.build.oci import read_files
from acceptance.errors import EnvironmentFailure
from tests.fakes.image_archive import write_image
from tests.fakes.recorded import scanners
from tests.fakes.recorded.apt import RecordedApt

STATUS = "var/lib/dpkg/status"


@pytest.fixture(autouse=True)
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordedApt:
    """A recorded apt-get, first in PATH, and a cache of the test's own."""
    folder = tmp_path / "bin"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return RecordedApt(folder)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An image with packages and sources of packages."""
    path = tmp_path / "image.tar"
    files = {
        STATUS: scanners.DPKG_STATUS.encode(),
        "etc/apt/sources.list.d/debian.sources": scanners.DEBIAN_SOURCES.encode(),
    }
    write_image(path, {STATUS: b"of the base", "./etc/hostname": b"x"}, files)
    return path


def test_files_are_as_the_uppermost_layer_leaves_them(tmp_path: Path) -> None:
    """What a layer replaces or takes away is not what a container sees."""
    path = tmp_path / "image.tar"
    write_image(
        path,
        {"a": b"1", "b": b"1", "folder/c": b"1", "folderish": b"1", "emptied/d": b"1"},
        {"./a": b"2", ".wh.b": b"", ".wh.folder": b""},
        {"emptied/e": b"3", "emptied/.wh..wh..opq": b"", "emptied/f": b"3"},
    )
    assert read_files(path, lambda _: True) == {
        "a": b"2",
        "folderish": b"1",
        "emptied/e": b"3",
        "emptied/f": b"3",
    }


def test_what_is_no_image_is_told(tmp_path: Path) -> None:
    """With the way out: what lies in the cache can be built again."""
    path = tmp_path / "image.tar"
    path.write_bytes(b"no archive")
    with pytest.raises(
        EnvironmentFailure, match=r"image\.tar is not an image: .*\. Try: make clean-cache"
    ):
        read_files(path, lambda _: True)


def test_an_image_says_what_is_installed_and_where_updates_are(image: Path) -> None:
    """A package that was removed is not installed; only sources for security are named."""
    contents = packages_of_image(image)
    assert [each.name for each in contents.packages] == ["libc6", "tzdata"]
    assert "bookworm-security" in contents.sources
    assert "bookworm-updates" not in contents.sources


def test_an_image_without_packages_is_told(tmp_path: Path) -> None:
    """Nothing can be said about an image from scratch."""
    path = tmp_path / "image.tar"
    write_image(path, {"program": b"x"})
    with pytest.raises(EnvironmentFailure, match="has no Debian packages"):
        packages_of_image(path)


def test_sources_in_one_line_count_too() -> None:
    """With the key that they name; what is commented out or switched off does not."""
    text = (
        "# deb http://a x-security main\n"
        "deb [arch=amd64 signed-by=/k.gpg] http://s jammy-security main universe\n"
        "deb http://a jammy main\n"
    )
    assert security_sources({"etc/apt/sources.list": text}) == (
        "Types: deb\nURIs: http://s\nSuites: jammy-security\n"
        "Components: main universe\nSigned-By: /k.gpg\n"
    )
    off = scanners.DEBIAN_SOURCES.replace("Types: deb", "Enabled: no\nTypes: deb")
    assert security_sources({"etc/apt/sources.list.d/debian.sources": off}) == ""


def test_only_what_is_newer_is_pending(image: Path) -> None:
    """The newest version that is offered, of what is installed; once."""
    contents = packages_of_image(image)
    offer = offered_packages(contents.sources)
    assert offer.fresh
    assert offer.released == "Mon, 23 Nov 2026 11:22:37 UTC"
    (update,) = pending_updates(contents.packages, offer)
    assert str(update) == "libc6 2.36-9+deb12u10 (offered: 2.36-9+deb12u14)"
    up_to_date = [DebianPackage("libc6", "amd64", "2.36-9+deb12u14")]
    assert pending_updates(up_to_date, offer) == ()


def test_old_lists_are_told_from_new_ones(image: Path, apt: RecordedApt) -> None:
    """Without an answer the last lists are used, and it is said that they are not of now."""
    sources = packages_of_image(image).sources
    apt.go_away()
    with pytest.raises(EnvironmentFailure, match="Failed to fetch"):
        offered_packages(sources)
    apt.come_back()
    assert offered_packages(sources).fresh
    apt.go_away()
    assert not offered_packages(sources).fresh
    assert offered_packages(sources).packages


def test_without_apt_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said so, instead of finding nothing."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EnvironmentFailure, match="needs apt-get"):
        offered_packages("Types: deb\n")


def test_a_key_of_many_lines_stays_whole() -> None:
    """Without it apt would not believe what the source says."""
    text = (
        "# made by an image builder\n"
        "Types: deb\nURIs: http://s\nSuites: trixie-security\nComponents: main\n"
        "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n"
    )
    found = security_sources({"etc/apt/sources.list.d/debian.sources": text})
    assert found.endswith("Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n")


@pytest.mark.parametrize(
    ("installed", "offered", "newer"),
    [
        ("1.0-1", "1:0.9-1", True),  # an epoch comes before everything
        ("1.0~rc1-1", "1.0-1", True),  # a tilde comes before nothing
        ("1.10-1", "1.9-1", False),
        ("2.0-1+deb12u9", "2.0-1+deb12u10", True),
    ],
)
def test_versions_are_compared_as_debian_does(installed: str, offered: str, newer: bool) -> None:
    """deb-version(7): neither as texts nor as decimal numbers."""
    offer = PackageOffer("today", fresh=True, packages=(DebianPackage("x", "all", offered),))
    assert bool(pending_updates([DebianPackage("x", "all", installed)], offer)) is newer
