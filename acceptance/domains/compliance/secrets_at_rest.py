"""Tests that Secrets are encrypted where the cluster stores them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.compliance.drivers import secret_store
from acceptance.domains.compliance.drivers.node_shell import Unobservable
from acceptance.domains.compliance.secret_probe import SecretProbeActor
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, require

if TYPE_CHECKING:
    from acceptance.domains.compliance.drivers.secret_store import StoredSecret


@dataclass(frozen=True)
class SecretsAtRest:
    """A Secret that was created through the API, and all Secrets of the data store."""

    name: str
    value: str
    stored: tuple[StoredSecret, ...]


class SecretStoreInspector(SecretProbeActor):
    """Reads Secrets from the cluster's data store, past the API server."""

    def read_store(self) -> SecretsAtRest:
        """Create a Secret through the API, and read all Secrets from the data store.

        Raises `Unverifiable` where the data store cannot be read.
        """
        name, value = self._create_secret()
        try:
            stored = secret_store.secrets_in_store(self._snapshot.node)
        except Unobservable as error:
            raise Unverifiable(f"The data store cannot be read: {error}.") from error
        shown = [{"key": s.key, "bytes": len(s.value), "encrypted by": s.provider} for s in stored]
        self._keep("Secrets in the data store", pretty(shown))
        return SecretsAtRest(name, value, stored)

    def assert_secrets_encrypted(self, found: SecretsAtRest) -> None:
        """Every Secret of the data store is encrypted, the newly created one among them."""
        key = f"{secret_store.SECRETS}{self.system.namespace}/{found.name}"
        own = [each for each in found.stored if each.key == key]
        require(
            own, f"The data store has no {key}, which was just created. Is it the right data store?"
        )
        unencrypted = [each.key for each in found.stored if not each.encrypted]
        require(
            not unencrypted,
            f"{len(unencrypted)} of {len(found.stored)} Secrets are not encrypted in the data "
            f"store: {'; '.join(unencrypted)}. "
            "Try: --encryption-provider-config of the API server.",
        )
        value = found.value.encode()
        require(
            not any(each in own[0].value for each in (value, base64.b64encode(value))),
            f"The data store also has the plain value of {key}.",
        )
