from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.process import ProgramFailed
from operations.pipeline.parts import BACKEND
from operations.pipeline.registry import read_place
from operations.pipeline.supply_chain import contents, cosign
from operations.pipeline.supply_chain.contents import CONTENTS, list_contents
from operations.pipeline.supply_chain.cosign import Cosign, reason
from operations.pipeline.supply_chain.scan import RESULT
from operations.pipeline.supply_chain.sign import sign
from tests.operations.pipeline.supply_chain.conftest import FILES, Build

PLACE = "127.0.0.1:5000/checkout/backend"
SETTINGS = {
    "COSIGN_PRIVATE_KEY": "a key",
    "COSIGN_PASSWORD": "a password",
    "REGISTRY_USER": "ci",
    "REGISTRY_PASSWORD": "s3cret",
}


class Program:
    """Stands for cosign: keeps how it was called."""

    def __init__(self) -> None:
        """Begin with no call."""
        self.calls: list[list[str]] = []
        self.auths: Any = None
        self.environment: Mapping[str, str] = {}
        self.output = ""
        self.said = ""

    def run(self, command: list[str], *, timeout: float, env: Mapping[str, str]) -> SimpleNamespace:
        """Look at what cosign would find."""
        assert timeout
        self.calls.append([str(each) for each in command[1:]])
        self.environment = env
        config = Path(env["DOCKER_CONFIG"], "config.json")
        self.auths = json.loads(config.read_text(encoding="utf-8"))["auths"]
        if self.said:
            failed = ProgramFailed("cosign failed.")
            failed.said = self.said
            raise failed
        return SimpleNamespace(stdout=self.output)


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Program:
    """What runs instead of cosign."""
    found = Program()
    monkeypatch.setattr(cosign, "run", found.run)
    monkeypatch.setattr(cosign, "programs_of", Path)
    return found


def test_an_image_and_three_statements_are_signed(built: Build, program: Program) -> None:
    """By its digest, with the key from a variable, and the password in no argument."""
    image = built(FILES)
    for name in (CONTENTS, RESULT):
        (image / name).write_text("{}")
    sign(BACKEND, SETTINGS, image=image, registry=PLACE)
    assert [call[0] for call in program.calls] == ["sign", "attest", "attest", "attest"]
    kinds = [each for call in program.calls for each in call if each.startswith("--type=")]
    assert kinds == ["--type=slsaprovenance1", "--type=spdxjson", "--type=vuln"]
    assert all(call[-1].startswith(f"{PLACE}@sha256:") for call in program.calls)
    arguments = " ".join(each for call in program.calls for each in call)
    assert "s3cret" not in arguments
    assert "a password" not in arguments
    assert program.environment["COSIGN_PASSWORD"] == "a password"
    assert base64.b64decode(program.auths["127.0.0.1:5000"]["auth"]) == b"ci:s3cret"
    assert not Path(program.environment["DOCKER_CONFIG"]).exists()


@pytest.mark.parametrize("name", [CONTENTS, RESULT])
def test_what_was_not_scanned_or_listed_is_not_signed(
    built: Build, program: Program, name: str
) -> None:
    """The missing file is named, and nothing is signed."""
    image = built(FILES)
    other = {CONTENTS: RESULT, RESULT: CONTENTS}[name]
    (image / other).write_text("{}")
    with pytest.raises(BrokenInput, match=f"has no {name}"):
        sign(BACKEND, SETTINGS, image=image, registry=PLACE)
    assert program.calls == []


def test_nothing_is_signed_without_a_key(tmp_path: Path) -> None:
    """The secrets of the repository are named."""
    with pytest.raises(BrokenInput, match="SIGNING_KEY and SIGNING_PASSWORD"):
        sign(BACKEND, {}, image=tmp_path, registry=PLACE)


def test_statements_are_read_from_their_envelopes(program: Program) -> None:
    """Lines that are no envelope are for people."""
    payload = base64.b64encode(b'{"predicate": {}}').decode()
    program.output = f"Verified\n{json.dumps({'payload': payload})}\n"
    found = Cosign(read_place(PLACE), {}).statements("sha256:a", "vuln", Path("key"))
    assert found == [{"predicate": {}}]
    assert program.auths == {}


def test_why_a_signature_is_refused_is_the_last_line(program: Program) -> None:
    """Without the words that say the same of each error."""
    program.said = "\nError: no signatures found\nerror during command execution: none matches\n"
    fault = Cosign(read_place(PLACE), {}).fault_of_signature("sha256:a", Path("key"))
    assert fault == "none matches"


def test_a_program_that_says_nothing_has_failed_all_the_same() -> None:
    """Its message is what is known."""
    assert reason(ProgramFailed("cosign failed.")) == "cosign failed."


@pytest.mark.parametrize(
    ("packages", "number"), [([{"externalRefs": []}, {"name": "the image"}], 1), ([], 0)]
)
def test_a_list_of_contents_has_packages(
    built: Build, monkeypatch: pytest.MonkeyPatch, packages: list[Any], number: int
) -> None:
    """An empty one is a failure of what lists them."""
    image = built(FILES)

    def write(command: list[str], **_: object) -> None:
        assert any(str(each).endswith(CONTENTS) for each in command)
        (image / CONTENTS).write_text(json.dumps({"packages": packages}))

    monkeypatch.setattr(contents, "run", write)
    monkeypatch.setattr(contents, "programs_of", Path)
    if number:
        assert list_contents(BACKEND, image) == number
    else:
        with pytest.raises(EnvironmentFailure, match="finds no package"):
            list_contents(BACKEND, image)
