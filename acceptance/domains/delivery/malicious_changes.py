"""Malicious changes: each adds one danger, and a comment that tries to silence its scanner."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from acceptance.domains.delivery.drivers.proposals import Proposal
from acceptance.domains.delivery.scanning import RELEASED_CODE
from acceptance.errors import EnvironmentFailure
from acceptance.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


PIPELINE = ".github/workflows/image.yml"
"""The workflow that builds, scans, pushes and signs images."""


@dataclass(frozen=True)
class MaliciousChange:
    """A change that CI must block."""

    proposal: Proposal
    """How it is offered: each change looks like one that a team might let through."""
    make: Callable[[Path], None]
    """Makes the change in a copy of the repository."""
    finding: str
    """How the scan must report it: the rule and the place."""


def _hard_coded_secret(copy: Path) -> None:
    key = "AKIA" + "QYLPMN5HFZXTRB3C"  # split, so that this file holds no key
    (copy / "deploy.env").write_text(f"KEY={key}  # pragma: allowlist secret\n", encoding="utf-8")


def _privileged_container(copy: Path) -> None:
    overlay = load_settings(copy).overlay
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "debug", "annotations": {"checkov.io/skip1": "CKV_K8S_16=for now"}},
        "spec": {
            "containers": [
                {"name": "debug", "image": "debug:1", "securityContext": {"privileged": True}}
            ]
        },
    }
    (overlay / "debug.yaml").write_text(yaml.safe_dump(pod), encoding="utf-8")
    recipe = overlay / "kustomization.yaml"
    found = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    found["resources"] = [*found.get("resources", ()), "debug.yaml"]
    recipe.write_text(yaml.safe_dump(found), encoding="utf-8")


def _dangerous_code(copy: Path) -> None:
    (copy / RELEASED_CODE).mkdir(exist_ok=True)
    (copy / RELEASED_CODE / "receipts.py").write_text(
        "import subprocess\n\n\ndef print_receipt(name: str) -> None:\n"
        '    subprocess.run(f"lp {name}", shell=True)  # nosec\n',
        encoding="utf-8",
    )


def _injection_into_workflow(copy: Path) -> None:
    workflow = copy / PIPELINE
    text = workflow.read_text(encoding="utf-8")
    step = '      - name: Greet\n        run: echo "${{ github.event.head_commit.message }}"'
    workflow.write_text(f"{text.rstrip()}\n\n{step}  # zizmor: ignore\n", encoding="utf-8")


def _moving_action(copy: Path) -> None:
    workflow = copy / PIPELINE
    pinned = re.compile(r"actions/upload-artifact@[0-9a-f]{40}  # \S+")
    text, count = pinned.subn("actions/upload-artifact@v4", workflow.read_text(encoding="utf-8"))
    if not count:
        raise EnvironmentFailure(f"{PIPELINE} pins no upload-artifact, so it is not changed.")
    workflow.write_text(text, encoding="utf-8")


def _secret_in_workflow(copy: Path) -> None:
    key = "AKIA" + "QYLPMN5HFZXTRB3D"  # split, so that this file holds no key
    workflow = copy / PIPELINE
    text = workflow.read_text(encoding="utf-8")
    workflow.write_text(f"env:\n  REGISTRY_USER: {key}\n{text}", encoding="utf-8")


def _dangerous_command(copy: Path) -> None:
    command = copy / "operations" / "pipeline" / "notify.py"
    command.write_text(
        "import os\n\n\ndef tell(subject: str) -> None:\n"
        '    os.system(f"notify {subject}")  # nosec\n',
        encoding="utf-8",
    )


MALICIOUS_CHANGES = {
    "a push with a hard-coded secret": MaliciousChange(
        Proposal("push", "refs/heads/hotfix/payment", "[hotfix] Pay again", path=""),
        _hard_coded_secret,
        "(AWS Access Key) in deploy.env:1",
    ),
    "a pull request with a privileged container": MaliciousChange(
        Proposal(
            "pull_request",
            "refs/heads/dependabot/docker/debug-1",
            "chore(deps): add debug [skip ci]",
            "dependabot[bot]",
            path="",
        ),
        _privileged_container,
        "Container should not be privileged (CKV_K8S_16)",
    ),
    "a push with dangerous code": MaliciousChange(
        Proposal("push", "refs/heads/release/1.4", "chore(release): 1.4.0", "admin", path=""),
        _dangerous_code,
        f"(B602) in {RELEASED_CODE}receipts.py:5",
    ),
    "a push with a message that runs in the pipeline": MaliciousChange(
        Proposal("push", "refs/heads/main", "Greet everybody", "admin", path=""),
        _injection_into_workflow,
        f"(template-injection) in {PIPELINE}:",
    ),
    "a pull request with an action that its owner can change": MaliciousChange(
        Proposal("pull_request", "refs/heads/dependabot/actions/4", "Bump", path=""),
        _moving_action,
        f"(unpinned-uses) in {PIPELINE}:",
    ),
    "a push with a secret in the pipeline": MaliciousChange(
        Proposal("push", "refs/heads/hotfix/registry", "[hotfix] Sign in", path=""),
        _secret_in_workflow,
        f"(AWS Access Key) in {PIPELINE}:2",
    ),
    "a push with dangerous code in the pipeline": MaliciousChange(
        Proposal("push", "refs/heads/notify", "Tell the team", path=""),
        _dangerous_command,
        "(B605) in operations/pipeline/notify.py:5",
    ),
}
"""By their names in the feature."""
