"""What a rotation does, phase by phase, from wherever it is."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime
from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.client import Kubernetes, Refused
from acceptance.errors import AcceptanceError, EnvironmentFailure
from acceptance.readiness.redaction import Redactor
from operations.rotation import state
from operations.rotation.audit import Audit, now, whoami
from operations.rotation.credentials import Credentials
from operations.rotation.fleet import Fleet
from operations.rotation.lease import Lease
from operations.rotation.target import find_target

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acceptance.settings import Settings
    from operations.rotation.state import Held, Rotation
    from operations.rotation.target import Target

_BYTES = 32


def rotate(
    settings: Settings,
    kubeconfig: Path,
    context: str,
    namespace: str,
    *,
    overlap: float,
    say: Callable[[str], None],
) -> None:
    """Rotate the secrets of the system in `namespace`, or end a rotation that was begun.

    What the old signing key signed is recognised for `overlap` seconds after nothing is signed
    with it any more. `say` gets the lines of the audit.

    Raises `BrokenInput` if the system is not made for it; `EnvironmentFailure` if another rotation
    is under way, or a step could not be done: the same call again goes on there.
    """
    kubernetes = Kubernetes(kubeconfig, context, timeout=settings.timeouts.api)
    try:
        target = find_target(kubernetes, namespace, settings.workloads)
        who = whoami(kubernetes)
        holder = f"{who}, process {os.getpid()} on {socket.gethostname()} ({secrets.token_hex(4)})"
        sequence = _Sequence(
            kubernetes,
            target,
            Audit(kubernetes, target, who, say),
            Credentials(
                kubernetes,
                kubeconfig,
                context,
                namespace,
                target.database,
                timeout=settings.timeouts.execute,
            ),
            Fleet(kubernetes, kubeconfig, context, target, settings.timeouts),
        )
        with Lease(kubernetes, namespace, holder) as lease:
            sequence.run(lease, overlap)
    except Refused as error:
        message = f"The API server refused: {error}. Try: docs/operations/secret-rotation.md"
        raise EnvironmentFailure(message) from error
    finally:
        kubernetes.close()


class _Sequence:
    """The phases in their order."""

    def __init__(
        self,
        kubernetes: Kubernetes,
        target: Target,
        audit: Audit,
        credentials: Credentials,
        fleet: Fleet,
    ) -> None:
        self._kubernetes = kubernetes
        self._target = target
        self._audit = audit
        self._credentials = credentials
        self._fleet = fleet
        self._path = f"/api/v1/namespaces/{target.namespace}/secrets/{target.secret}"
        self._redactor = Redactor([])

    def run(self, lease: Lease, overlap: float) -> None:
        """Do what is left to do. Raises as `rotate` does, and never with a secret value."""
        try:
            self._run(lease, overlap)
        except AcceptanceError as error:
            raise type(error)(self._redactor.redact(error.message)) from None

    def _run(self, lease: Lease, overlap: float) -> None:
        held = self._held()
        if held.rotation is None:
            held = self._begin(held)
        else:
            self._audit.tell("resumed", held.rotation)
        while (rotation := held.rotation) is not None:
            lease.check()
            change = self._work(rotation, held, lease, overlap)
            lease.check()
            if rotation.phase == state.PHASES[-1]:
                # Before the write: after it nobody would know that this was not told.
                self._audit.tell("finished", rotation)
            held = self._write(change)
            if held.rotation is not None:
                self._audit.tell(held.rotation.phase, held.rotation)

    def _work(self, rotation: Rotation, held: Held, lease: Lease, overlap: float) -> dict[str, Any]:
        """Do what follows a phase, and return the change that leads to the next one."""
        mark = f"{rotation.id} {rotation.phase}"
        match rotation.phase:
            case "begun":
                password = held.values[state.NEXT_PASSWORD]
                self._credentials.unlock(rotation.new_user, password, self._target.owner)
                self._fleet.renew(mark, held.given)
                return state.offer(held, now())
            case "offered":
                return state.switch(held, now())
            case "switched":
                self._fleet.renew(mark, held.given)
                return state.settle(held, now())
            case "settled":
                lease.wait(max(0.0, overlap - _seconds_since(rotation.since)))
                return state.retire(held, now())
            case "retired":
                self._credentials.lock(rotation.old_user)
                self._fleet.renew(mark, held.given)
                return state.finish(held, now())
        message = f"The Secret {held.name} is in the unknown phase {rotation.phase}."
        raise EnvironmentFailure(message)

    def _begin(self, held: Held) -> Held:
        begun = now()
        user = held.values[state.USER]
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
            held,
            rotation,
            password=secrets.token_urlsafe(_BYTES),
            signing_key=secrets.token_urlsafe(_BYTES),
        )
        written = self._write(change)
        self._audit.tell(rotation.phase, rotation)
        return written

    def _held(self) -> Held:
        found = self._kubernetes.read(self._path)
        if found is None:
            message = f"There is no Secret {self._target.secret} in {self._target.namespace}."
            raise EnvironmentFailure(message)
        return self._known(state.held(found, self._target.user))

    def _write(self, change: dict[str, Any]) -> Held:
        written = self._kubernetes.patch(self._path, change)
        if written is None:
            raise EnvironmentFailure(
                "Somebody else has changed the Secret at this moment. "
                "Try: the same command again, which goes on where it was."
            )
        return self._known(state.held(written, self._target.user))

    def _known(self, held: Held) -> Held:
        """Let no value that is known now be told in any message from now on."""
        self._redactor.learn(value for key, value in held.values.items() if key != state.USER)
        return held


def _seconds_since(moment: str) -> float:
    begun = datetime.fromisoformat(moment)
    return (datetime.now(begun.tzinfo) - begun).total_seconds()
