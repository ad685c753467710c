"""Lets visitors meet errors of the server, so that there is something that counts them."""

from __future__ import annotations

from acceptance.domains.observability.metrics.counting import TrafficCounter
from acceptance.domains.observability.metrics.refused_payments import PaymentErrors
from acceptance.drivers.kubernetes.client import pretty


class ErrorVisitor(TrafficCounter, PaymentErrors):
    """Tries to pay while the database refuses it."""

    def meet_errors(self) -> None:
        """Send requests that fail, and repair what makes them fail.

        Raises `Unverifiable` if they do not fail.
        """
        traffic = self._known_traffic()
        with self._payments_forbidden():
            traffic.send_failing()
        self._keep("Requests among which some failed", pretty(traffic.requests))
