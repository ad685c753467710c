"""Reads the control catalogue, which docs/security/compliance.md explains."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from acceptance.domains.compliance import components, exposure, network, permissions, pods
from acceptance.domains.compliance.check_result import CheckArguments
from acceptance.errors import BrokenInput
from acceptance.toml_file import Text, one_of, read_toml

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


def _by_driver(value: object) -> object:
    """Let a text be the short form of a table: the reason for all drivers."""
    return {"*": value} if isinstance(value, str) else value


def _to_text(value: object) -> object:
    """Let a version be written as a number."""
    return str(value) if type(value) in {int, float} else value


@dataclass(frozen=True)
class _ControlTable:
    id: Text
    title: Text
    check: Annotated[Text, one_of(CHECKS)] = ""
    with_: Annotated[dict[str, Any], Field(alias="with")] = field(default_factory=dict)
    allowed: dict[str, Text] = field(default_factory=dict)
    not_applicable: Annotated[dict[str, Text], BeforeValidator(_by_driver)] = field(
        default_factory=dict
    )


@dataclass(frozen=True)
class _FrameworkTable:
    name: Text
    version: Annotated[Text, BeforeValidator(_to_text)]
    source: Text
    controls: Annotated[tuple[_ControlTable, ...], Field(min_length=1)]


@dataclass(frozen=True)
class _CatalogueFile:
    framework: Annotated[tuple[_FrameworkTable, ...], Field(min_length=1)]


def read_frameworks(root: Path) -> tuple[ControlFramework, ...]:
    """Return the frameworks of the catalogue in the repository at `root`.

    Raises `BrokenInput` if it is missing or empty, or names an unknown check.
    """
    read = read_toml(root / FILE, _CatalogueFile, name=FILE, remedy=f"Try: git checkout {FILE}")
    for each in read.framework:
        ids = [control.id for control in each.controls]
        if twice := next((name for name in ids if ids.count(name) > 1), None):
            raise BrokenInput(f"{FILE}: {each.name} has the control {twice} twice.")
    return tuple(
        ControlFramework(each.name, each.version, each.source, tuple(map(_control, each.controls)))
        for each in read.framework
    )


def _control(found: _ControlTable) -> CatalogueControl:
    if not found.check and not found.not_applicable:
        message = f"{FILE}: {found.id} has neither a check nor a reason why it does not apply."
        raise BrokenInput(f"{message} Try: check, or not_applicable.")
    arguments = CheckArguments(found.with_, found.allowed)
    return CatalogueControl(
        found.id, found.title, found.check, arguments, dict(found.not_applicable)
    )
