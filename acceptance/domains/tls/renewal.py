"""The operator of certificates: sees to it that one is renewed in time, and without a gap."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from acceptance.build.custom_resources import GROUP
from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.tls import probe_tls
from acceptance.judgement import Unverifiable, require
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from acceptance.drivers.tls import CertificateFacts, Handshake


@dataclass(frozen=True)
class Renewal:
    """What the ingress served before and after a renewal that was asked for."""

    before: Handshake
    after: Handshake


class CertificateOperator(ClusterActor):
    """Somebody who may ask for a certificate before the old one ends."""

    def judge_renewable(self, seen: Handshake) -> None:
        """The one that is served will be renewed, while it still holds."""
        certificate = _presented(seen)
        planned = self._certificate()
        self._keep("The certificate as it is managed", pretty(planned["status"]))
        said = planned["status"].get("renewalTime")
        require(said, "Nobody plans to renew the certificate.")
        due = datetime.fromisoformat(said)
        require(
            datetime.now(UTC) < due < certificate.not_after,
            f"The certificate ends at {certificate.not_after}, and is to be renewed at {due}.",
        )

    def renew(self) -> Renewal:
        """Ask cert-manager for another certificate, and wait until the ingress serves it.

        As `cmctl renew` does it: the condition Issuing of the Certificate.
        """
        before = self._shake()
        serial = _presented(before).serial
        found = self._certificate()
        status = found.get("status") or {}
        issuing = {
            "type": "Issuing",
            "status": "True",
            "reason": "ManuallyTriggered",
            "message": "Certificate re-issuance manually triggered",
            "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "observedGeneration": found["metadata"].get("generation", 1),
        }
        others = [each for each in status.get("conditions") or () if each["type"] != "Issuing"]
        path = f"{self._certificates}/{found['metadata']['name']}"
        self._cluster.patch_status(path, {"conditions": [*others, issuing]})
        after = eventually(
            self._shake,
            lambda seen: seen.certificate is not None and seen.certificate.serial != serial,
            timeout=self._timeouts.certificate,
            what="the ingress serves a renewed certificate",
            describe=lambda seen: f"it still serves {seen.certificate or seen}",
            remedy=f"kubectl --namespace {self.system.namespace} describe certificates",
        )
        renewal = Renewal(before, after)
        self._keep("The renewal", pretty(asdict(renewal)))
        return renewal

    def judge_renewed(self, renewal: Renewal) -> None:
        """The new certificate is another one, for the same name by the same authority."""
        before, after = _presented(renewal.before), _presented(renewal.after)
        require(
            renewal.after.verified, f"The new certificate is not to be trusted: {renewal.after}."
        )
        require(after.serial != before.serial, f"The certificate is still {before.serial}.")
        require(
            (after.names, after.issuer) == (before.names, before.issuer),
            f"The new one is {after}, where the old one was {before}.",
        )

    @property
    def _certificates(self) -> str:
        return f"/apis/{GROUP}/v1/namespaces/{self.system.namespace}/certificates"

    def _certificate(self) -> dict[str, Any]:
        """Return cert-manager's Certificate for the Secret that the Ingress names."""
        require(
            self.system.secure,
            f"The Ingress declares no TLS for {self.system.host}, so there is nothing to renew.",
        )
        ingresses = f"/apis/networking.k8s.io/v1/namespaces/{self.system.namespace}/ingresses"
        named = {
            entry.get("secretName")
            for ingress in self._cluster.items(ingresses)
            for entry in ingress["spec"].get("tls") or ()
            if self.system.host in (entry.get("hosts") or ())
        }
        require(named, f"No Ingress declares TLS for {self.system.host} any more.")
        if not self._cluster.exists(f"/apis/{GROUP}/v1"):
            raise Unverifiable("The cluster has no cert-manager, so nobody can ask for a renewal.")
        found = [
            e for e in self._cluster.items(self._certificates) if e["spec"]["secretName"] in named
        ]
        if not found:
            raise Unverifiable("cert-manager does not manage the certificate of the ingress.")
        return dict(found[0])

    def _shake(self) -> Handshake:
        system, limit = self.system, self._timeouts.request
        return probe_tls(
            system.address, system.https_port, system.host, system.authority, timeout=limit
        )


def _presented(seen: Handshake) -> CertificateFacts:
    if seen.certificate is None:
        raise AssertionError(f"The ingress shows no certificate: {seen}.")
    return seen.certificate
