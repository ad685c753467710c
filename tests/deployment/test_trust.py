from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.build.manifests import RUN_LABEL, render
from acceptance.deployment.trust import TRUSTED_IN, trusted_authorities
from acceptance.errors import EnvironmentFailure
from acceptance.project import ROOT

if TYPE_CHECKING:
    from acceptance.build.manifests import Manifest

CERTIFICATE: Manifest = {
    "kind": "Certificate",
    "metadata": {"name": "c", "namespace": "here", "annotations": {TRUSTED_IN: "there elsewhere"}},
    "spec": {"secretName": "store-tls"},
}


class Issued:
    """A cluster with one Secret, or with none."""

    def __init__(self, authority: str) -> None:
        """Have a Secret with this authority."""
        self._authority = base64.b64encode(authority.encode()).decode()

    def read(self, path: str) -> dict[str, Any] | None:
        """Return the Secret."""
        assert path == "/api/v1/namespaces/here/secrets/store-tls"
        return {"data": {"ca.crt": self._authority, "tls.key": "x"}} if self._authority else None


def test_those_who_are_named_get_the_authority_and_no_key() -> None:
    """A ConfigMap for each namespace, which belongs to the run."""
    cluster: Any = Issued("PEM")
    found = trusted_authorities(cluster, [CERTIFICATE], "run", timeout=1)
    assert [each["metadata"]["namespace"] for each in found] == ["there", "elsewhere"]
    for each in found:
        assert each["kind"] == "ConfigMap"
        assert each["metadata"]["name"] == "store-authority"
        assert each["metadata"]["labels"] == {RUN_LABEL: "run"}
        assert each["data"] == {"ca.crt": "PEM"}


def test_a_certificate_that_nobody_else_trusts_is_not_waited_for() -> None:
    """Other kinds are not either."""
    cluster: Any = Issued("")
    own = {**CERTIFICATE, "metadata": {"name": "c", "namespace": "here"}}
    assert trusted_authorities(cluster, [own, {"kind": "Secret"}], "run", timeout=0.01) == ()


def test_a_certificate_that_is_not_issued_is_named() -> None:
    """The deployment fails, and says what to look at."""
    cluster: Any = Issued("")
    with pytest.raises(EnvironmentFailure, match="here/store-tls"):
        trusted_authorities(cluster, [CERTIFICATE], "run", timeout=0.01)


@pytest.mark.parametrize("name", ["embedded", "k3d", "production"])
def test_the_shipper_trusts_what_the_store_shows(name: str) -> None:
    """The names in the manifests fit: of the Certificate, the ConfigMap and the Service."""
    objects = render(ROOT / "manifests" / "overlays" / name / "logs", {})
    (certificate,) = [
        each
        for each in objects
        if each["kind"] == "Certificate" and each["spec"]["secretName"] == "log-store-tls"
    ]
    (shipper,) = [each for each in objects if each["kind"] == "DaemonSet"]
    assert certificate["metadata"]["annotations"][TRUSTED_IN] == shipper["metadata"]["namespace"]
    volumes = shipper["spec"]["template"]["spec"]["volumes"]
    assert {"name": "authority", "configMap": {"name": "log-store-authority"}} in volumes
    (service,) = [
        each
        for each in objects
        if each["kind"] == "Service" and each["metadata"]["name"].endswith("search")
    ]
    host = f"{service['metadata']['name']}.monitoring.svc"
    assert host in certificate["spec"]["dnsNames"]
    assert service["spec"]["ports"][0]["appProtocol"] == "https"
