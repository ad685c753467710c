"""Lets one rotation work at a time, by a Lease that whoever holds it keeps renewing.

One that was killed renews no more. Whether it does is observed, not read from its clock: two
machines need not have the same time. Source: client-go, tools/leaderelection.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from acceptance.drivers.kubernetes.client import Refused
from acceptance.errors import EnvironmentFailure
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from types import TracebackType

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

NAME = "secret-rotation"
SECONDS = 15
"""A Lease that nobody renewed for so long is nobody's."""
_RENEWAL_SECONDS = 2.0


class Lease:
    """The right to rotate, as long as the context lasts."""

    def __init__(self, kubernetes: Kubernetes, namespace: str, holder: str) -> None:
        """Ask for the Lease of `namespace`; `holder` is what others are told, and is like no other.

        `kubernetes` is used by a thread as well.
        """
        self._kubernetes = kubernetes
        self._collection = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._path = f"{self._collection}/{NAME}"
        self._holder = holder
        self._version = ""
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Self:
        """Take the Lease, at the latest when it is seen that nobody renews it.

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
        """Give the Lease back, unless it is somebody else's by now."""
        self._ended.set()
        self._thread.join()
        nobody = {"metadata": {"resourceVersion": self._version}, "spec": {"holderIdentity": None}}
        with suppress(Refused):  # it ends by itself
            self._kubernetes.patch(self._path, nobody)

    def check(self) -> None:
        """Return if the Lease is still held. Raises `EnvironmentFailure` if it was lost."""
        if self._lost.is_set():
            raise EnvironmentFailure(
                "The Lease was lost: another rotation may go on in this one's place. "
                "Try: the same command again, which goes on where it was."
            )

    def wait(self, seconds: float) -> None:
        """Let time pass. Raises `EnvironmentFailure` if the Lease is lost meanwhile."""
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
            self._await_death(seen)
            taken = self._kubernetes.patch(self._path, self._change(_version(seen)))
            if taken is not None:
                return _version(taken)
        raise EnvironmentFailure(
            "Another rotation has begun at this moment. Try: again, when it has ended."
        )

    def _await_death(self, seen: Object) -> None:
        """Return when nobody has renewed the Lease for as long as it lasts, or it is nobody's."""
        holder = seen["spec"].get("holderIdentity")
        if not holder:
            return
        with suppress(DeadlineExceeded):
            eventually(
                lambda: self._kubernetes.read(self._path),
                lambda found: found is None or _version(found) != _version(seen),
                timeout=seen["spec"].get("leaseDurationSeconds", SECONDS),
                what="a sign of life",
            )
            raise EnvironmentFailure(
                f"A rotation is under way already, by {holder}. Try: again, when it has ended."
            )

    def _renew(self) -> None:
        renewed_at = time.monotonic()
        while not self._ended.wait(_RENEWAL_SECONDS):
            begun = time.monotonic()
            # Not reached is not lost, until others may think so.
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
