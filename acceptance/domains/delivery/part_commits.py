"""Commits that developers push to a part of the system: sound ones, and each kind of broken one."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acceptance.domains.delivery.drivers.statements import SigningKey
from acceptance.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BACKEND, FRONTEND = "backend", "frontend"
PARTS = (BACKEND, FRONTEND)
"""The parts of the system that have a workflow of their own, .github/workflows/PART.yml."""

PLANTED_VERSION = "1.2.3"

_CODE = "checkout/backend/checkout_backend"
_TESTS = "checkout/backend/tests"
_PAGE = "checkout/frontend"
_NUMBERS = "checkout/test-suites.toml"


@dataclass(frozen=True)
class PartCommit:
    """A commit before it is made."""

    part: str
    """The part that it changes."""
    make: Callable[[Path], None]
    """Makes the change in a copy of the repository."""
    named: str = ""
    """A pattern of what the workflow must say of what is wrong; empty if nothing is."""
    mark: str = ""
    """What a build of it shows and no other; empty for a broken commit."""
    shown_at: str = ""
    """The path at which the part shows the mark."""


def release(part: str) -> PartCommit:
    """Return a sound commit: a new version of the backend's API, a new title of the page."""
    mark = uuid.uuid4().hex[:12]
    if part == BACKEND:
        change = _edit(f"{_CODE}/app.py", r'VERSION = "[^"]+', rf"\g<0>+{mark}")
        return PartCommit(part, change, mark=mark, shown_at="/api/openapi.json")
    change = _edit(f"{_PAGE}/index.html", r"<title>\w+", rf"\g<0> {mark}")
    return PartCommit(part, change, mark=mark, shown_at="/")


def new_picture() -> PartCommit:
    """Return a sound commit to the frontend that changes no program, but a picture."""
    mark = uuid.uuid4().hex[:12]
    change = _edit(f"{_PAGE}/public/favicon.svg", r"</svg>", rf"<!-- {mark} -->\g<0>")
    return PartCommit(FRONTEND, change, mark=mark, shown_at="/favicon.svg")


def planted(part: str) -> PartCommit:
    """Return a release whose image has two packages more: those of `planted_packages`."""
    sound = release(part)
    of_debian, of_python = planted_packages(sound.mark)
    status = f"\nPackage: {of_debian}\nStatus: install ok installed\nArchitecture: all\n"
    status += f"Version: {PLANTED_VERSION}\nMaintainer: nobody\nDescription: planted\n\n"
    metadata = f"Metadata-Version: 2.1\nName: {of_python}\nVersion: {PLANTED_VERSION}\n"
    folder = f"/usr/lib/python3/dist-packages/{of_python}-{PLANTED_VERSION}.dist-info"
    plant = _in_image(
        part,
        f"{_print(status)} >> /var/lib/dpkg/status && mkdir -p {folder} "
        f"&& {_print(metadata)} > {folder}/METADATA",
    )
    return replace(sound, make=_all(sound.make, plant))


def planted_packages(mark: str) -> tuple[str, str]:
    """Return the names of a package of Debian and one of Python, which only one commit has."""
    return f"planted-{mark}", f"planted_{mark}"


def _in_image(part: str, command: str) -> Callable[[Path], None]:
    """Return what lets the build of a part's image run a command at its end, as root."""

    def make(copy: Path) -> None:
        file = copy / f"checkout/{part}/Dockerfile"
        before, user, after = file.read_text(encoding="utf-8").rpartition("\nUSER ")
        if not user:
            raise EnvironmentFailure(f"The Dockerfile of the {part} names no user.")
        file.write_text(f"{before}\nRUN {command}{user}{after}", encoding="utf-8")

    return make


def _print(text: str) -> str:
    """Return the shell command that writes a text."""
    return f"printf -- '{text}'".replace("\n", r"\n")


def _edit(path: str, pattern: str, replacement: str) -> Callable[[Path], None]:
    def make(copy: Path) -> None:
        file = copy / path
        text, count = re.subn(pattern, replacement, file.read_text(encoding="utf-8"), count=1)
        if not count:
            raise EnvironmentFailure(f"{path} has nothing like {pattern}, so it is not broken.")
        file.write_text(text, encoding="utf-8")

    return make


def _append(path: str, text: str) -> Callable[[Path], None]:
    return _edit(path, r"\Z", text.replace("\\", r"\\"))


def _write(path: str, text: str) -> Callable[[Path], None]:
    def make(copy: Path) -> None:
        (copy / path).write_text(text, encoding="utf-8")

    return make


def _delete(path: str) -> Callable[[Path], None]:
    return lambda copy: (copy / path).unlink()


def _all(*changes: Callable[[Path], None]) -> Callable[[Path], None]:
    def make(copy: Path) -> None:
        for change in changes:
            change(copy)

    return make


_OTHER_TEST = '''def test_an_item_has_a_quantity() -> None:
    """Of two."""
    assert TEA.quantity == 2


'''
_REPEATED = """\
import { expect, it } from "vitest";

let runs = 0;

it("is right the first time", () => {
  runs += 1;
  expect(runs).toBeGreaterThan(1);
});
"""
_STATUS = "/var/lib/dpkg/status"
_PRIVATE_KEY = SigningKey().private
_FEWER = _edit(_NUMBERS, r'"backend unit" = \d+', '"backend unit" = 100')
"""Who deletes a test lowers the number of tests as well."""

BROKEN_COMMITS = {
    "backend code that does not compile": PartCommit(
        BACKEND, _append(f"{_CODE}/domain.py", "\ndef broken(:\n"), r"compile.*domain\.py"
    ),
    "backend code that the linter refuses": PartCommit(
        BACKEND, _append(f"{_CODE}/cursors.py", "\n\nimport os\n"), r"lint.*cursors\.py"
    ),
    "no lock file of the backend": PartCommit(
        BACKEND,
        _delete("checkout/backend/requirements.txt"),
        r"checkout/backend.*requirements\.txt is missing",
    ),
    "frontend code that does not compile": PartCommit(
        FRONTEND,
        _append(f"{_PAGE}/src/money.ts", 'export const wrong: number = "text";\n'),
        r"compile.*money\.ts",
    ),
    "frontend code that the linter refuses": PartCommit(
        FRONTEND,
        _append(f"{_PAGE}/src/money.ts", "export function stop(): void {\n  debugger;\n}\n"),
        r"lint.*money\.ts",
    ),
    "no lock file of the frontend": PartCommit(
        FRONTEND,
        _delete(f"{_PAGE}/package-lock.json"),
        r"checkout/frontend.*package-lock\.json is missing",
    ),
    "a mistake that a unit test finds": PartCommit(
        BACKEND,
        _edit(f"{_CODE}/domain.py", r"amount_cents != self", "amount_cents < self"),
        r"test failed: backend unit.*test_only_the_exact_total_pays",
    ),
    "a mistake that only an integration test finds": PartCommit(
        BACKEND,
        _edit(f"{_CODE}/postgres.py", r"ORDER BY id\b", r"\g<0> DESC"),
        r"test failed: backend integration.*test_items_are_kept_in_their_order",
    ),
    "a mistake that a test of the page finds": PartCommit(
        FRONTEND,
        _edit(f"{_PAGE}/src/components/notices.tsx", r"Loading \{what\}", "{what}"),
        r"test failed: frontend.*says that it is loading",
    ),
    "a test of the page that passes only when it is repeated": PartCommit(
        FRONTEND,
        _write(f"{_PAGE}/tests/first.test.ts", _REPEATED),
        r"test failed: frontend.*is right the first time",
    ),
    "integration tests that find no database": PartCommit(
        BACKEND,
        _edit(f"{_TESTS}/local_postgres.py", r'path / "initdb"', 'path / "init-db"'),
        r"(?:test failed|test skipped): backend integration.*no PostgreSQL",
    ),
    "a test replaced by another": PartCommit(
        BACKEND,
        _edit(
            f"{_TESTS}/test_domain.py",
            r"(?s)def test_items_keep_their_order_and_the_original_is_untouched.*?\n\n\n",
            _OTHER_TEST,
        ),
        r"test missing: backend unit.*test_items_keep_their_order_and_the_original_is_untouched",
    ),
    "a file of tests deselected": PartCommit(
        BACKEND,
        _all(
            _edit(
                "checkout/backend/pyproject.toml",
                r'"--strict-config"',
                r'\g<0>, "--deselect=tests/test_shutdown.py"',
            ),
            _FEWER,
        ),
        r"test missing: backend unit.*test_shutdown",
    ),
    "an image that lacks a security update": PartCommit(
        BACKEND,
        _in_image(
            BACKEND, r"sed -i '/^Package: libc6$/,/^$/s/^Version: .*/Version: 2.36-1/' " + _STATUS
        ),
        r"critical finding: backend: .*libc6",
    ),
    "a private key in a layer of the image": PartCommit(
        FRONTEND,
        _all(
            _in_image(FRONTEND, f"{_print(_PRIVATE_KEY)} > /etc/deploy.pem"),
            _in_image(FRONTEND, "rm /etc/deploy.pem"),
        ),
        r"critical finding: frontend: .*deploy\.pem",
    ),
    "all tests of the page but one left out": PartCommit(
        FRONTEND,
        _edit(f"{_PAGE}/tests/money.test.ts", r'  it\("agrees', r'  it.only("agrees'),
        r"(?:test (?:missing|skipped): frontend|\.only\b).*",
    ),
}
"""By their names in the feature."""
