"""Allows one rotation at a time, by a Lease that its holder keeps renewing.

A killed holder renews no more. That is observed, never read from the holder's clock: two machines
may disagree about the time. Source: client-go, tools/leaderelection.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import EnvironmentFailure
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from types import TracebackType

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

NAME = "secret-rotation"
SECONDS = 15
"""A Lease that was not renewed for so long is free."""
_RENEWAL_SECONDS = 2.0


class RotationLease:
    """Holds the right to rotate while the context is open."""

    def __init__(self, kubernetes: Kubernetes, namespace: str, holder: str) -> None:
        """Ask for the Lease of `namespace`; others see `holder`, which has to be unique.

        A thread uses `kubernetes`, too.
        """
        self._kubernetes = kubernetes
        self._collection = api_path("leases", namespace)
        self._path = api_path("leases", namespace, NAME)
        self._holder = holder
        self._version = ""
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Self:
        """Take the Lease; if it has a holder, wait until it turns out that nobody renews it.

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
        """Give the Lease back, unless somebody else has it by now."""
        self._ended.set()
        self._thread.join()
        nobody = {"metadata": {"resourceVersion": self._version}, "spec": {"holderIdentity": None}}
        with suppress(Refused):  # it expires by itself
            self._kubernetes.patch(self._path, nobody)

    def check(self) -> None:
        """Raise `EnvironmentFailure` if the Lease was lost."""
        if self._lost.is_set():
            raise EnvironmentFailure(
                "The Lease was lost: another rotation may continue in this one's place. "
                "Try: the same command again, which resumes."
            )

    def wait(self, seconds: float) -> None:
        """Wait for `seconds`. Raises `EnvironmentFailure` if the Lease is lost meanwhile."""
        self._lost.wait(seconds)
        self.check()

    def _take(self) -> str:
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": NAME},
            "spec": self._spec(),
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
        raise EnvironmentFailure("Another rotation has just begun. Try: again when it has ended.")

    def _await_expiry(self, seen: Object) -> None:
        """Return when the Lease is free, or was not renewed for as long as it is valid."""
        holder = seen["spec"].get("holderIdentity")
        if not holder:
            return
        with suppress(DeadlineExceeded):
            eventually(
                lambda: self._kubernetes.read(self._path),
                lambda found: found is None or _version(found) != _version(seen),
                timeout=seen["spec"].get("leaseDurationSeconds", SECONDS),
                what="the Lease renewed",
            )
            raise EnvironmentFailure(
                f"A rotation is under way already, by {holder}. Try: again when it has ended."
            )

    def _renew(self) -> None:
        renewed_at = time.monotonic()
        while not self._ended.wait(_RENEWAL_SECONDS):
            begun = time.monotonic()
            # A server that cannot be reached is no loss, until others may take the Lease.
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
        return {"metadata": {"resourceVersion": version}, "spec": self._spec()}

    def _spec(self) -> dict[str, object]:
        moment = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {
            "holderIdentity": self._holder,
            "leaseDurationSeconds": SECONDS,
            "renewTime": moment,
        }


def _version(found: Object) -> str:
    return str(found["metadata"]["resourceVersion"])
