"""Sabotages of who may ask the programs with metrics, and of whom Prometheus trusts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.changed_programs import edit_configuration
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_ITEM = "TASK-002-AC-2"
_ANSWERED = "Programs with metrics answer those who have to ask them and nobody else"
_IMPOSTOR = "Prometheus trusts no impostor of what it scrapes"
_WEB = "web.yaml"
_KNOWN = (
    "  client_ca_file: /etc/tls/server/ca.crt\n  client_auth_type: RequireAndVerifyClientCert\n"
)


@control(_ITEM, _ANSWERED, expects="blackbox answers nobody; .*blackbox answers a server")
def an_exporter_that_encrypts_and_asks_nobody_who_they_are(saboteur: Saboteur) -> None:
    """Leave the authority of clients out of one exporter of several: it has TLS, after all."""
    edit_configuration(saboteur, "blackbox-exporter", _WEB, (_KNOWN, ""))


@control(_ITEM, _ANSWERED, expects="Prometheus does not scrape with TLS: blackbox")
def an_exporter_that_is_scraped_without_tls(saboteur: Saboteur) -> None:
    """Scrape one exporter without TLS, as it was before."""
    edit_configuration(
        saboteur,
        "prometheus",
        "scrape.yaml",
        ("  - job_name: blackbox\n    scheme: https\n", "  - job_name: blackbox\n"),
    )


@control(_ITEM, _ANSWERED, expects="alertmanager answers prometheus, by another authority$")
def any_certificate_of_the_right_name(saboteur: Saboteur) -> None:
    """Require a certificate and forget that it has to be verified: the name alone counts."""
    strict, lenient = "RequireAndVerifyClientCert", "RequireAnyClientCert"
    edit_configuration(saboteur, "alertmanager", _WEB, (strict, lenient))


@control(_ITEM, _ANSWERED, expects="node answers blackbox-exporter$")
def an_exporter_for_every_client(saboteur: Saboteur) -> None:
    """Let the node exporter answer whoever has any certificate of a client."""
    only = "  client_allowed_sans: [prometheus, operator]\n"
    edit_configuration(saboteur, "node-exporter", _WEB, (only, ""), kind="daemonset")


@control(_ITEM, _IMPOSTOR, expects=r"Prometheus has sent an impostor [1-9]\d* requests")
def a_job_that_does_not_verify(saboteur: Saboteur) -> None:
    """Turn the verification off in one job, because it scrapes addresses and not names."""
    name = "server_name: alertmanager.monitoring.svc}"
    careless = "insecure_skip_verify: true}"
    edit_configuration(saboteur, "prometheus", "scrape.yaml", (name, careless))
