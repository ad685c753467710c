"""Sends HTTP requests to pods over connections that stay open.

A new way to a pod costs a tenth of a second, and to end it up to two: too much for who asks often.
"""

from __future__ import annotations

import http.client
import select
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kubernetes import client

from acceptance.drivers.kubernetes.port_forward import answer_to, no_answer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.port_forward import ForwardedHttp, PodPort

_MOST = 8
"""So many connections stay open at once: the oldest is closed for a new one."""
_REPEATABLE = "GET"


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    stack: ExitStack = field(default_factory=ExitStack)
    connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        self.connection = None
        self.stack.close()


class KeptHttp:
    """Keeps one connection for each port of a pod; whoever else needs it meanwhile waits."""

    def __init__(self, forwarded: ForwardedHttp) -> None:
        """Open connections as `forwarded` does."""
        self._forwarded = forwarded
        self._lock = threading.Lock()
        self._kept: dict[PodPort, _Kept] = {}

    def send(
        self,
        to: PodPort,
        method: str,
        path: str,
        body: Mapping[str, Any] | str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        trust: Callable[[], ssl.SSLContext],
    ) -> Reply:
        """Return the pod's answer; `trust` says for a new connection whom to trust, and who asks.

        All requests to one port have to be the same client's. A GET is sent again if a connection
        that was kept ends meanwhile. Raises what `trust` raises.
        """
        started, request = time.monotonic(), f"{method} {path}"
        kept = self._entry(to)
        with kept.lock:
            if kept.connection is not None and _is_over(kept.connection):
                kept.close()
            while True:
                fresh = kept.connection is None
                try:
                    if kept.connection is None:
                        opened = self._forwarded.connected(to, trust())
                        kept.connection = kept.stack.enter_context(opened)
                    return answer_to(
                        kept.connection, method, path, body, headers=headers, started=started
                    )
                except (OSError, http.client.HTTPException, client.ApiException) as error:
                    kept.close()
                    if fresh or method != _REPEATABLE:
                        return no_answer(to, error, request, started=started)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            old, self._kept = self._kept, {}
        for each in old.values():
            with each.lock:
                each.close()

    def _entry(self, to: PodPort) -> _Kept:
        with self._lock:
            if to not in self._kept and len(self._kept) >= _MOST:
                oldest = self._kept.pop(next(iter(self._kept)))
                threading.Thread(target=_close_when_unused, args=(oldest,), daemon=True).start()
            return self._kept.setdefault(to, _Kept())


def _is_over(connection: http.client.HTTPConnection) -> bool:
    """Whether the pod has closed a connection: it has nothing else to say unasked."""
    return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])


def _close_when_unused(kept: _Kept) -> None:
    with kept.lock:
        kept.close()
