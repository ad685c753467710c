"""Scans images for missing security updates, and for vulnerabilities with Trivy."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build.debian import offered_packages, packages_of_image, pending_updates
from acceptance.build.images import archive_of
from acceptance.domains.delivery.drivers.scanners.facts import (
    ScanFinding,
    ScannerFacts,
    fingerprint,
)
from acceptance.domains.delivery.drivers.scanners.running import answer_of, version_of
from acceptance.errors import EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UPDATES = "security updates"
TRIVY = "trivy"


def scan_updates(references: Sequence[str], *, timeout: float) -> ScannerFacts:
    """Compare the packages in the images with the security updates that are available now.

    Raises `EnvironmentFailure` when an image cannot be read, has no apt source of security updates,
    or its source does not answer.
    """
    started = time.monotonic()
    findings, notes, packages = [], [], 0
    for reference, archive in archives(references, timeout):
        contents = packages_of_image(archive)
        if not contents.sources:
            raise EnvironmentFailure(f"{reference} has no apt source of security updates.")
        if not contents.packages:
            raise EnvironmentFailure(f"{reference} has no list of its packages.")
        offer = offered_packages(contents.sources)
        if not offer.fresh:
            raise EnvironmentFailure(
                f"The apt source of security updates of {reference} does not answer; "
                f"its last lists are of {offer.released}."
            )
        packages += len(contents.packages)
        notes.append(f"{reference}: {len(contents.packages)} packages, lists of {offer.released}")
        findings += [
            ScanFinding(
                UPDATES,
                "pending",
                f"{_name(reference)}/{update.package}",
                f"the security update {update.offered} of {update.package} is not installed",
                fingerprint=fingerprint(update.package, update.offered),
            )
            for update in pending_updates(contents.packages, offer)
        ]
    return ScannerFacts(
        UPDATES,
        "images",
        version_of(["apt-get", "--version"], timeout=timeout),
        scanned=packages,
        unit="packages",
        findings=tuple(findings),
        seconds=round(time.monotonic() - started, 1),
        notes=tuple(notes),
    )


def scan_with_trivy(references: Sequence[str], *, timeout: float) -> ScannerFacts:
    """Scan the images with Trivy.

    Raises `EnvironmentFailure` when Trivy is not in PATH, or cannot get its database.
    """
    if shutil.which(TRIVY) is None:
        raise EnvironmentFailure("trivy is not installed.")
    started = time.monotonic()
    findings: list[ScanFinding] = []
    packages = 0
    for reference, archive in archives(references, timeout):
        with tempfile.TemporaryDirectory(prefix="acceptance-trivy-") as temporary:
            layout = Path(temporary)
            with tarfile.open(archive) as image:
                image.extractall(layout, filter="data")
            command = [TRIVY, "image", "--input", ".", "--format=json", "--quiet"]
            command += ["--scanners=vuln", "--list-all-pkgs"]
            answer, _ = answer_of(TRIVY, command, cwd=layout, timeout=timeout)
        for target in answer.get("Results") or []:
            packages += len(target.get("Packages") or [])
            findings += [
                ScanFinding(
                    TRIVY,
                    each["VulnerabilityID"],
                    f"{_name(reference)}/{each['PkgName']}",
                    each.get("Title") or f"a vulnerability of {each['PkgName']}",
                    severity=each["Severity"],
                    fingerprint=fingerprint(each["VulnerabilityID"], each["PkgName"]),
                )
                for each in target.get("Vulnerabilities") or []
            ]
    return ScannerFacts(
        TRIVY,
        "images",
        version_of([TRIVY, "--version"], timeout=timeout),
        scanned=packages,
        unit="packages",
        findings=tuple(findings),
        seconds=round(time.monotonic() - started, 1),
    )


def archives(references: Sequence[str], timeout: float) -> Iterator[tuple[str, Path]]:
    """Yield each image with its archive: from the build cache, else as Docker saves it.

    Raises `EnvironmentFailure` when there are no images, or an image is in neither place.
    """
    if not references:
        raise EnvironmentFailure("The release has no image.")
    for reference in references:
        archive = archive_of(reference)
        if archive is not None:
            yield reference, archive
            continue
        with tempfile.TemporaryDirectory(prefix="acceptance-image-") as temporary:
            saved = Path(temporary) / "image.tar"
            tagged = reference.partition("@")[0]  # Docker's digest may be another one
            try:
                run(["docker", "save", f"--output={saved}", tagged], timeout=timeout)
            except EnvironmentFailure as error:
                message = f"{reference} is not on this machine, so it cannot be scanned."
                raise EnvironmentFailure(message) from error
            yield reference, saved


def _name(reference: str) -> str:
    """Return the image's name without its tag, which changes with every build."""
    return reference.rpartition("/")[2].partition(":")[0]
