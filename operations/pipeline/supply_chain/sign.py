"""`operations pipeline sign`: signs a pushed image, and what is known of it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.errors import BrokenInput
from operations.pipeline.image import read_image
from operations.pipeline.registry import read_place
from operations.pipeline.supply_chain.contents import CONTENTS
from operations.pipeline.supply_chain.cosign import SIGNING, Cosign
from operations.pipeline.supply_chain.provenance import provenance_of
from operations.pipeline.supply_chain.scan import RESULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operations.pipeline.parts import Part

PROVENANCE, LIST, SCAN = "slsaprovenance1", "spdxjson", "vuln"
"""The kinds of statements, as cosign calls them."""


def sign(part: Part, environment: Mapping[str, str], *, image: Path, registry: str) -> None:
    """Sign the image in the folder `image`, its provenance, its contents and its scan.

    Raises `BrokenInput` without a key, or when it was not scanned or its contents not listed.
    """
    if not environment.get(SIGNING[0]):
        raise BrokenInput(
            f"The image of the {part.name} cannot be signed, because {SIGNING[0]} is not set. "
            "Try: the secrets SIGNING_KEY and SIGNING_PASSWORD"
        )
    place = read_place(registry)
    built = read_image(image)
    for name, step in ((CONTENTS, "contents"), (RESULT, "scan")):
        if not (image / name).is_file():
            raise BrokenInput(f"{image} has no {name}. Try: operations pipeline {step}")
    cosign = Cosign(place, environment)
    cosign.sign(built.digest)
    with tempfile.TemporaryDirectory(prefix="pipeline-sign-") as temporary:
        provenance = Path(temporary) / "provenance.json"
        provenance.write_text(json.dumps(provenance_of(built, environment)), encoding="utf-8")
        for kind, predicate in (
            (PROVENANCE, provenance),
            (LIST, image / CONTENTS),
            (SCAN, image / RESULT),
        ):
            cosign.attest(built.digest, kind, predicate)
    print(f"{part.name}: signed {place.reference(built.digest)}")
