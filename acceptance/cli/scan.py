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
from acceptance.domains.delivery.drivers.scanners.facts import Part
from acceptance.domains.delivery.scanning import Scans, Target, overlays_of, ran, scan
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.machine import look_at_machine
from acceptance.readiness.report.write import write_file
from acceptance.settings import load_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from acceptance.domains.delivery.drivers.scanners.facts import Finding, ScanFacts
    from acceptance.settings import Settings

_PARTS: tuple[Part, ...] = ("code", "deployment", "secrets")
"""What lies in the sources as it is; images have to be built first."""
_EXAMPLES = """\
  acceptance scan
  acceptance scan --part secrets
  acceptance scan --part images --sarif images.sarif

exit codes: 0 nothing critical, 1 something critical, 69 a part that nobody could look at,
65 the settings, a manifest or the file of exceptions cannot be used"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--part",
        action="append",
        choices=get_args(Part),
        dest="parts",
        help="what to look at; may be given again (default: code, deployment and secrets); "
        "images are built first, unless they are there",
    )
    parser.add_argument(
        "--sarif", type=Path, metavar="FILE", help="write the findings as SARIF 2.1.0 too"
    )


def _run(options: argparse.Namespace) -> int:
    settings = load_settings(Path.cwd())
    wanted = options.parts or _PARTS
    parts = tuple(part for part in get_args(Part) if part in wanted)
    found = scan(_target(settings, parts), settings.timeouts)
    if options.sarif is not None:
        document = sarif(found, _files(settings))
        try:
            options.sarif.parent.mkdir(parents=True, exist_ok=True)
            write_file(options.sarif, json.dumps(document, indent=2) + "\n")
        except OSError as error:
            message = f"{options.sarif} cannot be written: {error.strerror}."
            raise BrokenInput(message) from error
    return _tell(found, parts)


def _target(settings: Settings, parts: tuple[Part, ...]) -> Target:
    references: tuple[str, ...] = ()
    if "images" in parts:
        engine = look_at_machine(cache_root()).engine or ""
        references = tuple(each.reference for each in build_images(settings, engine))
    return Target(settings.root, parts, overlays_of(settings), references)


def _tell(found: Scans, parts: tuple[Part, ...]) -> int:
    """Print who looked at what and what was found, and return the exit code that it makes."""
    for facts in found.scans:
        print(_line(facts))
    sifted = found.sifted
    for finding, exception in sifted.excused:
        print(f"excused until {exception.expires} by {exception.owner}: {finding}")
    for remark in sifted.remarks:
        print(f"note: {remark}")
    for finding in sifted.critical:
        print(f"CRITICAL {finding} [fingerprint {finding.fingerprint}]")
    unseen = found.unseen(parts)
    for reason in unseen:
        print(f"NOT LOOKED AT: {reason}")
    if sifted.critical:
        print(f"{len(sifted.critical)} critical. Repair it, or ask for an exception in {FILE}.")
        return 1
    if unseen:
        print("Nothing is known about what nobody looked at, so this is no clean scan.")
        return EnvironmentFailure.exit_code
    print(f"Nothing critical in {', '.join(parts)}.")
    return 0


def _line(facts: ScanFacts) -> str:
    name = f"{facts.scanner} {facts.version}".strip()
    if not ran(facts):
        return f"{name} ({facts.part}): could not run: {facts.problem or 'nothing to look at'}"
    return (
        f"{name} ({facts.part}): {facts.looked_at} {facts.things}, "
        f"{len(facts.findings)} findings, {facts.seconds:g} s"
    )


def _files(settings: Settings) -> Callable[[Finding], str]:
    """Return what says at which file a finding is shown: at the one where it can be repaired."""

    def relative(path: Path) -> str:
        return Path(os.path.relpath(path, settings.root)).as_posix()

    recipes = {
        source.name.rpartition("/")[2]: relative(source.dockerfile) for source in settings.images
    }
    overlay = relative(settings.overlay / "kustomization.yaml")

    def file_of(finding: Finding) -> str:
        if (settings.root / finding.where).is_file():
            return finding.where
        image = finding.where.partition("/")[0]
        return recipes.get(image, overlay)

    return file_of


COMMAND = Command(
    "scan",
    _run,
    about="Scan the code, the deployment and the files for secrets, as the release is scanned.",
    examples=_EXAMPLES,
    arguments=_arguments,
)
