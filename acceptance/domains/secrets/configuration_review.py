"""Reviews the configuration of secrets: the keys that pods use, their names and their values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.secrets.guessable_values import name_fault, value_fault
from acceptance.domains.secrets.secret_inventory import (
    called_public,
    called_secret,
    is_login_name,
)
from acceptance.drivers.kubernetes.cert_manager import issued_secrets
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.secret_configuration import decoded, read_configured_keys
from acceptance.judgement import listed, require, require_each

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from acceptance.drivers.kubernetes.facts import PodFacts
    from acceptance.drivers.secret_configuration import ConfiguredKeys


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
        weak = _weak_values(secrets, in_use, issued, configured, self._guessable_words())
        optional = (*configured.rotation, *configured.public)
        keys = SecretKeys(used, absent, configured.secret, optional, weak)
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

    def _guessable_words(self) -> tuple[str, ...]:
        """Return what anybody guesses here: names of the system, its users and its databases."""
        config_maps = self._cluster.config_maps(self.system.namespace).values()
        names = [v for data in config_maps for k, v in data.items() if called_public(k)]
        return (self.system.namespace, self.system.host, *self.system.names, *names)


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


def _weak_values(
    secrets: Mapping[str, Mapping[str, str]],
    in_use: Collection[str],
    issued: Collection[str],
    configured: ConfiguredKeys,
    guessable: Collection[str],
) -> tuple[tuple[str, str], ...]:
    """Return (key, what is wrong with its value) of what Secrets hold, by the Secret's name.

    A configured key in a Secret that is in use needs a generated value. Any other that is called
    secret must be no placeholder, and nor must the name of a login or a database. Values are in
    base64, as the API sends them.
    """
    held = {key for name in in_use for key in secrets.get(name, {})}
    found = {
        key: "has no value in any Secret that a pod uses"
        for key in configured.secret
        if key not in held
    }
    for name in sorted(set(secrets) - set(issued)):
        for key, value in secrets[name].items():
            generated = name in in_use and key in (*configured.secret, *configured.rotation)
            if generated or called_secret(key):
                text, known = decoded(value), (*guessable, key)
                fault = (
                    name_fault(text)
                    if is_login_name(key, text)
                    else value_fault(text, generated=generated, known=known)
                )
                if fault:
                    found[key if generated else f"{name}/{key}"] = fault
    return tuple(found.items())
