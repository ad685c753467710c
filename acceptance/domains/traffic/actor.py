"""What the actors share that send a visitor's requests through the ingress."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import httpx

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.traffic.ingress_client import reach
from acceptance.drivers.checkout_api import CheckoutApi, transcript
from acceptance.waiting import DeadlineExceeded, eventually, lasting

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.actor import ActorContext
    from acceptance.drivers.http import Reply

_PAUSE_SECONDS = 0.2
_FINAL_SECONDS = 8.0
"""So long an answer has to be wrong: the ingress takes some seconds to see what is new."""


class IngressActor(ClusterActor):
    """Sends requests to the system's name through the ingress."""

    def __init__(self, context: ActorContext) -> None:
        """Open the HTTP client, which is closed at the end."""
        super().__init__(context)
        self._http = reach(self.system, timeout=self._timeouts.request)
        self._undo.callback(self._http.close)
        self._api = CheckoutApi(self._http, self.system.contract)

    def collect(self) -> None:
        """Keep the last answer, of a scenario that failed."""
        if self._http.last is not None:
            self._keep_reply("Last response", self._http.host, self._http.last)

    def _keep_reply(self, title: str, host: str, reply: Reply) -> None:
        self._keep(title, transcript(host, reply), "text")

    def _until_success(self, ask: Callable[[], Reply]) -> Reply:
        """Ask until the answer is a success, and return the last one.

        The scenario before may have disturbed the system. The wait ends at the ingress's deadline,
        or when nothing can change any more: the same refusal for a while, or a failure for a while
        although every workload has all of its pods.
        """
        replies: list[Reply] = []

        def look() -> Reply:
            replies.append(ask())
            return replies[-1]

        def is_final(reply: Reply) -> str | None:
            if reply.status is None:
                return None
            refused = reply.status < httpx.codes.INTERNAL_SERVER_ERROR
            return (
                str(reply.status) if refused or self._at_full_strength(self._workloads()) else None
            )

        with suppress(DeadlineExceeded):
            eventually(
                look,
                lambda reply: reply.succeeded,
                timeout=self._timeouts.ingress,
                pause=_PAUSE_SECONDS,
                unrecoverable=lasting(is_final, seconds=_FINAL_SECONDS),
            )
        return replies[-1]
