"""Lets the database refuse to write payments, so that visitors meet an error of the server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYMENTS = "payments"
"""The table."""


class PaymentErrors(ClusterActor):
    """Takes the right to write payments away, and gives it back."""

    def forbid_payments(self) -> None:
        """Take the right to write payments away, until the scenario ends.

        It is a failed check if the database has no such right to take away.
        """
        self._undo.enter_context(self._payments_forbidden())

    @contextmanager
    def _payments_forbidden(self) -> Iterator[None]:
        """Take the right to write payments away while the body runs."""
        owner = self._sql(f"SELECT tableowner FROM pg_tables WHERE tablename = '{PAYMENTS}'")  # noqa: S608
        if not owner:
            message = f"The database has no table {PAYMENTS}, so no error can be provoked."
            raise AssertionError(message)
        self._sql(f"REVOKE INSERT ON {PAYMENTS} FROM {owner[0]}")
        try:
            yield
        finally:
            self._sql(f"GRANT INSERT ON {PAYMENTS} TO {owner[0]}")
