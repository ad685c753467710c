"""Lets the database refuse to write payments, so that visitors meet an error of the server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYMENTS = "payments"
"""The table."""
_CUT = "acceptance_cut_payments"
"""The name of a trigger and of its function."""


class PaymentErrors(ClusterActor):
    """Takes the right to write payments away, and gives it back."""

    def forbid_payments(self) -> None:
        """Take the right to write payments away, until the scenario ends.

        It is a failed check if the database has no such right to take away.
        """
        self._undo.enter_context(self._payments_forbidden())

    def cut_off_payments(self) -> None:
        """Let the database end each session that writes a payment, until the scenario ends."""
        self._undo.callback(self._sql, f"DROP FUNCTION IF EXISTS {_CUT} CASCADE")
        self._sql(
            f"CREATE FUNCTION {_CUT}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
            "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); "
            "RETURN NEW; END'"
        )
        self._sql(
            f"CREATE TRIGGER {_CUT} BEFORE INSERT ON {PAYMENTS} FOR EACH ROW "
            f"EXECUTE FUNCTION {_CUT}()"
        )

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
