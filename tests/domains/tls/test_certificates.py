from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from acceptance.domains.tls import (
    CertificateOperator,
    CertificateRenewal,
    Handshake,
    TlsInspector,
)
from acceptance.drivers.kubernetes.paths import api_path, group_path
from acceptance.drivers.tls import CertificateFacts
from acceptance.judgement import Unverifiable
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

SECURE = replace(SYSTEM, secure=True)
NOW = datetime.now(UTC)
CERTIFICATE = CertificateFacts(
    serial="1a",
    subject="CN=checkout.local",
    issuer="CN=Test authority",
    names=("checkout.local",),
    not_before=NOW - timedelta(days=1),
    not_after=NOW + timedelta(days=90),
    fingerprint="00",
)
SEEN = Handshake("", "TLSv1.3", "TLS_AES_128_GCM_SHA256", CERTIFICATE)
INGRESS = {
    "metadata": {"name": "checkout"},
    "spec": {"tls": [{"hosts": ["checkout.local"], "secretName": "checkout-tls"}]},
}


class CertManagerCluster:
    """A cluster with one Ingress, and with what cert-manager manages."""

    def __init__(
        self, *, stored_in: str = "checkout-tls", due: str = "", installed: bool = True
    ) -> None:
        """Keep the Secret of the one Certificate, and when it is due."""
        status = {"renewalTime": due} if due else {}
        certificate = {
            "metadata": {"name": "checkout"},
            "spec": {"secretName": stored_in},
            "status": status,
        }
        self.objects: dict[str, list[Any]] = {
            api_path("ingresses", SYSTEM.namespace): [INGRESS],
            api_path("certificates", SYSTEM.namespace): [certificate],
        }
        self.installed = installed

    def items(self, path: str) -> list[Any]:
        """Return a collection."""
        return self.objects[path]

    def exists(self, path: str) -> bool:
        """Return whether cert-manager is installed."""
        return path == group_path("certificates") and self.installed


def operator(cluster: CertManagerCluster) -> CertificateOperator:
    """Return an operator of the system on this cluster."""
    return CertificateOperator(context_of(SECURE, cluster))


def due(days: int) -> str:
    """Return a time in some days, as the API writes it."""
    return (NOW + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_certificate_has_to_be_trusted_and_for_the_host() -> None:
    """Other names beside it, and a wildcard for it, are fine."""
    inspector = TlsInspector(context_of(SECURE))
    inspector.assert_trusted(SEEN)
    inspector.assert_for_host(SEEN)
    several = replace(CERTIFICATE, names=("www.checkout.local", "checkout.local"))
    inspector.assert_for_host(replace(SEEN, certificate=several))
    expired = Handshake("certificate has expired", "", "", CERTIFICATE)
    with pytest.raises(
        AssertionError, match=r"is not trusted: certificate has expired .*by CN=Test"
    ):
        inspector.assert_trusted(expired)
    other = replace(CERTIFICATE, names=("*.checkout.local",))
    with pytest.raises(AssertionError, match=r"for \*\.checkout\.local .* is not for checkout"):
        inspector.assert_for_host(replace(SEEN, certificate=other))
    with pytest.raises(AssertionError, match=r"No certificate is not for checkout\.local"):
        inspector.assert_for_host(Handshake("no TLS connection", "", "", None))
    with pytest.raises(AssertionError, match=r"declares no TLS for checkout\.local"):
        TlsInspector(context_of(SYSTEM)).check_certificate()


def test_a_renewal_has_to_be_scheduled_in_time() -> None:
    """After now, and before the served certificate expires."""
    operator(CertManagerCluster(due=due(60))).assert_renewal_scheduled(SEEN)
    for late in (due(-1), due(91)):
        with pytest.raises(AssertionError, match=f"its renewal is scheduled for {late[:10]}"):
            operator(CertManagerCluster(due=late)).assert_renewal_scheduled(SEEN)
    with pytest.raises(AssertionError, match="No renewal of the certificate is scheduled"):
        operator(CertManagerCluster()).assert_renewal_scheduled(SEEN)


def test_without_cert_manager_a_renewal_is_unverifiable() -> None:
    """Something else may renew it, which cannot be asked here."""
    with pytest.raises(Unverifiable, match="has no cert-manager"):
        operator(CertManagerCluster(installed=False)).assert_renewal_scheduled(SEEN)
    with pytest.raises(Unverifiable, match="does not manage"):
        operator(CertManagerCluster(stored_in="other")).assert_renewal_scheduled(SEEN)


def test_a_renewed_certificate_has_to_be_another_one_from_the_same_authority() -> None:
    """The same one again is no renewal, and another issuer is no trust."""
    judge = operator(CertManagerCluster()).assert_renewed_by_same_authority
    new = replace(CERTIFICATE, serial="1b")
    judge(CertificateRenewal(SEEN, replace(SEEN, certificate=new)))
    with pytest.raises(AssertionError, match="still serves the certificate 1a"):
        judge(CertificateRenewal(SEEN, SEEN))
    foreign = replace(new, issuer="CN=Other")
    with pytest.raises(AssertionError, match=r"differs in name or issuer: .*CN=Other"):
        judge(CertificateRenewal(SEEN, replace(SEEN, certificate=foreign)))
    with pytest.raises(AssertionError, match="The new certificate is not trusted: unknown"):
        judge(CertificateRenewal(SEEN, Handshake("unknown issuer", "", "", new)))
