"""Reviews the configuration of secrets: the keys that pods use, their names and their values."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers.kubernetes.cert_manager import issued_secrets
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.secret_configuration import decoded, read_configured_keys
from acceptance.judgement import listed, require, require_each

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from acceptance.drivers.kubernetes.facts import PodFacts

_PLACEHOLDER = re.compile(
    r"change[-_ ]?me|example|placeholder|todo|fixme|replace[-_ ]?me|dummy|your[-_ ]|^<.*>$"
    r"|^x{3,}$|^(password|passwd|secret|test|admin|default)\d*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class SecretKeys:
    """The keys of secrets: which ones pods use, and which ones the configuration names."""

    used: tuple[tuple[str, str], ...]
    """(pod, key); a pod that uses a whole Secret uses all of its keys."""
    absent: tuple[str, ...]
    """What a pod refers to and is not there, in words."""
    named: tuple[str, ...]
    """Those that always need a value."""
    optional: tuple[str, ...]
    """Those that are named, and may have no value or a public one."""
    weak: tuple[tuple[str, str], ...]
    """(key, what is wrong with its value); never the value."""


class ConfigurationReviewer(ClusterActor):
    """Compares the keys of secrets that pods use with the configuration, and checks the values."""

    def compare_keys(self) -> SecretKeys:
        """Compare the keys that pods use with those that the configuration names."""
        pods = [pod for name in self.system.names for pod in self._pods(name)]
        secrets = self._cluster.secrets(self.system.namespace)
        issued = issued_secrets(self._cluster, self.system.namespace)
        used, absent = _used_keys(pods, secrets, issued)
        configured = read_configured_keys(self._cluster, self.system.namespace)
        in_use = {use.secret for pod in pods for use in pod.uses}
        values = {key: value for name in in_use for key, value in secrets.get(name, {}).items()}
        valued = [*configured.secret, *(key for key in configured.rotation if key in values)]
        weak = [(key, fault) for key in valued if (fault := _value_fault(values.get(key)))]
        optional = (*configured.rotation, *configured.public)
        keys = SecretKeys(used, absent, configured.secret, optional, tuple(weak))
        self._keep("Keys in use and configured keys", pretty(asdict(keys)))
        return keys

    def assert_keys_named(self, keys: SecretKeys) -> None:
        """Every key in use is there, and the configuration names it."""
        require(not keys.absent, f"{listed(keys.absent)}.")
        known = {*keys.named, *keys.optional}
        require_each(
            keys.used,
            lambda use: (
                None if use[1] in known else f"{use[0]} uses {use[1]}, which no ConfigMap names"
            ),
            nothing="No pod uses a secret, so none protects the database.",
        )

    def assert_keys_have_values(self, keys: SecretKeys) -> None:
        """Every key that the configuration names has a real value."""
        faults = dict(keys.weak)
        require_each(
            tuple(dict.fromkeys((*keys.named, *faults))),
            lambda key: f"{key} {faults[key]}" if key in faults else None,
            nothing="No ConfigMap names the keys of secrets. Try: list them in its SECRET_KEYS.",
        )


def _used_keys(
    pods: Iterable[PodFacts], secrets: Mapping[str, Mapping[str, str]], issued: Collection[str]
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Return the keys that pods use, as (pod, key), and what they refer to in vain, in words.

    Without those of certificates, which are `issued`: nobody configures them.
    """
    used: dict[tuple[str, str], None] = {}
    absent: dict[str, None] = {}
    for pod in pods:
        for use in pod.uses:
            held = secrets.get(use.secret, {})
            if not use.optional and (not held or (use.key and use.key not in held)):
                absent[f"{pod.name} uses {use.secret}/{use.key or '*'}, which is not there"] = None
            if use.secret in issued:
                continue
            keys = [use.key] if use.key else list(held)
            used |= {(pod.name, key): None for key in keys if key in held or not use.optional}
    return tuple(used), tuple(absent)


def _value_fault(held: str | None) -> str | None:
    """Say what is wrong with a value, in base64 as the API sends it; None if nothing is."""
    if held is None:
        return "has no value in any Secret that a pod uses"
    value = decoded(held).strip()
    if not value:
        return "is empty"
    # Encoded before it was written into `data`, by a tool that encodes it again.
    try:
        inner = base64.b64decode(value, validate=True).decode("utf-8").strip()
    except (binascii.Error, UnicodeDecodeError):
        inner = ""
    if _PLACEHOLDER.search(value) or (inner and _PLACEHOLDER.search(inner)):
        return "is a placeholder"
    return None
