"""Renews the certificate of the ingress, and checks that its next renewal comes in time."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.tls.declared_tls import probe_ingress, served_certificate
from acceptance.drivers.kubernetes.cert_manager import (
    has_cert_manager,
    managed_certificates,
    request_renewal,
    tls_declarations,
)
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, require
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.cert_manager import ManagedCertificate
    from acceptance.drivers.tls import Handshake


@dataclass(frozen=True)
class CertificateRenewal:
    """What the ingress served before and after a renewal."""

    before: Handshake
    after: Handshake


class CertificateOperator(ClusterActor):
    """Asks cert-manager for renewals of the certificate of the ingress."""

    def assert_renewal_scheduled(self, seen: Handshake) -> None:
        """The next renewal is scheduled for a time when the served certificate is still valid."""
        served = served_certificate(seen)
        managed = self._managed_certificate()
        self._keep("The certificate as managed", pretty(managed.status))
        due = managed.renewal_time
        if due is None:
            raise AssertionError("No renewal of the certificate is scheduled.")
        require(
            datetime.now(UTC) < due < served.not_after,
            f"The certificate expires at {served.not_after}, and its renewal is scheduled for "
            f"{due}: it has to be between now and then.",
        )

    def renew(self) -> CertificateRenewal:
        """Ask cert-manager for a renewal, and wait until the ingress serves the new certificate."""
        before = self._probe()
        serial = served_certificate(before).serial
        request_renewal(self._cluster, self._managed_certificate())
        after = eventually(
            self._probe,
            lambda seen: seen.certificate is not None and seen.certificate.serial != serial,
            timeout=self._timeouts.certificate,
            what="the ingress serves a renewed certificate",
            describe=lambda seen: f"it still serves {seen.certificate or seen}",
            remedy=f"kubectl --namespace {self.system.namespace} describe certificates",
        )
        renewal = CertificateRenewal(before, after)
        self._keep("The renewal", pretty(asdict(renewal)))
        return renewal

    def assert_renewed_by_same_authority(self, renewal: CertificateRenewal) -> None:
        """The new certificate is another one, for the same name and from the same authority."""
        before, after = served_certificate(renewal.before), served_certificate(renewal.after)
        require(renewal.after.verified, f"The new certificate is not trusted: {renewal.after}.")
        require(
            after.serial != before.serial,
            f"The ingress still serves the certificate {before.serial}.",
        )
        require(
            (sorted(after.names), after.issuer) == (sorted(before.names), before.issuer),
            f"The new certificate differs in name or issuer: {after}, before {before}.",
        )

    def _managed_certificate(self) -> ManagedCertificate:
        """Return cert-manager's Certificate for the Secret that the Ingress names."""
        system = self.system
        require(
            system.secure,
            f"The Ingress declares no TLS for {system.host}, so there is nothing to renew.",
        )
        declared = tls_declarations(self._cluster, system.namespace, system.host)
        require(declared, f"No Ingress declares TLS for {system.host} any more.")
        if not has_cert_manager(self._cluster):
            raise Unverifiable("The cluster has no cert-manager, so no renewal can be requested.")
        secrets = {secret for each in declared for secret in each.secrets}
        for each in managed_certificates(self._cluster, system.namespace):
            if each.secret in secrets:
                return each
        raise Unverifiable("cert-manager does not manage the certificate of the ingress.")

    def _probe(self) -> Handshake:
        return probe_ingress(self.system, self._timeouts.request)
