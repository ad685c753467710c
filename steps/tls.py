"""Steps about certificates, encryption, and what answers tell browsers."""

from __future__ import annotations

from pytest_bdd import given, then, when

from acceptance.domains.tls.drivers.protocols import Accepted
from acceptance.domains.tls.inspector import Journal, TlsInspector
from acceptance.domains.tls.renewal import CertificateOperator, Renewal
from acceptance.drivers.tls import Handshake


@when("a visitor looks at the certificate of the system", target_fixture="handshake")
def _(tls_inspector: TlsInspector) -> Handshake:
    return tls_inspector.look_at_certificate()


@then("the authority that is to issue it vouches for it today")
def _(tls_inspector: TlsInspector, handshake: Handshake) -> None:
    tls_inspector.judge_vouched(handshake)


@then("it is for the name of the system")
def _(tls_inspector: TlsInspector, handshake: Handshake) -> None:
    tls_inspector.judge_name(handshake)


@then("it is to be renewed before it ends")
def _(certificate_operator: CertificateOperator, handshake: Handshake) -> None:
    certificate_operator.judge_renewable(handshake)


@given(
    "an attacker gets through with old protocols and weak ciphers where they are allowed",
    target_fixture="allowed",
)
def _(tls_inspector: TlsInspector) -> Accepted:
    return tls_inspector.get_through()


@when("the attacker tries them all on the ingress", target_fixture="accepted")
def _(tls_inspector: TlsInspector) -> Accepted:
    return tls_inspector.attack_ingress()


@then("the ingress refuses every one of them")
def _(tls_inspector: TlsInspector, accepted: Accepted, allowed: Accepted) -> None:
    tls_inspector.judge_weak_refused(accepted, allowed)


@then("the ingress serves who comes with a modern one")
def _(tls_inspector: TlsInspector, accepted: Accepted) -> None:
    tls_inspector.judge_modern(accepted)


@when("a visitor opens the page and the service without encryption", target_fixture="journal")
def _(tls_inspector: TlsInspector) -> Journal:
    return tls_inspector.come_plain()


@then("the visitor is sent on to the same address with encryption")
def _(tls_inspector: TlsInspector, journal: Journal) -> None:
    tls_inspector.judge_sent_on(journal)


@then("the system itself has told nothing")
def _(tls_inspector: TlsInspector, journal: Journal) -> None:
    tls_inspector.judge_silent(journal)


@when("a visitor collects good and bad answers of page and service", target_fixture="journal")
def _(tls_inspector: TlsInspector) -> Journal:
    return tls_inspector.collect_answers()


@then("each of them keeps browsers on encryption")
def _(tls_inspector: TlsInspector, journal: Journal) -> None:
    tls_inspector.judge_stays_encrypted(journal)


@then("each of them protects who reads it")
def _(tls_inspector: TlsInspector, journal: Journal) -> None:
    tls_inspector.judge_protective(journal)


@when("the operator has the certificate renewed", target_fixture="renewal")
def _(certificate_operator: CertificateOperator) -> Renewal:
    return certificate_operator.renew()


@then("visitors meet a new certificate by the same authority")
def _(certificate_operator: CertificateOperator, renewal: Renewal) -> None:
    certificate_operator.judge_renewed(renewal)
