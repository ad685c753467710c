"""What the actors share that send a visitor's requests through the ingress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.traffic.ingress_client import reach
from acceptance.drivers.checkout_api import CheckoutApi, transcript
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.actor import ActorContext
    from acceptance.drivers.http import Reply


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
        """Ask until the answer is a success, or return the last one at the ingress's deadline.

        The scenario before may have disturbed the system.
        """
        replies: list[Reply] = []

        def look() -> Reply:
            replies.append(ask())
            return replies[-1]

        try:
            return eventually(look, lambda reply: reply.succeeded, timeout=self._timeouts.ingress)
        except DeadlineExceeded:
            return replies[-1]
