"""Inspects what the ingress offers TLS clients: its certificate, its protocols and its ciphers."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.actor import Actor
from acceptance.domains.tls.declared_tls import probe_ingress, require_tls_declared
from acceptance.domains.tls.drivers.lenient_server import LOOPBACK, lenient_server
from acceptance.domains.tls.drivers.protocol_scan import PROTOCOLS, scan_protocols
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, listed, require, require_each

if TYPE_CHECKING:
    from acceptance.domains.tls.drivers.protocol_scan import AcceptedCiphers
    from acceptance.drivers.tls import Handshake

_OLD = ("TLS 1.0", "TLS 1.1")
_NEWEST = "TLS 1.3"
_WEAK = {
    "without encryption": re.compile(r"_NULL_"),
    "without a certificate": re.compile(r"_anon_", re.IGNORECASE),
    "without forward secrecy": re.compile(r"^TLS_RSA_"),
    "without authenticated encryption": re.compile(r"_CBC_"),
}
"""The kinds of weak suites, by their names: the lenient server has to accept one of each."""
_STRONG = re.compile(r"^TLS_(ECDHE_\w+_WITH_)?(AES_(128|256)_GCM|CHACHA20_POLY1305)_SHA(256|384)$")
"""Suites with ephemeral keys and authenticated encryption; every other suite is weak."""


class TlsInspector(Actor):
    """Inspects the certificate, the protocols and the ciphers of the ingress."""

    def check_certificate(self) -> Handshake:
        """Connect to the ingress under the system's name, trusting its authority only."""
        require_tls_declared(self.system)
        seen = probe_ingress(self.system, self._timeouts.request)
        self._keep("The certificate as served", pretty(asdict(seen)))
        return seen

    def assert_trusted(self, seen: Handshake) -> None:
        """Chain, validity period and name were verified against the expected authority."""
        require(seen.verified, f"The certificate for {self.system.host} is not trusted: {seen}.")

    def assert_for_host(self, seen: Handshake) -> None:
        """The certificate names the system's host, as TLS clients compare names."""
        host, found = self.system.host, seen.certificate
        require(
            found is not None and found.is_for(host),
            f"{found or 'No certificate'} is not for {host}.",
        )

    def offer_weak_to_lenient_server(self) -> AcceptedCiphers:
        """Offer old protocols and weak ciphers to a server that accepts them.

        Raises `Unverifiable` if it does not accept each kind: then nothing proves they are offered.
        """
        require_tls_declared(self.system)
        with lenient_server() as port:
            offered = self._scan(LOOPBACK, port, "localhost")
        self._keep("What a lenient server accepts", pretty(asdict(offered)))
        missing = [protocol for protocol, suites in offered.suites if not suites]
        everything = [suite for _, suites in offered.suites for suite in suites]
        missing += [
            f"a suite {kind}"
            for kind, pattern in _WEAK.items()
            if not any(map(pattern.search, everything))
        ]
        if missing:
            message = f"This machine cannot offer {listed(missing)}: a lenient server got none."
            raise Unverifiable(message)
        return offered

    def offer_weak_to_ingress(self) -> AcceptedCiphers:
        """Offer the same to the ingress."""
        system = self.system
        try:
            accepted = self._scan(system.address, system.https_port, system.host)
        except Unverifiable as error:
            # The lenient server was reached: either the scan failed, or the ingress is gone.
            seen = probe_ingress(system, self._timeouts.request)
            if seen.certificate is not None:
                raise
            raise AssertionError(f"The ingress cannot be scanned: {seen}.") from error
        self._keep("What the ingress accepts", pretty(asdict(accepted)))
        return accepted

    def assert_weak_refused(self, accepted: AcceptedCiphers, offered: AcceptedCiphers) -> None:
        """The ingress accepted no old protocol and no weak suite, of those that were offered."""
        require(
            any(offered.of(protocol) for protocol in _OLD),
            "No old protocol was offered, so the ingress refused nothing.",
        )

        def fault(protocol: str) -> str | None:
            suites = accepted.of(protocol)
            if protocol in _OLD and suites:
                return f"The ingress accepts {protocol}, with {listed(suites)}"
            weak = [suite for suite in suites if not _STRONG.match(suite)]
            return (
                f"The ingress accepts weak ciphers of {protocol}: {listed(weak)}" if weak else None
            )

        require_each(tuple(PROTOCOLS), fault, nothing="No protocol was tried.")

    def assert_newest_accepted(self, accepted: AcceptedCiphers) -> None:
        """The ingress serves TLS 1.3, so it was there to refuse the rest."""
        require(accepted.of(_NEWEST), f"The ingress does not serve a {_NEWEST} client.")

    def _scan(self, address: str, port: int, host: str) -> AcceptedCiphers:
        root = Path(self.system.repository)
        try:
            return scan_protocols(root, address, port, host, timeout=self._timeouts.scan)
        except EnvironmentFailure as error:
            message = f"Old protocols and weak ciphers could not be tried: {error.message}"
            raise Unverifiable(message) from error
