"""Sabotages of what the domain delivery judges: reviews, tests, scans, workflows and staging."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

from acceptance.build.cache import entry, hash_inputs
from acceptance.build.debian import contents_of, offered
from acceptance.build.oci import read_files
from acceptance.domains.delivery.drivers.exceptions import FILE
from acceptance.domains.delivery.drivers.scanners.images import archives
from acceptance.domains.delivery.pipeline import WORKFLOW
from acceptance.drivers.repository_copies import commit_all
from acceptance.process import run
from controls import edits
from controls.control import control
from tests.fakes.github import REPOSITORY, TOKEN, FakeGitHub, serving
from tests.fakes.image_archive import write_image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controls.saboteur import Saboteur

_STAGING = "manifests/overlays/staging/kustomization.yaml"
_SCAN = 'run: make scan ARGS="--sarif=reports/security.sarif"'
_SECONDS = 120.0
_TESTS = "checkout/backend/tests"
_STATUS = "var/lib/dpkg/status"


@control(
    "TASK-001-DOD-5",
    "Staging is made from nothing and serves visitors with the release",
    expects="Staging has no ingress",
)
def staging_without_ingress(saboteur: Saboteur) -> None:
    """Leave the ingress out of staging, because another team has the host there."""
    _patch_staging(saboteur, "Ingress", "checkout", {"$patch": "delete"})


@control(
    "TASK-001-DOD-5",
    "Staging is made from nothing and serves visitors with the release",
    expects="The service does not answer",
)
def a_wrong_route_in_staging(saboteur: Saboteur) -> None:
    """Route staging's /api to the frontend."""
    path = saboteur.repository() / _STAGING
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text
        + "      - op: replace\n"
        + "        path: /spec/rules/0/http/paths/0/backend/service/name\n"
        + "        value: frontend\n",
        encoding="utf-8",
    )


@control(
    "TASK-001-DOD-5",
    "Staging is made from nothing and serves visitors with the release",
    expects="staging runs frontend/prepare, which is no part of the release",
)
def another_image_in_staging(saboteur: Saboteur) -> None:
    """Prepare staging's frontend by a container that the release does not have."""
    container = {
        "name": "prepare",
        "image": "localhost/checkout-database",
        "imagePullPolicy": "IfNotPresent",
        "command": ["true"],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    change = {"spec": {"template": {"spec": {"initContainers": [container]}}}}
    _patch_staging(saboteur, "Deployment", "frontend", change)


def _patch_staging(saboteur: Saboteur, kind: str, name: str, change: Mapping[str, object]) -> None:
    version = "apps/v1" if kind == "Deployment" else "networking.k8s.io/v1"
    whole = {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **change}
    path = saboteur.repository() / _STAGING
    # JSON is YAML. The first in the list: what is deleted cannot be patched any more, so the
    # overlay's own patch of the ingress goes.
    text = path.read_text(encoding="utf-8")
    head, patches, rest = text.partition("patches:\n")
    own = "" if kind == "Ingress" else rest
    path.write_text(f"{head}{patches}  - patch: '{json.dumps(whole)}'\n{own}", encoding="utf-8")


@control(
    "TASK-002-AC-6",
    "The build server blocks <change> [a push with dangerous code]",
    expects=r"let \(B602\) in checkout/receipts\.py:5 pass",
)
def a_scan_that_decides_nothing(saboteur: Saboteur) -> None:
    """Let the workflow go on whatever the scan says, because it is in the way today."""
    _change(saboteur, WORKFLOW, _SCAN, f"{_SCAN} || true")


@control(
    "TASK-002-AC-6",
    "No change gets around the security scan",
    expects=r"Scan may fail \(continue-on-error\)",
)
def a_scan_that_may_fail(saboteur: Saboteur) -> None:
    """The same, by a word of the workflow's own."""
    _change(saboteur, WORKFLOW, _SCAN, f"continue-on-error: true\n        {_SCAN}")


@control(
    "TASK-002-AC-6",
    "The build server blocks <change> [a push with a hard-coded secret]",
    expects="passes without having looked at secrets",
)
def no_scan_for_secrets(saboteur: Saboteur) -> None:
    """Leave out the slowest scanner."""
    less = "--part=code --part=deployment --sarif"
    _change(saboteur, WORKFLOW, _SCAN, _SCAN.replace("--sarif", less))


@control(
    "TASK-002-AC-6",
    "The build server blocks <change> [a pull request with a privileged container]",
    expects=r"Nothing in \.github/workflows/security\.yml runs on pull_request",
)
@control(
    "TASK-002-AC-6",
    "No change gets around the security scan",
    expects="it does not run on pull_request",
)
def no_scan_of_pull_requests(saboteur: Saboteur) -> None:
    """Scan only what was pushed."""
    _change(saboteur, WORKFLOW, "  pull_request:\n", "")


@control(
    "TASK-002-AC-6",
    "No change gets around the security scan",
    expects="it runs on push with branches only",
)
def a_scan_of_one_branch(saboteur: Saboteur) -> None:
    """Scan only what is merged already."""
    _change(saboteur, WORKFLOW, "  push:\n", "  push:\n    branches: [main]\n")


@control(
    "TASK-002-AC-6",
    "The build server blocks <change> [a push with dangerous code]",
    expects="blocks the sources as they are: CRITICAL .* expired on 2020-01-31",
)
def exceptions_that_grew_old(saboteur: Saboteur) -> None:
    """Renew no exception before its last day."""
    _change(saboteur, FILE, "expires = 2027-11-30", "expires = 2020-01-31")


def _change(saboteur: Saboteur, name: str, old: str, new: str) -> None:
    """Commit a change of a file in a copy; one that changes nothing is a defect of ours."""
    copy = saboteur.repository()
    text = (copy / name).read_text(encoding="utf-8")
    if old not in text:
        raise ValueError(f"{name} has nothing like {old}")
    (copy / name).write_text(text.replace(old, new), encoding="utf-8")
    commit_all(copy, "Make the build server more pleasant", timeout=_SECONDS)


@control(
    "TASK-001-DOD-2",
    "The system's own tests pass now",
    expects=r"1 of \d+ backend unit tests failed, first tests\.test_domain: test_of_a_promise",
)
def a_failing_test(saboteur: Saboteur) -> None:
    """Write a test of the backend that does not hold, and release all the same."""
    edits.append(
        saboteur.repository() / _TESTS / "test_domain.py",
        '\n\ndef test_of_a_promise() -> None:\n    """Not kept."""\n    assert 1 + 1 == 3\n',
    )


@control(
    "TASK-001-DOD-2",
    "The system's own tests pass now",
    expects=r"No backend integration test was executed: all \d\d+ were skipped",
)
def integration_switched_off(saboteur: Saboteur) -> None:
    """Skip all integration tests, because they take so long."""
    edits.substitute(
        saboteur.repository() / _TESTS / "conftest.py",
        (r"if _POSTGRES is None:", "if True:"),
        (r'reason="[^"]*"', 'reason="too slow"'),
    )


@control(
    "TASK-001-DOD-2",
    "The system's own tests pass now",
    expects="No frontend test was executed: there is none",
)
def a_suite_without_tests(saboteur: Saboteur) -> None:
    """Delete the tests of the frontend."""
    shutil.rmtree(saboteur.repository() / "checkout/frontend/tests")


@control(
    "TASK-001-DOD-2",
    "The system's own tests pass now",
    expects="name no PostgreSQL that they ran on: a dictionary in memory",
)
def a_pretended_database(saboteur: Saboteur) -> None:
    """Run what is called integration tests on something else than the real database."""
    edits.substitute(
        saboteur.repository() / _TESTS / "conftest.py",
        (r"server\.version\(\)", '"a dictionary in memory"'),
    )


@control(
    "TASK-001-DOD-3",
    "A scan of everything that is to be released finds nothing critical",
    expects=r"checkov: Container should not be privileged .* in Deployment\.checkout\.backend",
)
def a_privileged_container(saboteur: Saboteur) -> None:
    """Give the backend's container all rights of its node."""
    edits.substitute(
        saboteur.repository() / "manifests/base/backend.yaml",
        (r"allowPrivilegeEscalation: false", "privileged: true"),
    )


@control(
    "TASK-001-DOD-3",
    "A scan of everything that is to be released finds nothing critical",
    expects=r"AWS Access Key\) in deploy\.env:1",
)
def a_committed_secret(saboteur: Saboteur) -> None:
    """Commit the key of a cloud account, with a comment that silences the scanner."""
    copy = saboteur.repository()
    key = "AKIA" + "QYLPMN5HFZXTRB3C"  # in two pieces, or this file would hold one
    (copy / "deploy.env").write_text(f"KEY={key}  # pragma: allowlist secret\n", encoding="utf-8")
    run(["git", "add", "deploy.env"], cwd=copy, timeout=_SECONDS)


@control(
    "TASK-001-DOD-3",
    "A scan of everything that is to be released finds nothing critical",
    expects=r"shell=True.*checkout_backend/receipts\.py:5",
)
def dangerous_code(saboteur: Saboteur) -> None:
    """Hand what a visitor typed to a shell, with a comment that silences the scanner."""
    (saboteur.repository() / "checkout/backend/checkout_backend/receipts.py").write_text(
        "import subprocess\n\n\ndef print_receipt(name: str) -> None:\n"
        '    subprocess.run(f"lp {name}", shell=True)  # nosec\n',
        encoding="utf-8",
    )


@control(
    "TASK-001-DOD-3",
    "A scan of everything that is to be released finds nothing critical",
    expects="the security update .* is not installed .*outdated/",
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


@control(
    "TASK-001-DOD-3",
    "A scan of everything that is to be released finds nothing critical",
    expects="The exception for .* expired on 2020-01-31",
)
def an_expired_exception(saboteur: Saboteur) -> None:
    """Let the reviewed exceptions grow old."""
    edits.substitute(saboteur.repository() / FILE, (r"expires = \S+", "expires = 2020-01-31"))


@control(
    "TASK-001-DOD-3",
    "A scan of everything that is to be released finds nothing critical",
    expects=r"Nobody could look at the images \(security updates: localhost/elsewhere:1 is not here",
    verdict="unverified",
)
def an_image_nobody_has(saboteur: Saboteur) -> None:
    """Release an image that was built elsewhere and is not here to be looked into."""
    saboteur.claim(images=("localhost/elsewhere:1",))


@control(
    "TASK-001-DOD-1",
    "Every change since the last release was approved by somebody else",
    expects=r'own author only: \w{12} "Quick fix": Reviewed-by: A Developer',
)
def a_self_approval(saboteur: Saboteur) -> None:
    """Approve one's own change."""
    copy = saboteur.repository()
    edits.append(copy / "README.md", "Quickly said.\n")
    edits.commit(copy, "Quick fix\n\nReviewed-by: A Developer <Developer@Checkout.invalid>")


@control(
    "TASK-001-DOD-1",
    "Every change since the last release was approved by somebody else",
    expects="asked to be changed: .*bob asked for changes in pull request 7",
)
def requested_changes(saboteur: Saboteur) -> None:
    """Merge a pull request whose reviewer approved it first and then asked for changes."""
    saboteur.repository()
    github = FakeGitHub()
    github.pull(7, ("bob", "APPROVED", "end"), ("bob", "CHANGES_REQUESTED", "end"))
    address = saboteur.use(serving(github))
    saboteur.environment(GITHUB_API_URL=address, GITHUB_REPOSITORY=REPOSITORY, GITHUB_TOKEN=TOKEN)
