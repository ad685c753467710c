"""Reaches a log store that serves HTTPS: at its own port, with its authority and its accounts.

The requests go through a forwarded port, because the API server's proxy takes the Authorization
header for its own, and verifies no certificate.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from acceptance.domains.observability.drivers.pod_ports import pod_port, secret_of
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.tls import trusting

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.port_forward import PodPort

SHIPPER, READER = "log-shipper", "log-reader"
"""The accounts that every log store has: one adds entries, the other searches them."""
ADMINISTRATOR = "log-administrator"
"""Who may do everything: an account, or who has the certificate of the administrator."""
_ACCOUNTS = "log-store-secrets"
"""The Secret that has the password of each account under its name."""
_CERTIFICATE = "log-store-tls"
"""The Secret that has the store's certificate and its authority."""
_ADMINISTRATOR = "log-store-administrator"
"""The Secret that has the certificate of the administrator, if that is not an account."""
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Account:
    """A name and a password of the log store."""

    name: str
    password: str = field(repr=False)

    @property
    def header(self) -> dict[str, str]:
        """The header by which it is known (RFC 7617)."""
        encoded = base64.b64encode(f"{self.name}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {encoded}"}


class LogStoreAccess:
    """One log store that serves HTTPS."""

    def __init__(self, cluster: Kubernetes, endpoint: MonitoringEndpoint) -> None:
        """Ask the log store at `endpoint`."""
        self._cluster = cluster
        self._endpoint = endpoint
        self._http = cluster.forwarded_http()

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | str | None = None,
        *,
        account: Account | None,
        encrypted: bool = True,
    ) -> Reply:
        """Return the store's answer to a request with an account, or without one.

        With `encrypted` off, the request is sent in clear text to the port for HTTPS.
        Raises `Refused` if the store has no pod that is ready, or no authority.
        """
        headers = _JSON | (account.header if account else {})
        trust = self._trust if encrypted else None
        return self._http.send(self._port(), method, path, body, headers=headers, trust=trust)

    def send_as_administrator(
        self, method: str, path: str, body: Mapping[str, Any] | str | None = None
    ) -> Reply:
        """Return the store's answer to a request of the administrator; raises what `send` does."""
        if ADMINISTRATOR in self._passwords:
            return self.send(method, path, body, account=self.account(ADMINISTRATOR))
        trust = self._administrators_trust
        return self._http.send(self._port(), method, path, body, headers=_JSON, trust=trust)

    def account(self, name: str) -> Account:
        """Return an account with the password that its Secret has.

        Raises `Refused` if there is none.
        """
        return Account(name, self._passwords.get(name) or self._absent(_ACCOUNTS, name))

    @property
    def accounts(self) -> tuple[Account, ...]:
        """All accounts with a password, but for the administrator's."""
        names = sorted(set(self._passwords) - {ADMINISTRATOR})
        return tuple(map(self.account, names))

    @cached_property
    def _passwords(self) -> dict[str, str]:
        return self._secret(_ACCOUNTS)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        authority = self._secret(_CERTIFICATE).get("ca.crt", "")
        return trusting(authority or self._absent(_CERTIFICATE, "ca.crt"))

    @cached_property
    def _administrators_trust(self) -> ssl.SSLContext:
        pair = self._secret(_ADMINISTRATOR)
        key = pair.get("tls.key") or self._absent(_ADMINISTRATOR, "tls.key")
        return trusting(self._secret(_CERTIFICATE).get("ca.crt", ""), key + pair["tls.crt"])

    def _secret(self, name: str) -> dict[str, str]:
        return secret_of(self._cluster, self._endpoint.namespace, name)

    def _absent(self, secret: str, key: str) -> str:
        where = f"{self._endpoint.namespace}/{secret}"
        raise Refused(f"{self._endpoint.name} serves HTTPS, and the Secret {where} has no {key}")

    def _port(self) -> PodPort:
        return pod_port(self._cluster, self._endpoint.namespace, self._endpoint.service)
