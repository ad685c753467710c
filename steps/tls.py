"""Steps about certificates, TLS protocols, redirects to HTTPS and security headers."""

from __future__ import annotations

from pytest_bdd import given, then, when

from acceptance.domains.tls import (
    AcceptedCiphers,
    CertificateOperator,
    CertificateRenewal,
    ClearTextReply,
    Handshake,
    HeaderInspector,
    HostCertificate,
    PublishedRouteInspector,
    Responses,
    TlsInspector,
)


@when("a visitor checks the certificate of the system", target_fixture="handshake")
def _(tls_inspector: TlsInspector) -> Handshake:
    return tls_inspector.check_certificate()


@then("it is valid and issued by the expected authority")
def _(tls_inspector: TlsInspector, handshake: Handshake) -> None:
    tls_inspector.assert_trusted(handshake)


@then("it is for the host name of the system")
def _(tls_inspector: TlsInspector, handshake: Handshake) -> None:
    tls_inspector.assert_for_host(handshake)


@then("its renewal is scheduled before it expires")
def _(certificate_operator: CertificateOperator, handshake: Handshake) -> None:
    certificate_operator.assert_renewal_scheduled(handshake)


@given(
    "a lenient server accepts every old protocol and weak cipher of an attacker",
    target_fixture="offered_ciphers",
)
def _(tls_inspector: TlsInspector) -> AcceptedCiphers:
    return tls_inspector.offer_weak_to_lenient_server()


@when("the attacker offers them all to the ingress", target_fixture="accepted_ciphers")
def _(tls_inspector: TlsInspector) -> AcceptedCiphers:
    return tls_inspector.offer_weak_to_ingress()


@then("the ingress refuses every one of them")
def _(
    tls_inspector: TlsInspector,
    accepted_ciphers: AcceptedCiphers,
    offered_ciphers: AcceptedCiphers,
) -> None:
    tls_inspector.assert_weak_refused(accepted_ciphers, offered_ciphers)


@then("the ingress serves a TLS 1.3 client")
def _(tls_inspector: TlsInspector, accepted_ciphers: AcceptedCiphers) -> None:
    tls_inspector.assert_newest_accepted(accepted_ciphers)


@when("a visitor opens the page and the API over plain HTTP", target_fixture="responses")
def _(header_inspector: HeaderInspector) -> Responses:
    return header_inspector.collect_over_http()


@then("each request is redirected to the same address over HTTPS")
def _(header_inspector: HeaderInspector, responses: Responses) -> None:
    header_inspector.assert_redirected_to_https(responses)


@then("no pod of the system has answered")
def _(header_inspector: HeaderInspector, responses: Responses) -> None:
    header_inspector.assert_no_pod_answered(responses)


@when(
    "a visitor asks each port of the ingress for each published host and path in clear text",
    target_fixture="clear_text_replies",
)
def _(published_route_inspector: PublishedRouteInspector) -> tuple[ClearTextReply, ...]:
    return published_route_inspector.request_in_clear_text()


@then("each request is redirected to HTTPS or not served")
def _(
    published_route_inspector: PublishedRouteInspector,
    clear_text_replies: tuple[ClearTextReply, ...],
) -> None:
    published_route_inspector.assert_redirected_or_refused(clear_text_replies)


@when(
    "a visitor checks the certificate of each published host",
    target_fixture="host_certificates",
)
def _(published_route_inspector: PublishedRouteInspector) -> tuple[HostCertificate, ...]:
    return published_route_inspector.check_certificates()


@then("each certificate is trusted and for its host")
def _(
    published_route_inspector: PublishedRouteInspector,
    host_certificates: tuple[HostCertificate, ...],
) -> None:
    published_route_inspector.assert_certified(host_certificates)


@when(
    "a visitor collects successful and failed responses of the page and the API",
    target_fixture="responses",
)
def _(header_inspector: HeaderInspector) -> Responses:
    return header_inspector.collect_every_kind()


@then("each response has HSTS for at least a year")
def _(header_inspector: HeaderInspector, responses: Responses) -> None:
    header_inspector.assert_hsts(responses)


@then("each response has the other security headers")
def _(header_inspector: HeaderInspector, responses: Responses) -> None:
    header_inspector.assert_security_headers(responses)


@when("the operator renews the certificate", target_fixture="certificate_renewal")
def _(certificate_operator: CertificateOperator) -> CertificateRenewal:
    return certificate_operator.renew()


@then("visitors get a new certificate from the same authority")
def _(certificate_operator: CertificateOperator, certificate_renewal: CertificateRenewal) -> None:
    certificate_operator.assert_renewed_by_same_authority(certificate_renewal)
