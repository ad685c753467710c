"""Runs cosign, which signs images and statements about them, and verifies both.

The keys are the team's own. No transparency log is asked, because it would have to be public.
"""

from __future__ import annotations

import base64
import json
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.process import ProgramFailed, run
from acceptance.project import ROOT
from acceptance.setup.go import programs_of
from operations.pipeline.sign_in import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from operations.pipeline.registry import Place

SIGNING = ("COSIGN_PRIVATE_KEY", "COSIGN_PASSWORD")
"""The variables with the private key, as `cosign generate-key-pair` makes it, and its password."""
_SECONDS = 120.0


class Cosign:
    """Signs and verifies images of one place."""

    def __init__(self, place: Place, environment: Mapping[str, str]) -> None:
        """Work with the images of `place`, to which the variables `VARIABLES` sign in."""
        self._place = place
        self._environment = environment

    def sign(self, digest: str) -> None:
        """Sign an image with the private key.

        Raises `EnvironmentFailure` when the key or the registry refuses.
        """
        key = ("--key=env://COSIGN_PRIVATE_KEY", "--tlog-upload=false", "--yes")
        self._run("sign", *key, self._place.reference(digest))

    def attest(self, digest: str, kind: str, predicate: Path) -> None:
        """Sign a statement of this kind about an image, and store it beside the image.

        Raises `EnvironmentFailure` when the key or the registry refuses.
        """
        key = ("--key=env://COSIGN_PRIVATE_KEY", "--tlog-upload=false", "--yes")
        what = (f"--type={kind}", f"--predicate={predicate}", "--replace")
        self._run("attest", *key, *what, self._place.reference(digest))

    def fault_of_signature(self, digest: str, key: Path) -> str:
        """Return why an image is not signed by the owner of the public `key`; empty if it is."""
        try:
            self._run("verify", *_by(key), self._place.reference(digest))
        except ProgramFailed as error:
            return reason(error)
        return ""

    def statements(self, digest: str, kind: str, key: Path) -> list[dict[str, Any]]:
        """Return the statements of this kind about an image that the owner of `key` has signed.

        Each is a statement as https://in-toto.io/Statement/v0.1 has it, about this digest.

        Raises `ProgramFailed` when there is none, with the reason in its last line.
        """
        reference = self._place.reference(digest)
        output = self._run("verify-attestation", *_by(key), f"--type={kind}", reference)
        return [
            json.loads(base64.b64decode(json.loads(line)["payload"]))
            for line in output.splitlines()
            if line.startswith("{")
        ]

    def _run(self, *arguments: str) -> str:
        program = programs_of(ROOT / "tools" / "pipeline" / "cosign") / "cosign"
        with _signed_in(self._place, self._environment) as folder:
            env = {name: self._environment.get(name, "") for name in SIGNING}
            env |= {"DOCKER_CONFIG": str(folder), "HOME": str(folder)}
            return run([program, *arguments], timeout=_SECONDS, env=env).stdout


def _by(key: Path) -> tuple[str, ...]:
    return (f"--key={key}", "--insecure-ignore-tlog=true", "--output=json")


def reason(error: ProgramFailed) -> str:
    """Return what cosign said last."""
    lines = [line for line in error.said.splitlines() if line.strip()]
    last = (lines or [error.message])[-1].removeprefix("Error: ")
    return last.strip().removeprefix("error during command execution: ")


@contextmanager
def _signed_in(place: Place, environment: Mapping[str, str]) -> Iterator[Path]:
    """Give a folder with the password of the registry, in the form that Docker has for it."""
    user, password = (environment.get(name, "") for name in VARIABLES)
    secret = base64.b64encode(f"{user}:{password}".encode()).decode()
    with tempfile.TemporaryDirectory(prefix="pipeline-cosign-") as temporary:
        folder = Path(temporary)
        auths = {place.registry: {"auth": secret}} if user else {}
        (folder / "config.json").write_text(json.dumps({"auths": auths}), encoding="utf-8")
        yield folder
