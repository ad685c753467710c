from __future__ import annotations

import json
import socket
import ssl
import warnings
from types import SimpleNamespace

import pytest

from acceptance.domains.tls import AcceptedCiphers, TlsInspector
from acceptance.domains.tls.drivers.lenient_server import LOOPBACK, lenient_server
from acceptance.domains.tls.drivers.protocol_scan import PROTOCOLS, read_report
from acceptance.errors import EnvironmentFailure

ACTOR = SimpleNamespace()
STRONG = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
WEAK = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"


def accepted(**suites: str) -> AcceptedCiphers:
    """Return what a server accepted; `v1_2` stands for TLS 1.2."""
    return AcceptedCiphers(
        "shop",
        tuple(
            (
                protocol,
                (found,) if (found := suites.get(f"v{protocol[4:].replace('.', '_')}")) else (),
            )
            for protocol in PROTOCOLS
        ),
    )


OFFERED = accepted(v1_0=WEAK, v1_1=WEAK, v1_2=WEAK, v1_3="TLS_AES_128_GCM_SHA256")


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (accepted(v1_0=STRONG), f"accepts TLS 1.0, with {STRONG}"),
        (accepted(v1_1=WEAK), f"accepts TLS 1.1, with {WEAK}"),
        (accepted(v1_2=WEAK), f"accepts weak ciphers of TLS 1.2: {WEAK}"),
        (accepted(v1_2="TLS_RSA_WITH_AES_128_GCM_SHA256"), "weak ciphers of TLS 1.2: TLS_RSA_"),
    ],
)
def test_old_protocols_and_weak_ciphers_have_to_be_refused(
    found: AcceptedCiphers, reason: str
) -> None:
    """Every suite without ephemeral keys or authenticated encryption is weak."""
    judge = TlsInspector.assert_weak_refused
    with pytest.raises(AssertionError, match=reason):
        judge(ACTOR, found, OFFERED)  # type: ignore[arg-type]
    judge(ACTOR, accepted(v1_2=STRONG, v1_3="TLS_AES_128_GCM_SHA256"), OFFERED)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="No old protocol was offered"):
        judge(ACTOR, found, accepted(v1_2=WEAK))  # type: ignore[arg-type]


def test_the_ingress_has_to_serve_the_newest_protocol() -> None:
    """A server that refuses everything is not there at all."""
    judge = TlsInspector.assert_newest_accepted
    judge(ACTOR, OFFERED)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match=r"does not serve a TLS 1\.3 client"):
        judge(ACTOR, accepted(v1_2=STRONG))  # type: ignore[arg-type]


def test_a_report_of_sslyze_is_read() -> None:
    """By protocol; a scan that was not completed has found nothing."""
    attempt = {
        "status": "COMPLETED",
        "result": {"accepted_cipher_suites": [{"cipher_suite": {"name": STRONG}}]},
    }
    scan = dict.fromkeys(PROTOCOLS.values(), attempt)
    found = read_report(json.dumps({"server_scan_results": [{"scan_result": scan}]}), "shop")
    assert found.of("TLS 1.0") == (STRONG,)
    failed = {**scan, PROTOCOLS["TLS 1.1"]: {"status": "ERROR", "error_reason": "CLIENT_BUG"}}
    for results, reason in (
        ([{"scan_result": failed}], r"could not try TLS 1\.1 on shop: CLIENT_BUG"),
        ([{"scan_result": None, "connectivity_error_trace": "refused"}], "did not reach shop"),
        ([], "did not reach shop: no result"),
        ([{"scan_result": {"another": 1}}], "report on shop cannot be read"),
    ):
        with pytest.raises(EnvironmentFailure, match=reason):
            read_report(json.dumps({"server_scan_results": results}), "shop")


def test_the_lenient_server_accepts_what_is_refused_elsewhere() -> None:
    """An old protocol, and a suite without forward secrecy."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("AES128-SHA:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    with (
        lenient_server() as port,
        socket.create_connection((LOOPBACK, port), 5.0) as plain,
        context.wrap_socket(plain) as connection,
    ):
        assert connection.version() == "TLSv1"
        assert (connection.cipher() or ("",))[0] == "AES128-SHA"
