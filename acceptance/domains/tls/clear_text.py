"""Inspects all that the ingress publishes: in clear text, and by the certificate of each host."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from acceptance.actor import Actor
from acceptance.domains.tls.declared_tls import (
    probe_ingress,
    require_tls_declared,
    served_certificate,
)
from acceptance.domains.tls.drivers.clear_text import ClearTextReply, request_in_clear_text
from acceptance.domains.tls.drivers.listeners import open_listeners
from acceptance.domains.tls.drivers.routes import published_routes
from acceptance.drivers.kubernetes.cert_manager import issuer_certificate, tls_declarations
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.tls import probe_tls
from acceptance.judgement import require_each

if TYPE_CHECKING:
    from acceptance.domains.tls.drivers.routes import Route
    from acceptance.drivers.tls import Handshake

_MOVED = {301, 302, 303, 307, 308}
_CLIENT_ERROR, _SERVER_ERROR = 400, 500
_HTTPS_PORT = 443


@dataclass(frozen=True)
class HostCertificate:
    """What a visitor gets who connects with TLS to a host that a route publishes."""

    host: str
    route: str
    seen: Handshake


class PublishedRouteInspector(Actor):
    """Inspects every host and path that the ingress publishes, at every port that it has."""

    def request_in_clear_text(self) -> tuple[ClearTextReply, ...]:
        """Ask each listener for each published host and path, without TLS."""
        require_tls_declared(self.system)
        # Whoever redirects or refuses has to be there: a gone ingress serves nothing either.
        served_certificate(probe_ingress(self.system, self._timeouts.request))
        published = {address for route in self._routes for address in route.addresses}
        listeners = open_listeners(self._cluster, self.system, published)
        limit = self._timeouts.request
        found = request_in_clear_text(listeners, self._routes, self.system.contract, timeout=limit)
        shown = [
            {"request": str(each), "reply": str(each.reply), "to": each.reply.header("location")}
            for each in found
        ]
        self._keep("What is served in clear text", pretty(shown))
        return found

    def assert_redirected_or_refused(self, found: tuple[ClearTextReply, ...]) -> None:
        """Each reply leads to HTTPS, or serves nothing."""
        require_each(found, clear_text_fault, nothing="Nothing was requested in clear text.")

    def check_certificates(self) -> tuple[HostCertificate, ...]:
        """Connect with TLS to each host that a route publishes."""
        require_tls_declared(self.system)
        hosts = {route.host: route for route in self._routes if route.host}
        found = tuple(
            HostCertificate(route.asked_host, route.name, self._probe(route))
            for route in hosts.values()
        )
        self._keep("The certificate of each host", pretty([asdict(each) for each in found]))
        return found

    def assert_certified(self, found: tuple[HostCertificate, ...]) -> None:
        """Each host has a certificate that its visitors trust, and that names it."""
        require_each(found, certificate_fault, nothing="No host is published.")

    @cached_property
    def _routes(self) -> tuple[Route, ...]:
        return published_routes(self._cluster, self.system.namespace, self.system.host)

    def _probe(self, route: Route) -> Handshake:
        """Connect as who trusts the host's issuer, the system's, or public authorities."""
        system = self.system
        elsewhere = route.addresses and system.published not in route.addresses
        where = (
            (route.addresses[0], _HTTPS_PORT) if elsewhere else (system.address, system.https_port)
        )
        declared = tls_declarations(self._cluster, system.namespace, route.host)
        issuers = [issuer_certificate(self._cluster, system.namespace, each) for each in declared]
        first, *rest = dict.fromkeys([*issuers, system.authority, ""])
        limit = self._timeouts.request
        seen = probe_tls(*where, route.asked_host, first or "", timeout=limit)
        for authority in rest:
            if seen.verified:
                break
            other = probe_tls(*where, route.asked_host, authority or "", timeout=limit)
            seen = other if other.verified else seen
        return seen


def clear_text_fault(found: ClearTextReply) -> str | None:
    """Say what is wrong with the reply to a request without TLS; None if nothing is."""
    reply = found.reply
    if reply.served_by:
        return f"{reply.served_by} answered {found} in clear text: HTTP {reply.status}"
    if reply.status is None or _CLIENT_ERROR <= reply.status < _SERVER_ERROR:
        return None  # nothing is served
    location = reply.header("location")
    to = urlsplit(location)
    if reply.status in _MOVED and to.scheme == "https" and to.hostname:
        return None
    where = f", redirected to {location}" if location else ""
    return f"{found} is served in clear text: HTTP {reply.status}{where}"


def certificate_fault(found: HostCertificate) -> str | None:
    """Say what is wrong with the certificate of a host; None if nothing is."""
    certificate, host = found.seen.certificate, f"{found.host} ({found.route})"
    if not found.seen.verified:
        return f"The certificate for {host} is not trusted: {found.seen}"
    if certificate is None or not certificate.is_for(found.host):
        return f"{certificate or 'No certificate'} is not for {host}"
    return None
