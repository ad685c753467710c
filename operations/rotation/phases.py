"""Goes through the phases of a rotation, from whichever it is in."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime
from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.client import Kubernetes, Refused
from acceptance.drivers.kubernetes.identity import own_name
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import AcceptanceError, EnvironmentFailure
from operations.lock import OperationLock
from operations.rotation import state
from operations.rotation.audit import AuditTrail, now
from operations.rotation.backend_pods import BackendPods
from operations.rotation.database_roles import DatabaseRoles
from operations.rotation.redaction import ValueMask
from operations.rotation.target import find_target

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acceptance.settings import Settings
    from operations.rotation.state import Rotation, SecretState
    from operations.rotation.target import RotationTarget

_BYTES = 32


def rotate(
    settings: Settings,
    kubeconfig: Path,
    context: str,
    namespace: str,
    *,
    overlap: float,
    write: Callable[[str], None],
) -> None:
    """Rotate the secrets of the system in `namespace`, or resume an interrupted rotation.

    The backend accepts what the old signing key signed for `overlap` seconds after nothing more is
    signed with it. `write` gets the lines of the audit.

    Raises `BrokenInput` if the system does not support rotation; `EnvironmentFailure` if another
    rotation is under way or a step failed: the same call again resumes there.
    """
    kubernetes = Kubernetes(kubeconfig, context, timeout=settings.timeouts.api)
    try:
        target = find_target(kubernetes, namespace, settings.workloads)
        who = own_name(kubernetes)
        holder = f"{who}, process {os.getpid()} on {socket.gethostname()} ({secrets.token_hex(4)})"
        phases = _Phases(
            kubernetes,
            target,
            AuditTrail(kubernetes, target, who, write),
            DatabaseRoles(
                kubernetes,
                kubeconfig,
                context,
                namespace,
                target.database,
                timeout=settings.timeouts.execute,
            ),
            BackendPods(kubernetes, kubeconfig, context, target, settings.timeouts),
        )
        with OperationLock(kubernetes, namespace, holder) as lease:
            phases.run(lease, overlap)
    except Refused as error:
        message = f"The API server refused: {error}. Try: docs/operations/secret-rotation.md"
        raise EnvironmentFailure(message) from error
    finally:
        kubernetes.close()


class _Phases:
    """Does the work of each phase, in order."""

    def __init__(
        self,
        kubernetes: Kubernetes,
        target: RotationTarget,
        audit: AuditTrail,
        database: DatabaseRoles,
        backend: BackendPods,
    ) -> None:
        self._kubernetes = kubernetes
        self._target = target
        self._audit = audit
        self._database = database
        self._backend = backend
        self._path = api_path("secrets", target.namespace, target.secret)
        self._mask = ValueMask()

    def run(self, lease: OperationLock, overlap: float) -> None:
        """Do what is left. Raises as `rotate` does; no message holds a secret value."""
        try:
            self._run(lease, overlap)
        except AcceptanceError as error:
            raise type(error)(self._mask.hide(error.message)) from None

    def _run(self, lease: OperationLock, overlap: float) -> None:
        secret = self._read()
        if secret.rotation is None:
            secret = self._begin(secret)
        else:
            self._audit.record("resumed", secret.rotation)
        while (rotation := secret.rotation) is not None:
            lease.check()
            change = self._work(rotation, secret, lease, overlap)
            lease.check()
            if rotation.phase == state.PHASES[-1]:
                # Before the write: after it nobody would know that the record is missing.
                self._audit.record("finished", rotation)
            secret = self._write(change)
            if secret.rotation is not None:
                self._audit.record(secret.rotation.phase, secret.rotation)

    def _work(
        self, rotation: Rotation, secret: SecretState, lease: OperationLock, overlap: float
    ) -> dict[str, Any]:
        """Do what follows a phase, and return the change that reaches the next one."""
        mark = f"{rotation.id} {rotation.phase}"
        match rotation.phase:
            case "begun":
                password = secret.values[state.NEXT_PASSWORD]
                self._database.unlock(rotation.new_user, password, self._target.owner)
                self._backend.restart(mark, secret.given)
                return state.offer(secret, now())
            case "offered":
                return state.switch(secret, now())
            case "switched":
                self._backend.restart(mark, secret.given)
                return state.settle(secret, now())
            case "settled":
                lease.wait(max(0.0, overlap - _seconds_since(rotation.since)))
                return state.retire(secret, now())
            case "retired":
                self._database.lock(rotation.old_user)
                self._backend.restart(mark, secret.given)
                return state.finish(secret, now())
        message = f"The Secret {secret.name} is in the unknown phase {rotation.phase}."
        raise EnvironmentFailure(message)

    def _begin(self, secret: SecretState) -> SecretState:
        begun = now()
        user = secret.values[state.USER]
        rotation = state.Rotation(
            id=secrets.token_hex(4),
            phase=state.PHASES[0],
            who=self._audit.who,
            begun=begun,
            since=begun,
            old_user=user,
            new_user=state.other_user(user, self._target.owner),
        )
        change = state.begin(
            secret,
            rotation,
            password=secrets.token_urlsafe(_BYTES),
            signing_key=secrets.token_urlsafe(_BYTES),
        )
        written = self._write(change)
        self._audit.record(rotation.phase, rotation)
        return written

    def _read(self) -> SecretState:
        found = self._kubernetes.read(self._path)
        if found is None:
            message = f"There is no Secret {self._target.secret} in {self._target.namespace}."
            raise EnvironmentFailure(message)
        return self._known(state.read_state(found, self._target.user))

    def _write(self, change: dict[str, Any]) -> SecretState:
        written = self._kubernetes.patch(self._path, change)
        if written is None:
            raise EnvironmentFailure(
                "Somebody else has just changed the Secret. "
                "Try: the same command again, which resumes."
            )
        return self._known(state.read_state(written, self._target.user))

    def _known(self, secret: SecretState) -> SecretState:
        """Keep the values that are known now out of every message."""
        self._mask.learn(value for key, value in secret.values.items() if key != state.USER)
        return secret


def _seconds_since(moment: str) -> float:
    begun = datetime.fromisoformat(moment)
    return (datetime.now(begun.tzinfo) - begun).total_seconds()
