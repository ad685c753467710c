"""`acceptance scan`: the security scan of the repository, without a cluster."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from acceptance.build.cache import cache_root
from acceptance.cli.command import Command
from acceptance.cli.sarif import sarif
from acceptance.deployment.deploy import build_images
from acceptance.domains.delivery.drivers.exceptions import FILE
from acceptance.domains.delivery.drivers.scanners.facts import ScanPart
from acceptance.domains.delivery.scanning import ScanResult, ScanTarget, overlays_of, ran, scan
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.machine import look_at_machine
from acceptance.progress import Progress
from acceptance.readiness.report.write import write_file
from acceptance.settings import load_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from acceptance.domains.delivery.drivers.scanners.facts import ScanFinding, ScannerFacts
    from acceptance.settings import Settings

_PARTS: tuple[ScanPart, ...] = ("code", "deployment", "secrets")
"""The default: what needs no build."""
_EXAMPLES = """\
  acceptance scan
  acceptance scan --part secrets
  acceptance scan --part images --sarif images.sarif

exit codes: 0 nothing critical, 1 a critical finding, 69 a part could not be scanned,
65 the settings, a manifest or the exceptions file cannot be used"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--part",
        action="append",
        choices=get_args(ScanPart),
        dest="parts",
        help="what to scan; may be given again (default: code, deployment and secrets); "
        "images are built first, unless they are in the cache",
    )
    parser.add_argument(
        "--sarif", type=Path, metavar="FILE", help="write the findings as SARIF 2.1.0 too"
    )


def _run(options: argparse.Namespace) -> int:
    settings = load_settings(Path.cwd())
    wanted = options.parts or _PARTS
    parts = tuple(part for part in get_args(ScanPart) if part in wanted)
    found = scan(_target(settings, parts), settings.timeouts)
    if options.sarif is not None:
        document = sarif(found, _files(settings))
        try:
            options.sarif.parent.mkdir(parents=True, exist_ok=True)
            write_file(options.sarif, json.dumps(document, indent=2) + "\n")
        except OSError as error:
            message = f"{options.sarif} cannot be written: {error.strerror}."
            raise BrokenInput(message) from error
    return _print(found, parts)


def _target(settings: Settings, parts: tuple[ScanPart, ...]) -> ScanTarget:
    references: tuple[str, ...] = ()
    if "images" in parts:
        engine = look_at_machine(cache_root()).engine or ""
        progress = Progress(1, memory=cache_root() / "durations.json")
        with progress.step("Images of the system", cacheable=True) as step:
            images = build_images(settings, engine, step)
        references = tuple(each.reference for each in images)
    sources = tuple(source.context for source in settings.images)
    return ScanTarget(settings.root, parts, overlays_of(settings), references, sources)


def _print(found: ScanResult, parts: tuple[ScanPart, ...]) -> int:
    """Print what each scanner did and what it found, and return the exit code."""
    for facts in found.scans:
        print(_line(facts))
    triaged = found.triaged
    for finding, exception in triaged.accepted:
        print(f"accepted until {exception.expires} by {exception.owner}: {finding}")
    for remark in triaged.remarks:
        print(f"note: {remark}")
    for finding in triaged.critical:
        print(f"CRITICAL {finding} [fingerprint {finding.fingerprint}]")
    unscanned = found.unscanned(parts)
    for reason in unscanned:
        print(f"NOT SCANNED: {reason}")
    if triaged.critical:
        print(f"{len(triaged.critical)} critical. Try: fix them, or accept them in {FILE}.")
        return 1
    if unscanned:
        print("The scan is incomplete: nothing is known about the parts that were not scanned.")
        return EnvironmentFailure.exit_code
    print(f"Nothing critical in {', '.join(parts)}.")
    return 0


def _line(facts: ScannerFacts) -> str:
    name = f"{facts.scanner} {facts.version}".strip()
    if not ran(facts):
        return (
            f"{name} ({facts.part}): could not run: {facts.problem or 'there is nothing to scan'}"
        )
    return (
        f"{name} ({facts.part}): {facts.scanned} {facts.unit}, "
        f"{len(facts.findings)} findings, {facts.seconds:g} s"
    )


def _files(settings: Settings) -> Callable[[ScanFinding], str]:
    """Return the function that names the file in which a finding can be fixed."""

    def relative(path: Path) -> str:
        return Path(os.path.relpath(path, settings.root)).as_posix()

    dockerfiles = {
        source.name.rpartition("/")[2]: relative(source.dockerfile) for source in settings.images
    }
    overlay = relative(settings.overlay / "kustomization.yaml")

    def file_of(finding: ScanFinding) -> str:
        if (settings.root / finding.where).is_file():
            return finding.where
        for name in (finding.source, f"{finding.source}/kustomization.yaml"):
            if finding.source and (settings.root / name).is_file():
                return name
        image = finding.where.partition("/")[0]
        return dockerfiles.get(image, overlay)

    return file_of


COMMAND = Command(
    "scan",
    _run,
    about="Scan the code, the deployment and the files for secrets, as CI does.",
    examples=_EXAMPLES,
    arguments=_arguments,
)
