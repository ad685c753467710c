"""Wakes a waiting caller when the API server reports a change."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

import urllib3
from kubernetes import client

from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from types import TracebackType

_WATCHED = ("pods", "deployments", "statefulsets")

_WATCH_SECONDS = 30
"""A watch is opened anew after this long, so that a dead connection is not waited on."""

_OK = 200

_REPAIR_SECONDS = 1.0
"""The pause before a watch that ended with an error is opened again."""


class ChangeWatch:
    """Reports any change of a pod or of a workload; implements `acceptance.waiting.Watch`.

    Workloads are watched too, because a controller updates their status after the last pod has
    changed. A new watch begins with an event for each existing object. So no change is lost
    between opening it and the first look; the only cost is one look too many.
    """

    def __init__(self, connection: client.ApiClient, namespace: str) -> None:
        """Open the watch, of all namespaces if `namespace` is empty; it owns `connection`."""
        self._connection = connection
        self._changed = threading.Event()
        self._closed = threading.Event()
        for kind in _WATCHED:
            path = api_path(kind, namespace)
            threading.Thread(
                target=self._follow, args=(path,), name=f"watch-{kind}", daemon=True
            ).start()

    def wait(self, timeout: float) -> bool:
        """Block until something changed, or for `timeout` seconds; True if it did."""
        changed = self._changed.wait(timeout)
        self._changed.clear()
        return changed

    def close(self) -> None:
        """Stop watching; the threads end by themselves with the connection."""
        self._closed.set()
        self._connection.close()

    def __enter__(self) -> Self:
        """Return the open watch."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the watch."""
        self.close()

    def _follow(self, path: str) -> None:
        query = [("watch", "true"), ("timeoutSeconds", str(_WATCH_SECONDS))]
        while not self._closed.is_set():
            try:
                prepared = self._connection.param_serialize(
                    "GET", path, query_params=query, auth_settings=["BearerToken"]
                )
                answer = self._connection.call_api(
                    *prepared, _request_timeout=(_REPAIR_SECONDS, _WATCH_SECONDS * 2)
                )
                # The event itself is not read: it is only a reason to look at the facts again.
                for _ in answer.response.stream(amt=None, decode_content=True):
                    if self._closed.is_set():
                        return
                    self._changed.set()
                if answer.status != _OK:
                    self._closed.wait(_REPAIR_SECONDS)
            except (client.ApiException, urllib3.exceptions.HTTPError, OSError, ValueError):
                self._closed.wait(_REPAIR_SECONDS)
            # Before each new watch: something may have changed meanwhile.
            self._changed.set()
