"""Reads the table of controls, which docs/security/compliance.md explains."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acceptance.domains.compliance import components, exposure, network, pods, rights
from acceptance.domains.compliance.finding import Arguments
from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.domains.compliance.finding import Check

FILE = "security/compliance.toml"
CHECKS: dict[str, Check] = {
    each.__name__: each
    for each in (
        components.flag,
        components.kubelet,
        components.no_override,
        components.files,
        components.own_credentials,
        components.encryption_providers,
        components.audit_policy,
        components.own_authority,
        pods.pods,
        pods.admission,
        pods.images,
        pods.pulled_always,
        rights.may,
        rights.cluster_admin,
        rights.wildcards,
        rights.default_accounts,
        rights.needed_tokens,
        rights.no_secrets_of_type,
        rights.passing_certificate,
        network.policy_engine,
        network.default_deny,
        network.isolated,
        network.bounded,
        network.own_namespace,
        network.empty_default,
        exposure.anonymous,
        exposure.anonymous_kubelet,
        exposure.no_read_only_port,
        exposure.old_tls,
        exposure.closed_store,
        exposure.to_itself,
        exposure.encrypted_store,
        network.https_only,
        exposure.patched,
    )
}
"""What a control can be checked by, by the word that the table uses."""
_KNOWN = {"id", "title", "check", "with", "allowed", "not_applicable"}


@dataclass(frozen=True)
class Control:
    """One control of a framework, and how it is checked here."""

    id: str
    title: str
    check: str
    """One of `CHECKS`; empty if nobody can look at it where it applies."""
    arguments: Arguments
    not_applicable: dict[str, str] = field(default_factory=dict)
    """Why it does not apply, by the cluster's driver; `*` for all of them."""

    def inapplicable(self, driver: str) -> str | None:
        """Return why it does not apply on a cluster of `driver`; None if it does."""
        return self.not_applicable.get(driver, self.not_applicable.get("*"))


@dataclass(frozen=True)
class Framework:
    """A published list of controls."""

    name: str
    version: str
    source: str
    controls: tuple[Control, ...]


def read_frameworks(root: Path) -> tuple[Framework, ...]:
    """Return the frameworks of the table in the repository at `root`.

    Raises `BrokenInput` for a table that is missing, empty, or names a check that is not there.
    """
    path = root / FILE
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        found = tuple(_framework(each) for each in document["framework"])
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BrokenInput(f"{path} is no table of controls: {error!r}.") from error
    for each in found:
        ids = [control.id for control in each.controls]
        if not ids or len(set(ids)) != len(ids):
            raise BrokenInput(f"{path}: {each.name} has no control, or one of them twice.")
    return found


def _framework(found: dict[str, Any]) -> Framework:
    controls = tuple(_control(each) for each in found["controls"])
    return Framework(found["name"], str(found["version"]), found["source"], controls)


def _control(found: dict[str, Any]) -> Control:
    reasons = found.get("not_applicable", {})
    control = Control(
        found["id"],
        found["title"],
        found.get("check", ""),
        Arguments(found.get("with", {}), found.get("allowed", {})),
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
