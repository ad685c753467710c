"""The security scan: runs the scanners of each part, and triages their findings.

`acceptance scan` and the scenarios share it, so the same findings are critical for both.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from acceptance.build.deployables import deployable_folders, loose_manifests
from acceptance.build.manifests import render
from acceptance.domains.delivery.drivers.exceptions import read_exceptions
from acceptance.domains.delivery.drivers.scanners import (
    code,
    images,
    injection,
    manifests,
    secrets,
    workflows,
)
from acceptance.domains.delivery.drivers.scanners.facts import attempt
from acceptance.domains.delivery.triage import TriagedFindings, triage
from acceptance.drivers import files
from acceptance.errors import BrokenInput, SystemFailure
from acceptance.process import workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from acceptance.build.manifests import Manifest
    from acceptance.domains.delivery.drivers.scanners.facts import (
        ScanFinding,
        ScannerFacts,
        ScanPart,
    )
    from acceptance.settings import Settings, Timeouts

RELEASED_CODE = "checkout/"
"""The sources of this system's images, tests included."""
_RELEASED = (RELEASED_CODE, "manifests/", "node/", "operations/")
"""What is delivered beside the images' sources: scripts in manifests, the images of the monitoring,
and the operators' tools. The acceptance suite is not delivered."""

SCANNERS: dict[str, ScanPart] = {
    code.NAME: "code",
    injection.NAME: "code",
    workflows.NAME: "code",
    manifests.NAME: "deployment",
    secrets.NAME: "secrets",
    images.UPDATES: "images",
    images.TRIVY: "images",
}
"""Every scanner, and the part that it scans."""

_EITHER = frozenset({"images"})
"""Parts whose scanners look for the same; elsewhere each finds what the others do not."""
_PARALLEL = 2


@dataclass(frozen=True)
class ScanTarget:
    """What to scan."""

    root: Path
    parts: tuple[ScanPart, ...]
    overlays: tuple[Path, ...]
    """What is deployed for certain; whatever else is deployable beside them is scanned too."""
    images: tuple[str, ...] = ()
    """Full references of the images of the release."""
    sources: tuple[Path, ...] = ()
    """Folders with the sources of images."""


@dataclass(frozen=True)
class ScanResult:
    """What each scanner did, and the triaged findings of all of them."""

    scans: tuple[ScannerFacts, ...]
    triaged: TriagedFindings

    def unscanned(self, parts: Sequence[ScanPart]) -> tuple[str, ...]:
        """Return those of `parts` that were not scanned to the end, each with the reasons."""
        found = []
        for part in parts:
            of_part = [each for each in self.scans if each.part == part]
            failed = [each for each in of_part if each.problem and part not in _EITHER]
            if failed or not any(ran(each) for each in of_part):
                why = "; ".join(f"{each.scanner}: {_why(each)}" for each in failed or of_part)
                found.append(f"the {part} ({why or 'no scanner'})")
        return tuple(found)

    def summary(self) -> list[dict[str, object]]:
        """Return what each scanner did, with its findings only counted."""
        return [_summary(each) for each in self.scans]


def scan(target: ScanTarget, timeouts: Timeouts) -> ScanResult:
    """Run every scanner of the wanted parts, and triage the findings.

    A scanner that cannot run is a fact among the others.

    Raises `BrokenInput` for an exceptions file that cannot be read, `EnvironmentFailure` if
    `target.root` is not a git working tree.
    """
    # An exception for a part that is not scanned is not needless.
    wanted = {name for name, part in SCANNERS.items() if part in target.parts}
    others = SCANNERS.keys() - wanted
    exceptions = [each for each in read_exceptions(target.root) if each.scanner not in others]
    with workers(_PARALLEL) as pool:
        started = [pool.submit(attempt, *each) for each in _scanners(target, timeouts)]
        scans = tuple(each.result() for each in started)
    findings = [each for scan in scans for each in scan.findings]
    return ScanResult(scans, triage(findings, exceptions, datetime.now(UTC).date()))


def overlays_of(settings: Settings) -> tuple[Path, ...]:
    """Return every overlay that the settings name, each once; not all of them need to exist."""
    others = (*(overlay for _, overlay in settings.overlays), settings.staging)
    there = (overlay for overlay in others if overlay.is_dir())
    return tuple(dict.fromkeys((settings.overlay, *there)))


def ran(facts: ScannerFacts) -> bool:
    """Return whether a scanner read something, and ran to its end."""
    return facts.scanned > 0 and not facts.problem


def _scanners(
    target: ScanTarget, timeouts: Timeouts
) -> list[tuple[str, ScanPart, Callable[[], ScannerFacts]]]:
    """Return the scanners of the wanted parts, the slowest first."""
    root, limit, built = target.root, timeouts.scan, target.images
    names = files.tracked(root, timeout=timeouts.command)
    released = [name for name in names if _is_released(target, name)]
    scanners: dict[str, Callable[[], ScannerFacts]] = {
        secrets.NAME: lambda: secrets.scan_secrets(root, names, timeout=limit),
        manifests.NAME: lambda: manifests.scan_manifests(root, *deployed(target), timeout=limit),
        images.UPDATES: lambda: images.scan_updates(built, timeout=limit),
        injection.NAME: lambda: injection.scan_for_injection(root, released, timeout=limit),
        workflows.NAME: lambda: workflows.scan_workflows(root, names, timeout=limit),
        code.NAME: lambda: code.scan_code(root, released, timeout=limit),
        images.TRIVY: lambda: images.scan_with_trivy(built, timeout=limit),
    }
    return [
        (name, SCANNERS[name], scanner)
        for name, scanner in scanners.items()
        if SCANNERS[name] in target.parts
    ]


def _is_released(target: ScanTarget, name: str) -> bool:
    inside = any((target.root / name).is_relative_to(folder) for folder in target.sources)
    return inside or name.startswith(_RELEASED)


def deployed(target: ScanTarget) -> tuple[dict[str, list[Manifest]], list[str]]:
    """Return all objects by the overlay or file that deploys them, and the files that are not YAML.

    An object that several of them have is there once.

    Raises `SystemFailure` if an overlay cannot be rendered: nobody could deploy it either.
    """
    found: dict[str, list[Manifest]] = {}
    unread, seen = [], set()
    try:
        for path, objects in _objects(target):
            name = os.path.relpath(path, target.root)
            if objects is None:
                unread.append(name)
            for each in objects or ():
                text = json.dumps(each, sort_keys=True, default=str)
                if text not in seen:
                    seen.add(text)
                    found.setdefault(name, []).append(each)
    except BrokenInput as error:
        raise SystemFailure(error.message) from error
    return found, unread


def _objects(target: ScanTarget) -> Iterator[tuple[Path, tuple[Manifest, ...] | None]]:
    """Yield what is deployed for certain first, so that a finding names that."""
    inside = [each.relative_to(target.root) for each in target.overlays if _is_inside(target, each)]
    tops = sorted({target.root / each.parts[0] for each in inside})
    others = [folder for top in tops for folder in deployable_folders(top)]
    folders = tuple(dict.fromkeys((*target.overlays, *others)))
    with workers(_PARALLEL) as pool:
        yield from zip(folders, pool.map(lambda folder: render(folder, {}), folders), strict=True)
    for top in tops:
        yield from loose_manifests(top).items()


def _is_inside(target: ScanTarget, overlay: Path) -> bool:
    return overlay.is_relative_to(target.root) and overlay != target.root


def _why(facts: ScannerFacts) -> str:
    return facts.problem.rstrip(".") or f"there are no {facts.unit} to scan"


def _summary(facts: ScannerFacts) -> dict[str, object]:
    shown = asdict(facts)
    found: tuple[ScanFinding, ...] = facts.findings
    shown["findings"] = dict(Counter(f"{each.rule} {each.severity}".strip() for each in found))
    shown["ran"] = ran(facts)
    return shown
