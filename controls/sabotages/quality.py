"""What goes wrong with tests and with security: one function for each mistake."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from acceptance.build.cache import entry, hash_inputs
from acceptance.build.debian import contents_of, offered
from acceptance.build.oci import read_files
from acceptance.domains.delivery.drivers.exceptions import FILE
from acceptance.domains.delivery.drivers.scanners.images import archives
from acceptance.process import run
from tests.fakes.image_archive import write_image

if TYPE_CHECKING:
    from pathlib import Path

    from controls.saboteur import Saboteur

_TESTS = "checkout/backend/tests"
_STATUS = "var/lib/dpkg/status"
_SECONDS = 120.0


def a_failing_test(saboteur: Saboteur) -> None:
    """Write a test of the backend that does not hold, and release all the same."""
    _append(
        saboteur.repository() / _TESTS / "test_domain.py",
        '\n\ndef test_of_a_promise() -> None:\n    """Not kept."""\n    assert 1 + 1 == 3\n',
    )


def integration_switched_off(saboteur: Saboteur) -> None:
    """Skip all integration tests, because they take so long."""
    _replace(
        saboteur.repository() / _TESTS / "conftest.py",
        (r"if _POSTGRES is None:", "if True:"),
        (r'reason="[^"]*"', 'reason="too slow"'),
    )


def a_suite_without_tests(saboteur: Saboteur) -> None:
    """Delete the tests of the frontend."""
    shutil.rmtree(saboteur.repository() / "checkout/frontend/tests")


def a_pretended_database(saboteur: Saboteur) -> None:
    """Run what is called integration tests on something else than the real database."""
    _replace(
        saboteur.repository() / _TESTS / "conftest.py",
        (r"server\.version\(\)", '"a dictionary in memory"'),
    )


def a_privileged_container(saboteur: Saboteur) -> None:
    """Give the backend's container all rights of its node."""
    _replace(
        saboteur.repository() / "manifests/base/backend.yaml",
        (r"allowPrivilegeEscalation: false", "privileged: true"),
    )


def a_committed_secret(saboteur: Saboteur) -> None:
    """Commit the key of a cloud account, with a comment that silences the scanner."""
    copy = saboteur.repository()
    key = "AKIA" + "QYLPMN5HFZXTRB3C"  # in two pieces, or this file would hold one
    (copy / "deploy.env").write_text(f"KEY={key}  # pragma: allowlist secret\n", encoding="utf-8")
    run(["git", "add", "deploy.env"], cwd=copy, timeout=_SECONDS)


def dangerous_code(saboteur: Saboteur) -> None:
    """Hand what a visitor typed to a shell, with a comment that silences the scanner."""
    (saboteur.repository() / "checkout/backend/checkout_backend/receipts.py").write_text(
        "import subprocess\n\n\ndef print_receipt(name: str) -> None:\n"
        '    subprocess.run(f"lp {name}", shell=True)  # nosec\n',
        encoding="utf-8",
    )


def an_outdated_image(saboteur: Saboteur) -> None:
    """Release an image that was built before the last security updates of its distribution."""
    reference, archive = next(archives(saboteur.system.images, _SECONDS))
    files = read_files(archive, lambda name: name == _STATUS or name.startswith("etc/apt/sources"))
    contents = contents_of(archive)
    updated = {each.name for each in offered(contents.sources).packages}
    package = next(each for each in contents.packages if each.name in updated)
    old = re.sub(
        rf"(?ms)(^Package: {re.escape(package.name)}$.*?^Version: )[^\n]*",
        r"\g<1>0~outdated",
        files[_STATUS].decode("utf-8"),
        count=1,
    )
    files[_STATUS] = old.encode()
    place = entry(
        "image-outdated",
        hash_inputs(reference, old),
        lambda place: write_image(place / "image.tar", files),
    )
    saboteur.claim(images=(f"localhost/outdated:{place.name}",))


def an_expired_exception(saboteur: Saboteur) -> None:
    """Let the reviewed exceptions grow old."""
    _replace(saboteur.repository() / FILE, (r"expires = \S+", "expires = 2020-01-31"))


def a_missing_scanner(saboteur: Saboteur) -> None:
    """Release from a machine on which a scanner was never installed."""
    (saboteur.repository() / ".tools").unlink()


def an_image_nobody_has(saboteur: Saboteur) -> None:
    """Release an image that was built elsewhere and is not here to be looked into."""
    saboteur.claim(images=("localhost/elsewhere:1",))


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def _replace(path: Path, *changes: tuple[str, str]) -> None:
    """Replace every match of each pattern; a sabotage that changes nothing is a defect of ours."""
    text = path.read_text(encoding="utf-8")
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text)
        if not count:
            raise ValueError(f"{path} has nothing like {pattern}")
    path.write_text(text, encoding="utf-8")
