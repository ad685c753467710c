"""A security scan: which scanners look at what, and what is to be thought of their findings.

Both who proves a deployed system and who only has its sources scan like this; what is critical is
the same for both.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from acceptance.build.manifests import render
from acceptance.domains.delivery.drivers.exceptions import read_exceptions
from acceptance.domains.delivery.drivers.scanners import code, images, manifests, secrets
from acceptance.domains.delivery.drivers.scanners.facts import attempt
from acceptance.domains.delivery.triage import Sifted, sift
from acceptance.drivers import files
from acceptance.process import workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from acceptance.build.manifests import Manifest
    from acceptance.domains.delivery.drivers.scanners.facts import Finding, Part, ScanFacts
    from acceptance.settings import Settings, Timeouts

RELEASED_CODE = "checkout/"
"""The sources that get into the images, with their tests; the acceptance suite is not released."""

SCANNERS: dict[str, Part] = {
    code.NAME: "code",
    manifests.NAME: "deployment",
    secrets.NAME: "secrets",
    images.UPDATES: "images",
    images.TRIVY: "images",
}
"""Every scanner, and the part at which it looks."""

_SIDE_BY_SIDE = 2


@dataclass(frozen=True)
class Target:
    """What is to be scanned."""

    root: Path
    parts: tuple[Part, ...]
    overlays: tuple[Path, ...]
    """Those whose objects are the deployment."""
    images: tuple[str, ...] = ()
    """Full references of the images that are to be released."""
    named: tuple[tuple[str, str], ...] = ()
    """References that the objects get, by the names that the manifests have."""


@dataclass(frozen=True)
class Scans:
    """What the scanners did, and what is to be thought of their findings."""

    scans: tuple[ScanFacts, ...]
    sifted: Sifted

    def unseen(self, parts: Sequence[Part]) -> tuple[str, ...]:
        """Return those of `parts` that no scanner looked at to the end, each with the reasons."""
        found = []
        for part in parts:
            of_part = [each for each in self.scans if each.part == part]
            if not any(ran(each) for each in of_part):
                why = "; ".join(f"{each.scanner}: {_why(each)}" for each in of_part)
                found.append(f"the {part} ({why or 'no scanner'})")
        return tuple(found)

    def summary(self) -> list[dict[str, object]]:
        """Say what each scanner did; its findings are only counted."""
        return [_summary(each) for each in self.scans]


def scan(target: Target, timeouts: Timeouts) -> Scans:
    """Let every scanner look at its part, and set aside what the exceptions excuse.

    A scanner that cannot run is a fact among the others.

    Raises `BrokenInput` for a file of exceptions that cannot be read, `EnvironmentFailure` if
    `target.root` is no git working tree.
    """
    # Only a scan of its part says whether an exception is needed.
    asked = {name for name, part in SCANNERS.items() if part in target.parts}
    others = SCANNERS.keys() - asked
    exceptions = [each for each in read_exceptions(target.root) if each.scanner not in others]
    with workers(_SIDE_BY_SIDE) as pool:
        started = [pool.submit(attempt, *each) for each in _scanners(target, timeouts)]
        scans = tuple(each.result() for each in started)
    findings = [each for scan in scans for each in scan.findings]
    return Scans(scans, sift(findings, exceptions, datetime.now(UTC).date()))


def overlays_of(settings: Settings) -> tuple[Path, ...]:
    """Return every overlay that is deployed anywhere, each once."""
    named = (overlay for _, overlay in settings.overlays)
    return tuple(dict.fromkeys((settings.overlay, *named, settings.staging)))


def ran(facts: ScanFacts) -> bool:
    """Say whether a scanner read something, and to the end."""
    return facts.looked_at > 0 and not facts.problem


def _scanners(
    target: Target, timeouts: Timeouts
) -> list[tuple[str, Part, Callable[[], ScanFacts]]]:
    """Return the scanners of the wanted parts, the slowest first."""
    root, limit, references = target.root, timeouts.scan, target.images
    names = files.tracked(root, timeout=timeouts.command)
    released = [name for name in names if name.startswith(RELEASED_CODE)]
    scanners: dict[str, Callable[[], ScanFacts]] = {
        secrets.NAME: lambda: secrets.scan_secrets(root, names, timeout=limit),
        manifests.NAME: lambda: manifests.scan_manifests(root, _rendered(target), timeout=limit),
        images.UPDATES: lambda: images.scan_updates(references, timeout=limit),
        code.NAME: lambda: code.scan_code(root, released, timeout=limit),
        images.TRIVY: lambda: images.scan_with_trivy(references, timeout=limit),
    }
    return [
        (name, SCANNERS[name], scanner)
        for name, scanner in scanners.items()
        if SCANNERS[name] in target.parts
    ]


def _rendered(target: Target) -> tuple[Manifest, ...]:
    """Return the objects of all overlays; what several of them have is there once."""
    named = dict(target.named)
    objects = [found for overlay in target.overlays for found in render(overlay, named)]
    return tuple({json.dumps(each, sort_keys=True): each for each in objects}.values())


def _why(facts: ScanFacts) -> str:
    return facts.problem.rstrip(".") or f"it found no {facts.things} to look at"


def _summary(facts: ScanFacts) -> dict[str, object]:
    shown = asdict(facts)
    found: tuple[Finding, ...] = facts.findings
    shown["findings"] = dict(Counter(f"{each.rule} {each.severity}".strip() for each in found))
    shown["ran"] = ran(facts)
    return shown
