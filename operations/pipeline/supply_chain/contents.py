"""`operations pipeline contents`: lists what an image contains, as an SPDX document.

https://spdx.github.io/spdx-spec/v2.3/
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure
from acceptance.process import run
from acceptance.project import ROOT
from acceptance.setup.go import programs_of
from operations.pipeline.image import ARCHIVE, read_image

if TYPE_CHECKING:
    from pathlib import Path

    from operations.pipeline.parts import Part

CONTENTS = "contents.spdx.json"
_SECONDS = 300.0


def list_contents(part: Part, image: Path) -> int:
    """Write the list of packages of the image in the folder `image` beside it; return how many.

    Raises `EnvironmentFailure` when syft finds none: each image has an operating system.
    """
    built = read_image(image)
    syft = programs_of(ROOT / "tools" / "pipeline" / "syft") / "syft"
    document = image / CONTENTS
    options = [f"--output=spdx-json={document}", f"--source-name={part.name}"]
    options += [f"--source-version={built.digest}", "--quiet"]
    run(
        [syft, "scan", f"oci-archive:{image / ARCHIVE}", *options],
        timeout=_SECONDS,
        env={"SYFT_CHECK_FOR_APP_UPDATE": "false"},
    )
    packages = json.loads(document.read_text(encoding="utf-8"))["packages"]
    number = sum("externalRefs" in each for each in packages)
    if not number:
        raise EnvironmentFailure(f"syft finds no package in the image of the {part.name}.")
    print(f"{part.name}: contains {number} packages")
    return number
