from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acceptance.deployment.issuer import await_certificate, declares_tls, wants_cert_manager
from acceptance.drivers.kubernetes.client import Refused
from acceptance.errors import EnvironmentFailure
from acceptance.settings import Timeouts
from tests.fakes.system import SYSTEM

INGRESS: dict[str, Any] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "spec": {"tls": [{"hosts": ["checkout.local"]}]},
}


class BusyCluster:
    """A cluster whose API server refuses to list."""

    def items(self, path: str) -> list[Any]:
        """Refuse."""
        raise Refused(f"{path}: too many requests")


def test_what_a_system_needs_for_tls_is_read_from_its_manifests() -> None:
    """An Ingress that declares it for the host, and kinds that only cert-manager knows."""
    assert declares_tls([INGRESS], "checkout.local")
    assert not declares_tls([INGRESS], "other.local")
    assert not declares_tls([{**INGRESS, "spec": {}}], "checkout.local")
    assert not wants_cert_manager([INGRESS])
    assert wants_cert_manager([INGRESS, {"apiVersion": "cert-manager.io/v1", "kind": "Issuer"}])


@pytest.mark.parametrize(
    ("spec", "declared"),
    [
        ({"tls": [{"hosts": ["www.shop.example", "shop.example", "api.shop.example"]}]}, True),
        ({"tls": [{"hosts": ["*.shop.example"]}]}, False),
        ({"tls": [{"hosts": ["other.example"]}, {"hosts": ["SHOP.example"]}]}, True),
        ({"tls": [{}], "rules": [{"host": "shop.example"}]}, True),
        ({"tls": [{}], "rules": [{"host": "other.example"}, {}]}, False),
        ({"tls": [{}]}, False),
    ],
)
def test_a_host_is_one_of_several_names(spec: dict[str, Any], declared: bool) -> None:
    """It is declared beside others, by the rules, and not by a wildcard for its subdomains."""
    assert declares_tls([{**INGRESS, "spec": spec}], "shop.example") is declared


def test_a_wildcard_declares_each_host_below_it() -> None:
    """It stands for one label."""
    wide = {**INGRESS, "spec": {"tls": [{"hosts": ["*.shop.example"]}]}}
    assert declares_tls([wide], "www.shop.example")
    assert not declares_tls([wide], "a.www.shop.example")


def test_a_certificate_that_is_not_issued_is_named() -> None:
    """A busy API server is asked again, and a system without TLS waits for nothing."""
    cluster: Any = BusyCluster()
    limits = replace(Timeouts(), certificate=0.01)
    assert await_certificate(cluster, SYSTEM, limits) is SYSTEM
    with pytest.raises(EnvironmentFailure, match="the issuer has no certificate of its own yet"):
        await_certificate(cluster, replace(SYSTEM, secure=True), limits, EnvironmentFailure)
