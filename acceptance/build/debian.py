"""Finds security updates of Debian and Ubuntu that an image lacks.

apt fetches and verifies the package lists of the image's own security sources in a separate
folder, so that the package management of this machine does not change.
"""

from __future__ import annotations

import fcntl
import io
import json
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from debian.deb822 import Deb822
from debian.debian_support import Version

from acceptance.build.cache import cache_root, entry, hash_inputs
from acceptance.build.oci import identity, read_files, read_root
from acceptance.errors import EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_STATUS = "var/lib/dpkg/status"
_SOURCES = "etc/apt/sources.list"
"""The file; with `.d/` at its end, the folder of further files."""

_FETCH_SECONDS = 60.0
_ASK_SECONDS = 10.0


@dataclass(frozen=True)
class DebianPackage:
    """An installed package."""

    name: str
    architecture: str
    version: str


@dataclass(frozen=True)
class SecurityUpdate:
    """A security update that an image lacks."""

    package: str
    installed: str
    offered: str

    def __str__(self) -> str:
        """Return the package and both versions."""
        return f"{self.package} {self.installed} (offered: {self.offered})"


@dataclass(frozen=True)
class ImagePackages:
    """The packages of an image, and its sources of security updates."""

    packages: tuple[DebianPackage, ...]
    sources: str
    """Its package sources for security updates, in apt's format; empty if there are none."""


@dataclass(frozen=True)
class PackageOffer:
    """The packages that a distribution offers now."""

    released: str
    """The date of the lists, in the distribution's format."""
    fresh: bool
    """Whether the lists were fetched now; otherwise they are from an earlier run."""
    packages: tuple[DebianPackage, ...]


def packages_of_image(archive: Path) -> ImagePackages:
    """Return the packages of the image in an OCI archive.

    The result is cached by the image's digest, because reading compressed layers is slow.

    Raises `EnvironmentFailure` when the image has no packages, such as one from scratch.
    """

    def read(place: Path) -> None:
        files = read_files(archive, _is_wanted)
        texts = {name: content.decode("utf-8", "replace") for name, content in files.items()}
        (place / "files.json").write_text(json.dumps(texts), encoding="utf-8")

    kept = entry("packages", hash_inputs(identity(archive), _STATUS, _SOURCES), read)
    return _contents(archive, json.loads((kept / "files.json").read_text(encoding="utf-8")))


def packages_of_root(archive: Path) -> ImagePackages:
    """Return the packages of a root file system in a plain archive."""
    files = read_root(archive, _is_wanted)
    return _contents(
        archive, {name: text.decode("utf-8", "replace") for name, text in files.items()}
    )


def _is_wanted(name: str) -> bool:
    return name in (_STATUS, _SOURCES) or name.startswith(f"{_SOURCES}.d/")


def _contents(archive: Path, files: Mapping[str, str]) -> ImagePackages:
    if _STATUS not in files:
        raise EnvironmentFailure(f"{archive} has no Debian packages: it has no {_STATUS}.")
    packages = tuple(
        DebianPackage(field["Package"], field["Architecture"], field["Version"])
        for field in _paragraphs(files[_STATUS])
        if field.get("Status", "").endswith(" installed")
    )
    sources = {name: text for name, text in files.items() if name != _STATUS}
    return ImagePackages(packages, security_sources(sources))


def security_sources(files: Mapping[str, str]) -> str:
    """Return the security entries of apt's source files, in the deb822 form (sources.list(5)).

    Entries in the one-line form are converted. Disabled entries are omitted.
    """
    found = []
    for name, text in sorted(files.items()):
        if name.endswith(".sources"):
            found += [
                str(field).rstrip("\n")
                for field in _paragraphs(text)
                if "-security" in field.get("Suites", "") and field.get("Enabled") != "no"
            ]
        else:
            line = r"(?m)^deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+-security\S*)\s+(.+)$"
            for options, uri, suite, components in re.findall(line, text):
                signed = re.search(r"signed-by=(\S+)", options)
                extra = f"\nSigned-By: {signed[1]}" if signed else ""
                found.append(
                    f"Types: deb\nURIs: {uri}\nSuites: {suite}\nComponents: {components}{extra}"
                )
    return "\n\n".join(found) + "\n" if found else ""


def offered_packages(sources: str) -> PackageOffer:
    """Return the packages that `sources` offer now, or the last known ones if they do not answer.

    Raises `EnvironmentFailure` when there is no apt, or the sources never answered.
    """
    if shutil.which("apt-get") is None:
        message = "Fetching package lists needs apt-get. Try: run on Debian or Ubuntu."
        raise EnvironmentFailure(message)
    folder = cache_root() / "apt" / hash_inputs(sources)
    for name in ("lists/partial", "archives/partial", "sources"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "sources" / "image.sources").write_text(sources, encoding="utf-8")
    command = ["apt-get", *_options(folder)]
    with (folder / "turn").open("w") as turn:
        # Images are built at the same time, but apt allows one process per folder.
        fcntl.flock(turn, fcntl.LOCK_EX)
        fresh = True
        try:
            run([*command, "update", "-q"], timeout=_FETCH_SECONDS)
        except EnvironmentFailure:
            if not _lists(command):
                raise
            fresh = False
        texts = [path.read_text(encoding="utf-8") for path in _lists(command)]
        released = [
            field["Date"]
            for path in sorted((folder / "lists").glob("*Release"))
            for field in _paragraphs(path.read_text(encoding="utf-8", errors="replace"))
            if "Date" in field
        ]
    packages = tuple(
        DebianPackage(field["Package"], field["Architecture"], field["Version"])
        for text in texts
        for field in _paragraphs(text)
    )
    return PackageOffer(", ".join(released) or "unknown", fresh, packages)


def pending_updates(
    packages: Iterable[DebianPackage], offer: PackageOffer
) -> tuple[SecurityUpdate, ...]:
    """Return the offered security updates that are newer than the installed packages."""
    installed = {(each.name, each.architecture): each.version for each in packages}
    best: dict[str, SecurityUpdate] = {}
    for each in offer.packages:
        present = installed.get((each.name, each.architecture))
        if present is None or present == each.version:
            continue
        known = best[each.name].offered if each.name in best else present
        if Version(each.version) > Version(known):
            best[each.name] = SecurityUpdate(each.name, present, each.version)
    return tuple(best[name] for name in sorted(best))


def _lists(command: list[str]) -> list[Path]:
    """Return apt's package lists, in its own format."""
    asked = run([*command, "indextargets", "--format", "$(FILENAME)", "Created-By: Packages"],
                timeout=_ASK_SECONDS)  # fmt: skip
    return [path for line in asked.stdout.splitlines() if (path := cache_root() / line).is_file()]


def _options(folder: Path) -> list[str]:
    """Return options with which apt works in `folder`, but uses this machine's network settings."""
    settings = {
        "Dir::State": folder,
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": folder,
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": folder / "sources",
        "Acquire::http::Timeout": "10",
        "Acquire::https::Timeout": "10",
        "Acquire::Languages": "none",
        "Acquire::GzipIndexes": "false",
        "APT::Sandbox::User": "root",
        # Otherwise an unreachable source is only a warning, and apt keeps the old list.
        "APT::Update::Error-Mode": "any",
    }
    return [f"--option={name}={value}" for name, value in settings.items()]


def _paragraphs(text: str) -> Iterator[Deb822]:
    """Yield the paragraphs of a control file (deb822(5)), signed or not."""
    return Deb822.iter_paragraphs(io.StringIO(text))
