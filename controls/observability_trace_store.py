"""Sabotages of whom Jaeger knows and who knows Jaeger, which observability must detect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.changed_backend import change_backend
from controls.changed_programs import (
    MONITORING,
    arguments_of,
    change_program,
    edit_configuration,
)
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_ITEM = "TASK-002-AC-2"
_STRANGERS = "Jaeger answers nobody whom it does not know"
_IMPOSTOR = "Backend and ingress trust no impostor of Jaeger"
_OF_QUERY = "\n        client_ca_file: /etc/trace-store/ca.crt"
_OF_BROWSERS = "\n          client_ca_file: /etc/trace-store/ca.crt"
_OF_SENDERS = "\n          client_ca_file: /etc/trace-sender/ca.crt"
_GOT = r"An impostor of Jaeger got \d+ requests with \d+ bytes, of"


@control(_ITEM, _STRANGERS, expects="nobody may ask for traces: .*nobody may send a span: ")
def a_jaeger_that_asks_for_no_certificate(saboteur: Saboteur) -> None:
    """Encrypt every port of Jaeger, as an example on the web does, and ask nobody who it is."""
    _ask_for_no_certificate(saboteur, _OF_QUERY, _OF_SENDERS, _OF_BROWSERS)


@control(
    _ITEM, _STRANGERS, expects="nobody may send a span: .*the reader of traces may send a span: "
)
def spans_of_everybody(saboteur: Saboteur) -> None:
    """Ask for a certificate everywhere, but where the programs of the cluster send."""
    _ask_for_no_certificate(saboteur, _OF_SENDERS)


@control(_ITEM, _STRANGERS, expects="nobody may send a span of a browser: ")
def spans_past_the_ingress(saboteur: Saboteur) -> None:
    """Ask for no certificate where browsers send: they have none."""
    _ask_for_no_certificate(saboteur, _OF_BROWSERS)


@control(
    _ITEM, _STRANGERS, expects="nobody may ask for traces: .*the sender in .* may ask for traces: "
)
def traces_that_everybody_reads(saboteur: Saboteur) -> None:
    """Close the receivers, and leave the query API open: it only reads."""
    _ask_for_no_certificate(saboteur, _OF_QUERY)


@control(_ITEM, _STRANGERS, expects="Jaeger has not recorded a span of the sender in checkout: ")
def a_jaeger_that_trusts_one_sender(saboteur: Saboteur) -> None:
    """Trust the monitoring's own authority only, and forget that senders have others."""
    edit_configuration(saboteur, "jaeger", "config.yaml", (_OF_SENDERS, _OF_BROWSERS))


@control(_ITEM, _IMPOSTOR, expects=rf"{_GOT} .*backend-\S+ /v1/traces")
def a_backend_that_does_not_verify(saboteur: Saboteur) -> None:
    """Turn the verification of certificates off in the backend, which has a certificate itself."""
    change_backend(
        saboteur,
        "import requests\n"
        "send = requests.Session.send\n"
        "requests.Session.send = lambda *request, **options: send(\n"
        "    *request, **{**options, 'verify': False}\n"
        ")",
    )


@control(_ITEM, _IMPOSTOR, expects=rf"{_GOT} traefik-\S+ /v1/traces\.")
def an_ingress_that_does_not_verify(saboteur: Saboteur) -> None:
    """Turn it off in the ingress, for its own spans."""
    careless = "--tracing.otlp.http.tls.insecureskipverify=true"
    before = arguments_of(saboteur, "deployment/traefik", "ingress")
    change_program(saboteur, "traefik", {"args": [*before, careless]}, namespace="ingress")


@control(_ITEM, _IMPOSTOR, expects=rf"{_GOT} traefik-\S+ /otlp/v1/traces\.")
def a_way_for_browsers_that_is_not_verified(saboteur: Saboteur) -> None:
    """Turn it off in the ingress, for the spans of browsers."""
    annotations = {"nginx.ingress.kubernetes.io/proxy-ssl-verify": "off"}
    change = {"metadata": {"annotations": annotations}}
    saboteur.patch("ingress/browser-traces", change, kind="merge", namespace=MONITORING)


def _ask_for_no_certificate(saboteur: Saboteur, *places: str) -> None:
    """Take lines out of Jaeger's configuration, each of which it has once."""
    edit_configuration(saboteur, "jaeger", "config.yaml", *((place, "") for place in places))
