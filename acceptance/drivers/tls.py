"""Probes TLS: connects as a client does, and returns the certificate and whether it verified."""

from __future__ import annotations

import socket
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from acceptance.drivers.certificate_names import is_named


@dataclass(frozen=True)
class CertificateFacts:
    """An X.509 certificate, in the terms of RFC 5280."""

    serial: str
    """Hexadecimal, as browsers show it."""
    subject: str
    issuer: str
    names: tuple[str, ...]
    """The DNS names that it is for; never its common name."""
    not_before: datetime
    not_after: datetime
    fingerprint: str
    """SHA-256 of the whole certificate, hexadecimal."""
    addresses: tuple[str, ...] = ()
    """The IP addresses that it is for."""

    def is_for(self, host: str) -> bool:
        """Return whether a TLS client accepts it for `host`, by its names alone."""
        return is_named(host, self.names, self.addresses)

    def __str__(self) -> str:
        """Return its names, issuer and serial number."""
        names = ", ".join((*self.names, *self.addresses)) or "no name"
        return f"the certificate for {names} by {self.issuer or 'nobody'}, serial {self.serial}"


@dataclass(frozen=True)
class Handshake:
    """The result of one TLS handshake."""

    problem: str
    """Why verification failed; empty if the chain and the name were verified."""
    protocol: str
    """Such as TLSv1.3; empty without a verified connection."""
    cipher: str
    certificate: CertificateFacts | None
    """What the server presented, also if it did not verify; None if there was no answer."""

    @property
    def verified(self) -> bool:
        """Whether chain, name and validity period were verified."""
        return not self.problem

    def __str__(self) -> str:
        """Return the protocol or the problem, and the certificate."""
        shown = f" ({self.certificate})" if self.certificate else ""
        return f"{self.problem or f'{self.protocol} {self.cipher}'}{shown}"


def trusting(authority: str, pair: str = "") -> ssl.SSLContext:
    """Return a client's context that trusts only the certificate `authority`, as PEM.

    If it is empty, the context trusts the machine's authorities. The client itself is known by
    `pair`, a key and its certificate as PEM, or by nothing.
    """
    context = ssl.create_default_context(cadata=authority or None)
    context.hostname_checks_common_name = False  # no TLS client does any more (RFC 9525)
    if pair:
        with tempfile.NamedTemporaryFile("w") as file:  # the library reads it from a file only
            file.write(pair)
            file.flush()
            context.load_cert_chain(file.name)
    return context


def probe_tls(address: str, port: int, host: str, authority: str, *, timeout: float) -> Handshake:
    """Connect to `address`:`port` as `host`, verify, and close; `timeout` is in seconds."""
    problem = protocol = cipher = ""
    try:
        with _connected(trusting(authority), address, port, host, timeout) as found:
            protocol = found.version() or ""
            cipher = (found.cipher() or ("",))[0]
            presented = found.getpeercert(binary_form=True)
    except ssl.SSLCertVerificationError as error:
        problem = error.verify_message or str(error)
        presented = _presented(address, port, host, timeout)
    except OSError as error:
        return Handshake(f"no TLS connection: {error}", "", "", None)
    certificate = read_certificate(presented) if presented else None
    return Handshake(problem, protocol, cipher, certificate)


def read_certificate(encoded: bytes) -> CertificateFacts:
    """Read a certificate in DER."""
    found = x509.load_der_x509_certificate(encoded)
    try:
        extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = tuple(extension.value.get_values_for_type(x509.DNSName))
        addresses = tuple(map(str, extension.value.get_values_for_type(x509.IPAddress)))
    except x509.ExtensionNotFound:
        names = addresses = ()
    return CertificateFacts(
        serial=f"{found.serial_number:x}",
        subject=found.subject.rfc4514_string(),
        issuer=found.issuer.rfc4514_string(),
        names=names,
        not_before=found.not_valid_before_utc.astimezone(UTC),
        not_after=found.not_valid_after_utc.astimezone(UTC),
        fingerprint=found.fingerprint(hashes.SHA256()).hex(),
        addresses=addresses,
    )


def _presented(address: str, port: int, host: str, timeout: float) -> bytes | None:
    """Return the certificate that a server presents, without verification."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent over this connection
    try:
        with _connected(context, address, port, host, timeout) as found:
            return found.getpeercert(binary_form=True)
    except OSError:
        return None


def _connected(
    context: ssl.SSLContext, address: str, port: int, host: str, timeout: float
) -> ssl.SSLSocket:
    plain = socket.create_connection((address, port), timeout)
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise
