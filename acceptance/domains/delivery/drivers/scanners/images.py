"""What is inside the images: security updates that they lack, and Trivy's vulnerabilities."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build.debian import contents_of, offered, pending
from acceptance.build.images import archive_of
from acceptance.domains.delivery.drivers.scanners.facts import Finding, ScanFacts, fingerprint
from acceptance.domains.delivery.drivers.scanners.running import answer_of, version_of
from acceptance.errors import EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UPDATES = "security updates"
TRIVY = "trivy"


def scan_updates(references: Sequence[str], *, timeout: float) -> ScanFacts:
    """Compare the packages in the images with the security updates that are offered now.

    Raises `EnvironmentFailure` when an image cannot be looked into, names no source of security
    updates, or its source does not answer now.
    """
    started = time.monotonic()
    findings, notes, packages = [], [], 0
    for reference, archive in archives(references, timeout):
        contents = contents_of(archive)
        if not contents.sources:
            raise EnvironmentFailure(f"{reference} has no source of security updates for apt.")
        if not contents.packages:
            raise EnvironmentFailure(f"{reference} has no list of the packages that are in it.")
        offer = offered(contents.sources)
        if not offer.fresh:
            raise EnvironmentFailure(
                f"The source of security updates of {reference} does not answer; "
                f"its last lists are of {offer.released}."
            )
        packages += len(contents.packages)
        notes.append(f"{reference}: {len(contents.packages)} packages, lists of {offer.released}")
        findings += [
            Finding(
                UPDATES,
                "pending",
                f"{_name(reference)}/{update.package}",
                f"the security update {update.offered} of {update.package} is not installed",
                fingerprint=fingerprint(update.package, update.offered),
            )
            for update in pending(contents.packages, offer)
        ]
    return ScanFacts(
        UPDATES,
        "images",
        version_of(["apt-get", "--version"], timeout=timeout),
        looked_at=packages,
        things="packages",
        findings=tuple(findings),
        seconds=round(time.monotonic() - started, 1),
        notes=tuple(notes),
    )


def scan_with_trivy(references: Sequence[str], *, timeout: float) -> ScanFacts:
    """Scan the images with Trivy, if it is in PATH and can have its database.

    Raises `EnvironmentFailure` when it is not, or cannot.
    """
    if shutil.which(TRIVY) is None:
        raise EnvironmentFailure("trivy is not installed.")
    started = time.monotonic()
    findings: list[Finding] = []
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
                Finding(
                    TRIVY,
                    each["VulnerabilityID"],
                    f"{_name(reference)}/{each['PkgName']}",
                    each.get("Title") or f"a vulnerability of {each['PkgName']}",
                    severity=each["Severity"],
                    fingerprint=fingerprint(each["VulnerabilityID"], each["PkgName"]),
                )
                for each in target.get("Vulnerabilities") or []
            ]
    return ScanFacts(
        TRIVY,
        "images",
        version_of([TRIVY, "--version"], timeout=timeout),
        looked_at=packages,
        things="packages",
        findings=tuple(findings),
        seconds=round(time.monotonic() - started, 1),
    )


def archives(references: Sequence[str], timeout: float) -> Iterator[tuple[str, Path]]:
    """Yield each image with its archive: the one that was built here, else what Docker saves."""
    if not references:
        raise EnvironmentFailure("The run knows no image that is to be released.")
    for reference in references:
        archive = archive_of(reference)
        if archive is not None:
            yield reference, archive
            continue
        with tempfile.TemporaryDirectory(prefix="acceptance-image-") as temporary:
            saved = Path(temporary) / "image.tar"
            tagged = reference.partition("@")[0]  # the digest may be another store's
            try:
                run(["docker", "save", f"--output={saved}", tagged], timeout=timeout)
            except EnvironmentFailure as error:
                message = f"{reference} is not here, so nobody can look into it."
                raise EnvironmentFailure(message) from error
            yield reference, saved


def _name(reference: str) -> str:
    """Return the image's name without its tag, which changes with every build."""
    return reference.rpartition("/")[2].partition(":")[0]
