"""Tests that the audit log records who reads a Secret, and does not contain its value."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from dataclasses import dataclass

from acceptance.domains.compliance.drivers.node_shell import Unobservable
from acceptance.domains.compliance.secret_probe import SecretProbeActor
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, require
from acceptance.waiting import eventually


@dataclass(frozen=True)
class AuditRecord:
    """What the audit log says about one Secret, and the value that it must not contain."""

    name: str
    value: str
    events: tuple[dict[str, object], ...]
    lines: str


class AuditLogInspector(SecretProbeActor):
    """Reads a Secret through the API, and then the audit log about it."""

    def read_secret(self) -> AuditRecord:
        """Create and read a Secret, and wait until the audit log has recorded that.

        Raises `Unverifiable` where the audit log cannot be read.
        """
        name, value = self._create_secret()
        reply = self._cluster.ask(api_path("secrets", self.system.namespace, name))
        if not reply.succeeded:
            message = f"The Secret {name} was created and cannot be read: {reply}."
            raise EnvironmentFailure(message)
        try:
            servers = self._snapshot.node.named("kube-apiserver")
            logs = [each.get("audit-log-path") for each in servers]
            lines = "\n".join(self._lines(path, name) for path in logs if path)
        except Unobservable as error:
            raise Unverifiable(f"The audit log cannot be read: {error}.") from error
        # The last line may be incomplete yet.
        whole = [line for line in lines.splitlines() if line.startswith("{") and line[-1] == "}"]
        events = tuple(json.loads(line) for line in whole)
        self._keep("The audit log about one Secret", pretty(events))
        return AuditRecord(name, value, events, lines)

    def assert_reading_recorded(self, found: AuditRecord) -> None:
        """The audit log says who read the Secret, and when."""
        read = [each for each in found.events if each.get("verb") == "get"]
        require(
            read,
            f"The audit log does not record that the Secret {found.name} was read: it has "
            f"{len(found.events)} lines about it. Try: --audit-policy-file of the API server.",
        )
        for each in read:
            user = each.get("user")
            require(
                isinstance(user, dict) and user.get("username") and each.get("stageTimestamp"),
                f"The audit log does not say who read {found.name}, or when: {each}",
            )

    def assert_no_value_in_log(self, found: AuditRecord) -> None:
        """The audit log does not contain the value of the Secret."""
        encoded = base64.b64encode(found.value.encode()).decode()
        leaked = [each for each in (found.value, encoded) if each in found.lines]
        require(
            not leaked,
            f"The audit log contains the value of {found.name}. Try: the level Metadata.",
        )

    def _lines(self, path: str, name: str) -> str:
        """Return the lines of the audit log about one Secret; none if none appear in time."""

        def matches() -> str:
            return self._snapshot.node.lines_with(path, name)

        with suppress(AssertionError):
            return eventually(
                matches,
                lambda text: '"verb":"get"' in text,
                timeout=self._timeouts.api,
                what="an audit log entry about reading a Secret",
            )
        return matches()
