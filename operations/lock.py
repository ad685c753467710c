"""Allows one rotation or deployment at a time, by an object that its holder keeps renewing.

A killed holder renews no more. That is observed, never read from the holder's clock: two machines
may disagree about the time. Source: client-go, tools/leaderelection.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import EnvironmentFailure
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

SECONDS = 15
"""A lock that was not renewed for so long is free."""
_RENEWAL_SECONDS = 2.0


@dataclass(frozen=True)
class LockKind:
    """The object that is the lock, and what it allows once at a time."""

    name: str
    action: str
    """As in "another rotation"."""
    lease: bool = True
    """Whether it is a Lease; else a ConfigMap, for whoever has no right to make Leases."""

    @property
    def plural(self) -> str:
        """The kind of the object."""
        return "leases" if self.lease else "configmaps"

    def body(self, spec: dict[str, object]) -> dict[str, object]:
        """Return the part of the object that says who holds it; a ConfigMap knows texts only."""
        if self.lease:
            return {"spec": spec}
        return {"data": {k: v if v is None else str(v) for k, v in spec.items()}}

    def spec(self, found: Object) -> Mapping[str, Any]:
        """Return who holds the object."""
        return found.get("spec" if self.lease else "data") or {}


ROTATION = LockKind("secret-rotation", "rotation")


class OperationLock:
    """Holds the right to rotate or to deploy while the context is open."""

    def __init__(
        self, kubernetes: Kubernetes, namespace: str, holder: str, kind: LockKind = ROTATION
    ) -> None:
        """Ask for the lock of `namespace`; others see `holder`, which has to be unique.

        A thread uses `kubernetes`, too.
        """
        self._kubernetes = kubernetes
        self._kind = kind
        self._collection = api_path(kind.plural, namespace)
        self._path = api_path(kind.plural, namespace, kind.name)
        self._holder = holder
        self._version = ""
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lock", daemon=True)

    def __enter__(self) -> Self:
        """Take the lock; if it has a holder, wait until it turns out that nobody renews it.

        Raises `EnvironmentFailure` if somebody does.
        """
        self._version = self._take()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the lock back, unless somebody else has it by now."""
        self._ended.set()
        self._thread.join()
        body = self._kind.body({"holderIdentity": None})
        nobody = {"metadata": {"resourceVersion": self._version}, **body}
        with suppress(Refused):  # it expires by itself
            self._kubernetes.patch(self._path, nobody)

    def check(self) -> None:
        """Raise `EnvironmentFailure` if the lock was lost."""
        if self._lost.is_set():
            raise EnvironmentFailure(
                f"The lock was lost: another {self._kind.action} may continue in this one's place. "
                "Try: the same command again, which resumes."
            )

    def wait(self, seconds: float) -> None:
        """Wait for `seconds`. Raises `EnvironmentFailure` if the lock is lost meanwhile."""
        self._lost.wait(seconds)
        self.check()

    def _take(self) -> str:
        kind = self._kind
        body = {
            "apiVersion": "coordination.k8s.io/v1" if kind.lease else "v1",
            "kind": "Lease" if kind.lease else "ConfigMap",
            "metadata": {"name": kind.name},
            **kind.body(self._spec()),
        }
        created = self._kubernetes.create(self._collection, body)
        if created is not None:
            return _version(created)
        seen = self._kubernetes.read(self._path)
        if seen is not None:
            self._await_expiry(seen)
            taken = self._kubernetes.patch(self._path, self._change(_version(seen)))
            if taken is not None:
                return _version(taken)
        raise EnvironmentFailure(
            f"Another {kind.action} has just begun. Try: again when it has ended."
        )

    def _await_expiry(self, seen: Object) -> None:
        """Return when the lock is free, or was not renewed for as long as it is valid."""
        spec = self._kind.spec(seen)
        holder = spec.get("holderIdentity")
        if not holder:
            return
        with suppress(DeadlineExceeded):
            eventually(
                lambda: self._kubernetes.read(self._path),
                lambda found: found is None or _version(found) != _version(seen),
                timeout=float(spec.get("leaseDurationSeconds", SECONDS)),
                what="the lock renewed",
            )
            raise EnvironmentFailure(
                f"A {self._kind.action} is under way already, by {holder}. "
                "Try: again when it has ended."
            )

    def _renew(self) -> None:
        renewed_at = time.monotonic()
        while not self._ended.wait(_RENEWAL_SECONDS):
            begun = time.monotonic()
            # A server that cannot be reached is no loss, until others may take the lock.
            with suppress(Refused):
                renewed = self._kubernetes.patch(self._path, self._change(self._version))
                if renewed is None:
                    break
                renewed_at, self._version = begun, _version(renewed)
            if time.monotonic() - renewed_at > SECONDS - _RENEWAL_SECONDS:
                break
        else:
            return
        self._lost.set()

    def _change(self, version: str) -> dict[str, object]:
        return {"metadata": {"resourceVersion": version}, **self._kind.body(self._spec())}

    def _spec(self) -> dict[str, object]:
        moment = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {
            "holderIdentity": self._holder,
            "leaseDurationSeconds": SECONDS,
            "renewTime": moment,
        }


def _version(found: Object) -> str:
    return str(found["metadata"]["resourceVersion"])
