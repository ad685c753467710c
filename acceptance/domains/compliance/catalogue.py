"""Reads the control catalogue, which docs/security/compliance.md explains."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acceptance.domains.compliance import components, exposure, network, permissions, pods
from acceptance.domains.compliance.check_result import CheckArguments
from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.domains.compliance.check_result import Check

FILE = "security/compliance.toml"
CHECKS: dict[str, Check] = {
    each.__name__: each
    for each in (
        components.component_flag,
        components.kubelet_setting,
        components.no_hostname_override,
        components.file_permissions,
        components.kubeconfig_permissions,
        components.encryption_providers,
        components.audit_policy,
        components.etcd_has_own_ca,
        pods.running_pods,
        pods.admitted_pods,
        pods.images_by_digest,
        pods.images_always_pulled,
        permissions.no_permission,
        permissions.no_cluster_admin,
        permissions.no_wildcards,
        permissions.unused_default_accounts,
        permissions.tokens_only_with_permissions,
        permissions.no_secrets_of_type,
        permissions.short_lived_certificate,
        network.policy_engine,
        network.default_deny,
        network.pods_selected_by_policies,
        network.limits_and_quota,
        network.own_namespace,
        network.empty_default_namespace,
        exposure.api_server_refuses_anonymous,
        exposure.kubelet_refuses_anonymous,
        exposure.no_read_only_port,
        exposure.no_outdated_tls,
        exposure.etcd_refuses_anonymous,
        exposure.loopback_only,
        exposure.secrets_encrypted_at_rest,
        network.ingress_uses_tls,
        exposure.same_versions,
    )
}
"""Every check by the name that the catalogue uses."""
_KNOWN = {"id", "title", "check", "with", "allowed", "not_applicable"}


@dataclass(frozen=True)
class CatalogueControl:
    """One control of a framework, and the check for it."""

    id: str
    title: str
    check: str
    """One of `CHECKS`; empty if none exists, so that the control is unverified where it applies."""
    arguments: CheckArguments
    not_applicable: dict[str, str] = field(default_factory=dict)
    """Why it does not apply, by the cluster's driver; `*` for all drivers."""

    def inapplicable(self, driver: str) -> str | None:
        """Return why it does not apply to a cluster of `driver`; None if it does."""
        return self.not_applicable.get(driver, self.not_applicable.get("*"))


@dataclass(frozen=True)
class ControlFramework:
    """A published catalogue of controls."""

    name: str
    version: str
    source: str
    controls: tuple[CatalogueControl, ...]


def read_frameworks(root: Path) -> tuple[ControlFramework, ...]:
    """Return the frameworks of the catalogue in the repository at `root`.

    Raises `BrokenInput` if it is missing or empty, or names an unknown check.
    """
    path = root / FILE
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        found = tuple(_framework(each) for each in document["framework"])
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BrokenInput(f"{path} is no control catalogue: {error!r}.") from error
    for each in found:
        ids = [control.id for control in each.controls]
        if not ids or len(set(ids)) != len(ids):
            raise BrokenInput(f"{path}: {each.name} has no control, or an id twice.")
    return found


def _framework(found: dict[str, Any]) -> ControlFramework:
    controls = tuple(_control(each) for each in found["controls"])
    return ControlFramework(found["name"], str(found["version"]), found["source"], controls)


def _control(found: dict[str, Any]) -> CatalogueControl:
    reasons = found.get("not_applicable", {})
    control = CatalogueControl(
        found["id"],
        found["title"],
        found.get("check", ""),
        CheckArguments(found.get("with", {}), found.get("allowed", {})),
        {"*": reasons} if isinstance(reasons, str) else reasons,
    )
    if unknown := found.keys() - _KNOWN:
        raise BrokenInput(f"{FILE}: {control.id} has the unknown key {', '.join(unknown)}.")
    if control.check not in CHECKS and (control.check or not control.not_applicable):
        known = ", ".join(sorted(CHECKS))
        raise BrokenInput(
            f"{FILE}: {control.id} has the check {control.check!r}. Try one of: {known}."
        )
    return control
