"""What the inspectors of the node share: a snapshot, and a Secret with a known value."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from acceptance.actor import Actor
from acceptance.domains.compliance.drivers.snapshot import ClusterSnapshot
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from acceptance.actor import ActorContext


class SecretProbeActor(Actor):
    """Creates a Secret through the API, to look for it elsewhere."""

    def __init__(self, context: ActorContext) -> None:
        """Take a snapshot, which reads nothing yet."""
        super().__init__(context)
        self._tell_secrets = context.tell_secrets
        self._snapshot = ClusterSnapshot(self.system, self._cluster, timeout=self._timeouts.execute)
        self._undo.callback(self._snapshot.close)

    def _create_secret(self) -> tuple[str, str]:
        """Return name and value of a new Secret of the system's namespace."""
        name, value = f"compliance-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
        self._tell_secrets([value])
        self._undo.callback(self._delete, api_path("secrets", self.system.namespace, name))
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}
        collection = api_path("secrets", self.system.namespace)
        self._cluster.create(collection, {**body, "stringData": {"value": value}})
        return name, value

    def _delete(self, path: str) -> None:
        with suppress(Refused):
            self._cluster.delete(path)
