"""TLS of the ingress: certificates, protocols, redirects to HTTPS and security headers."""

from acceptance.domains.tls.clear_text import HostCertificate, PublishedRouteInspector
from acceptance.domains.tls.drivers.clear_text import ClearTextReply
from acceptance.domains.tls.drivers.protocol_scan import AcceptedCiphers
from acceptance.domains.tls.headers import HeaderInspector, Responses
from acceptance.domains.tls.inspector import TlsInspector
from acceptance.domains.tls.renewal import CertificateOperator, CertificateRenewal
from acceptance.drivers.tls import Handshake

__all__ = [
    "AcceptedCiphers",
    "CertificateOperator",
    "CertificateRenewal",
    "ClearTextReply",
    "Handshake",
    "HeaderInspector",
    "HostCertificate",
    "PublishedRouteInspector",
    "Responses",
    "TlsInspector",
]
