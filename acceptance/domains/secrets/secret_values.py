"""Follows the values of the backend's Secret through a rotation, and keeps them out of reports."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.secrets.drivers.rotation_state import (
    BackendConfiguration,
    RotatedSecret,
    read_backend_configuration,
    read_rotated_secret,
)
from acceptance.domains.secrets.secret_inventory import is_login_name
from acceptance.judgement import Unverifiable, require
from acceptance.readiness.redaction import MASK

if TYPE_CHECKING:
    from acceptance.actor import ActorContext

_PAGE = "docs/operations/secret-rotation.md"


class SecretValueTracker(ClusterActor):
    """Knows every value that the Secret had since the scenario began."""

    def __init__(self, context: ActorContext) -> None:
        """Know no value yet."""
        super().__init__(context)
        self._tell_secrets = context.tell_secrets
        self._values: dict[str, None] = {}

    def _read_secret(self) -> RotatedSecret:
        """Read the Secret, and have its values redacted from now on: not the names in it."""
        backend = self._backend()
        found = read_rotated_secret(self._cluster, self.system.namespace, backend)
        require(found, f"There is no Secret {backend.secret}.")
        assert found is not None
        values = [text for key, text in found.values.items() if not is_login_name(key, text)]
        self._values |= dict.fromkeys(values)
        self._tell_secrets(values)
        return found

    def _backend(self) -> BackendConfiguration:
        """Return the backend's configuration.

        Raises `Unverifiable` for a system that does not support rotation; none is a failed check.
        """
        namespace, name = self.system.namespace, self.system.workloads.backend
        found = read_backend_configuration(self._cluster, namespace, name)
        if found is None:
            raise AssertionError(f"There is no Deployment {name} in {namespace}.")
        if found.missing:
            raise Unverifiable(
                f"The Deployment {name} takes no {', '.join(found.missing)} from one Secret and "
                f"its ConfigMaps, so its secrets cannot be rotated. Try: {_PAGE}"
            )
        return found

    def _hidden(self, text: str) -> str:
        """Return `text` without any of the values."""
        for form in self._forms():
            text = text.replace(form, MASK)
        return text

    def _count_in(self, *texts: str) -> int:
        """Return how many of the values, plain or in base64, the texts hold."""
        return sum(any(form in text for text in texts) for form in self._forms())

    def _forms(self) -> list[str]:
        plain = list(self._values)
        return [*plain, *(base64.b64encode(value.encode()).decode() for value in plain)]
