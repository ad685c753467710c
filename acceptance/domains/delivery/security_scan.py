"""Scans everything that is released, and judges the findings."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import get_args

from acceptance.actor import Actor
from acceptance.domains.delivery.drivers.exceptions import FILE
from acceptance.domains.delivery.drivers.scanners.facts import ScanPart
from acceptance.domains.delivery.scanning import ScanResult, ScanTarget, overlays_of, scan
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require
from acceptance.settings import load_settings


class SecurityScanner(Actor):
    """Scans the release, and checks that every part was scanned and nothing critical was found."""

    def scan(self) -> ScanResult:
        """Run every scanner, and triage the findings."""
        found = scan(self._target(), self._timeouts)
        self._keep("What each scanner scanned", pretty(found.summary()))
        self._keep("Triaged findings", pretty(asdict(found.triaged)))
        return found

    def assert_nothing_critical(self, found: ScanResult) -> None:
        """Every critical finding has a valid exception."""
        critical = found.triaged.critical
        remarks = "".join(f" {each}" for each in found.triaged.remarks)
        require(
            not critical,
            f"{len(critical)} critical: {listed([str(each) for each in critical])}.{remarks} "
            f"Try: fix them, or accept them in {FILE}.",
        )

    def assert_every_part_scanned(self, found: ScanResult) -> None:
        """At least one scanner scanned each part to the end; raises `Unverifiable` otherwise."""
        unscanned = found.unscanned(get_args(ScanPart))
        if unscanned:
            raise Unverifiable(f"No scanner could scan {listed(unscanned)}.")

    def _target(self) -> ScanTarget:
        """Return everything that is delivered, by its sources; what runs here comes first."""
        root = Path(self.system.repository)
        settings = load_settings(root)
        return ScanTarget(
            settings.root,
            get_args(ScanPart),
            overlays=(settings.overlay_for(self.system.driver), *overlays_of(settings)),
            images=self.system.images,
            sources=tuple(source.context for source in settings.images),
        )
