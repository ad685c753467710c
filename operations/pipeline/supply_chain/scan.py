"""`operations pipeline scan`: looks for what no image may be released with.

These are packages that lack a security update, and private keys in any layer: a file that a later
layer deletes can be read by everybody who pulls the image.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import tarfile
from typing import TYPE_CHECKING

from acceptance.build.debian import offered_packages, packages_of_image, pending_updates
from acceptance.build.oci import layers_of
from acceptance.errors import EnvironmentFailure
from operations.pipeline.image import ARCHIVE, read_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from operations.pipeline.parts import Part

RESULT = "scan.json"
"""A predicate as https://github.com/sigstore/cosign/blob/main/specs/COSIGN_VULN_ATTESTATION_SPEC.md
describes it."""
_SCANNER = "operations/pipeline/supply_chain/scan.py"
_LONGEST = 1 << 20
"""Bytes; a key is shorter."""
_KEY = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\r?\n[A-Za-z0-9+/=:,.\s-]{64,}-----END "
)


def scan(part: Part, image: Path) -> tuple[str, ...]:
    """Scan the image in the folder `image`; return a line for each critical finding.

    The result is written beside the image, for its attestation.

    Raises `EnvironmentFailure` when the distribution does not say which updates there are.
    """
    built = read_image(image)
    archive = image / ARCHIVE
    started = dt.datetime.now(dt.UTC)
    contents = packages_of_image(archive)
    if not contents.sources:
        raise EnvironmentFailure(
            f"The image of the {part.name} has no package source of security updates, so nobody "
            "knows which it lacks. Try: a base with one"
        )
    offer = offered_packages(contents.sources)
    if not offer.fresh:
        raise EnvironmentFailure(
            f"The source of security updates of the {part.name} does not answer; its last lists "
            f"are of {offer.released}. Try: again, once it does"
        )
    critical = [
        *(f"security update: {each}" for each in pending_updates(contents.packages, offer)),
        *(f"private key: {name}" for name in _private_keys(archive)),
    ]
    result = {
        "invocation": {"uri": _SCANNER, "producer_id": part.name, "event_id": built.commit},
        "scanner": {
            "uri": _SCANNER,
            "version": "1",
            "db": {"uri": "security updates of the distribution", "version": offer.released},
            "result": {"packages": len(contents.packages), "critical": critical},
        },
        "metadata": {
            "scanStartedOn": _time(started),
            "scanFinishedOn": _time(dt.datetime.now(dt.UTC)),
        },
    }
    (image / RESULT).write_text(json.dumps(result, indent=1), encoding="utf-8")
    print(f"{part.name}: scanned {len(contents.packages)} packages, {len(critical)} critical")
    return tuple(f"critical finding: {part.name}: {each}" for each in critical)


def _private_keys(archive: Path) -> Iterator[str]:
    """Yield the layer and the name of each file with a private key."""
    for number, layer in enumerate(layers_of(archive), start=1):
        with tarfile.open(fileobj=layer, mode="r|*") as files:
            for each in files:
                file = files.extractfile(each) if each.isreg() else None
                if file and each.size <= _LONGEST and _KEY.search(file.read()):
                    yield f"{each.name} in layer {number}"


def _time(when: dt.datetime) -> str:
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")
