"""Malicious changes: each adds one danger, and a comment that tries to silence its scanner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from acceptance.domains.delivery.drivers.proposals import Proposal
from acceptance.domains.delivery.scanning import RELEASED_CODE
from acceptance.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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
}
"""By their names in the feature."""
