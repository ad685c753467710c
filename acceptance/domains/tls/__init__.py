"""TLS of the ingress: certificates, protocols, redirects to HTTPS and security headers."""

from acceptance.domains.tls.drivers.protocol_scan import AcceptedCiphers
from acceptance.domains.tls.headers import HeaderInspector, Responses
from acceptance.domains.tls.inspector import TlsInspector
from acceptance.domains.tls.renewal import CertificateOperator, CertificateRenewal
from acceptance.drivers.tls import Handshake

__all__ = [
    "AcceptedCiphers",
    "CertificateOperator",
    "CertificateRenewal",
    "Handshake",
    "HeaderInspector",
    "Responses",
    "TlsInspector",
]
