"""Sabotages for the domain delivery: reviews, tests, scans, workflows and staging."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

from acceptance.build.cache import entry, hash_inputs
from acceptance.build.debian import offered_packages, packages_of_image
from acceptance.build.oci import read_files
from acceptance.domains.delivery.drivers.exceptions import FILE
from acceptance.domains.delivery.drivers.scanners.images import archives
from acceptance.domains.delivery.malicious_changes import MALICIOUS_CHANGES
from acceptance.domains.delivery.pipeline import WORKFLOW
from acceptance.drivers.kubernetes.pods import hardened_container
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
    "A new staging environment runs the release and serves visitors",
    expects="Staging has no ingress",
)
def staging_without_ingress(saboteur: Saboteur) -> None:
    """Leave the ingress out of staging, because another team uses its host."""
    _patch_staging(saboteur, "Ingress", "checkout", {"$patch": "delete"})


@control(
    "TASK-001-DOD-5",
    "A new staging environment runs the release and serves visitors",
    expects="The service does not answer",
)
def staging_api_routed_to_frontend(saboteur: Saboteur) -> None:
    """Route /api of staging to the frontend."""
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
    "A new staging environment runs the release and serves visitors",
    expects="staging runs frontend/prepare, which is not part of the release",
)
def staging_with_an_unreleased_container(saboteur: Saboteur) -> None:
    """Add an init container to the frontend of staging that the release does not have."""
    container = hardened_container("prepare", "localhost/checkout-database", ["true"])
    change = {"spec": {"template": {"spec": {"initContainers": [container]}}}}
    _patch_staging(saboteur, "Deployment", "frontend", change)


def _patch_staging(saboteur: Saboteur, kind: str, name: str, change: Mapping[str, object]) -> None:
    version = "apps/v1" if kind == "Deployment" else "networking.k8s.io/v1"
    whole = {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **change}
    path = saboteur.repository() / _STAGING
    # JSON is YAML. A deleted ingress cannot be patched, so the overlay's own patch of it goes.
    text = path.read_text(encoding="utf-8")
    head, patches, rest = text.partition("patches:\n")
    own = "" if kind == "Ingress" else rest
    path.write_text(f"{head}{patches}  - patch: '{json.dumps(whole)}'\n{own}", encoding="utf-8")


@control(
    "TASK-002-AC-6",
    "CI blocks <change> [a push with dangerous code]",
    expects=r"let \(B602\) in checkout/receipts\.py:5 pass",
)
def scan_result_ignored(saboteur: Saboteur) -> None:
    """Ignore the result of the scan, because it blocks an urgent change."""
    _change(saboteur, _SCAN, f"{_SCAN} || true")


@control(
    "TASK-002-AC-6",
    "No change bypasses the security scan",
    expects=r"Scan may fail \(continue-on-error\)",
)
def scan_step_continues_on_error(saboteur: Saboteur) -> None:
    """Ignore the result of the scan with continue-on-error."""
    _change(saboteur, _SCAN, f"continue-on-error: true\n        {_SCAN}")


@control(
    "TASK-002-AC-6",
    "CI blocks <change> [a push with a hard-coded secret]",
    expects="passes without scanning secrets",
)
def workflow_without_secret_scan(saboteur: Saboteur) -> None:
    """Leave out the slowest scanner, the one for secrets."""
    less = "--part=code --part=deployment --sarif"
    _change(saboteur, _SCAN, _SCAN.replace("--sarif", less))


@control(
    "TASK-002-AC-6",
    "CI blocks <change> [a pull request with a privileged container]",
    expects=r"No job of \.github/workflows/security\.yml runs on pull_request",
)
@control(
    "TASK-002-AC-6",
    "No change bypasses the security scan",
    expects="it does not run on pull_request",
)
def workflow_without_pull_request_trigger(saboteur: Saboteur) -> None:
    """Scan pushes only."""
    _change(saboteur, "  pull_request:\n", "")


@control(
    "TASK-002-AC-6",
    "No change bypasses the security scan",
    expects="on push it has the filter branches",
)
def workflow_limited_to_main(saboteur: Saboteur) -> None:
    """Scan the branch main only, so after the merge."""
    _change(saboteur, "  push:\n", "  push:\n    branches: [main]\n")


def _change(saboteur: Saboteur, old: str, new: str) -> None:
    """Commit a change of the security workflow in a copy of the repository."""
    copy = saboteur.repository()
    edits.replace(copy / WORKFLOW, old, new)
    edits.commit(copy, "Make CI more pleasant")


@control(
    "TASK-001-DOD-2",
    "The system's own tests pass now",
    expects=r"1 of \d+ backend unit tests failed, first tests\.test_domain: test_of_a_promise",
)
def failing_unit_test(saboteur: Saboteur) -> None:
    """Release although a unit test of the backend fails."""
    edits.append(
        saboteur.repository() / _TESTS / "test_domain.py",
        '\n\ndef test_of_a_promise() -> None:\n    """Not kept."""\n    assert 1 + 1 == 3\n',
    )


@control(
    "TASK-001-DOD-2",
    "The system's own tests pass now",
    expects=r"No backend integration test was executed: all \d\d+ were skipped",
)
def integration_tests_skipped(saboteur: Saboteur) -> None:
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
def frontend_without_tests(saboteur: Saboteur) -> None:
    """Delete the tests of the frontend."""
    shutil.rmtree(saboteur.repository() / "checkout/frontend/tests")


@control(
    "TASK-001-DOD-2",
    "The system's own tests pass now",
    expects="integration tests report no PostgreSQL, but a dictionary in memory",
)
def integration_tests_without_postgresql(saboteur: Saboteur) -> None:
    """Run the integration tests against a substitute for the database."""
    edits.substitute(
        saboteur.repository() / _TESTS / "conftest.py",
        (r"server\.version\(\)", '"a dictionary in memory"'),
    )


@control(
    "TASK-001-DOD-3",
    "A security scan of the release finds nothing critical",
    expects=r"checkov: Container should not be privileged .* in Deployment\.checkout\.backend",
)
def privileged_container(saboteur: Saboteur) -> None:
    """Make the container of the backend privileged."""
    edits.substitute(
        saboteur.repository() / "manifests/base/backend.yaml",
        (r"allowPrivilegeEscalation: false", "privileged: true"),
    )


@control(
    "TASK-001-DOD-3",
    "A security scan of the release finds nothing critical",
    expects=r"AWS Access Key\) in deploy\.env:1",
)
def committed_cloud_key(saboteur: Saboteur) -> None:
    """Commit the key of a cloud account, with a comment that silences the scanner."""
    copy = saboteur.repository()
    MALICIOUS_CHANGES["a push with a hard-coded secret"].make(copy)
    run(["git", "add", "deploy.env"], cwd=copy, timeout=_SECONDS)


@control(
    "TASK-001-DOD-3",
    "A security scan of the release finds nothing critical",
    expects=r"shell=True.*checkout/receipts\.py:5",
)
def shell_injection(saboteur: Saboteur) -> None:
    """Pass a visitor's input to a shell, with a comment that silences the scanner."""
    MALICIOUS_CHANGES["a push with dangerous code"].make(saboteur.repository())


@control(
    "TASK-001-DOD-3",
    "A security scan of the release finds nothing critical",
    expects="the security update .* is not installed .*outdated/",
)
def image_without_security_updates(saboteur: Saboteur) -> None:
    """Release an image without the latest security updates of its distribution."""
    reference, archive = next(archives(saboteur.system.images, _SECONDS))
    files = read_files(archive, lambda name: name == _STATUS or name.startswith("etc/apt/sources"))
    contents = packages_of_image(archive)
    updated = {each.name for each in offered_packages(contents.sources).packages}
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
    saboteur.override_facts(images=(f"localhost/outdated:{place.name}",))


@control(
    "TASK-001-DOD-3",
    "A security scan of the release finds nothing critical",
    expects="The exception for .* expired on 2020-01-31",
)
@control(
    "TASK-002-AC-6",
    "CI blocks <change> [a push with dangerous code]",
    expects="blocks the unchanged sources: CRITICAL .* expired on 2020-01-31",
)
def exceptions_expired(saboteur: Saboteur) -> None:
    """Let the reviewed exceptions expire."""
    copy = saboteur.repository()
    edits.substitute(copy / FILE, (r"expires = \S+", "expires = 2020-01-31"))
    edits.commit(copy, "Leave the exceptions as they were")


@control(
    "TASK-001-DOD-3",
    "A security scan of the release finds nothing critical",
    expects=(
        r"No scanner could scan the images \(security updates: "
        "localhost/elsewhere:1 is not on this machine"
    ),
    verdict="unverified",
)
def image_unavailable(saboteur: Saboteur) -> None:
    """Release an image that was built elsewhere and is not on this machine."""
    saboteur.override_facts(images=("localhost/elsewhere:1",))


@control(
    "TASK-001-DOD-1",
    "Every change since the last release was approved by somebody else",
    expects=r'own author only: \w{12} "Quick fix": Reviewed-by: A Developer',
)
def self_approved_change(saboteur: Saboteur) -> None:
    """Approve one's own change."""
    copy = saboteur.repository()
    edits.append(copy / "README.md", "Quickly said.\n")
    edits.commit(copy, "Quick fix\n\nReviewed-by: A Developer <Developer@Checkout.invalid>")


@control(
    "TASK-001-DOD-1",
    "Every change since the last release was approved by somebody else",
    expects="Changes were requested: .*bob requested changes in pull request 7",
)
def merged_with_changes_requested(saboteur: Saboteur) -> None:
    """Merge a pull request whose reviewer first approved it and then requested changes."""
    saboteur.repository()
    github = FakeGitHub()
    github.pull(7, ("bob", "APPROVED", "end"), ("bob", "CHANGES_REQUESTED", "end"))
    address = saboteur.use(serving(github))
    saboteur.environment(GITHUB_API_URL=address, GITHUB_REPOSITORY=REPOSITORY, GITHUB_TOKEN=TOKEN)
