"""What the actors share that have the accounts of the log store, and its administrator's rights."""

from __future__ import annotations

from acceptance.domains.observability.drivers import log_store
from acceptance.domains.observability.drivers.log_store_access import LogStoreAccess
from acceptance.domains.observability.monitoring import MonitoringOperator
from acceptance.drivers.kubernetes.client import Refused
from acceptance.judgement import require, unproven


class LogStoreActor(MonitoringOperator):
    """Sends requests to the one log store."""

    def _log_store(self) -> LogStoreAccess:
        """Return the only log store.

        Raises `Unverifiable` if there is none. One without TLS is a fault.
        """
        endpoint = self._one_endpoint(log_store.PROGRAMS, "log store", "log store")
        require(
            endpoint.secure,
            f"{endpoint.name} serves plain HTTP: it knows no account, and everybody can listen.",
        )
        self._endpoint = endpoint
        access = LogStoreAccess(self._cluster, endpoint)
        try:
            self._context.tell_secrets([each.password for each in access.accounts])
        except Refused as error:
            raise unproven(f"The accounts of the log store are unknown: {error}.", error) from error
        return access
