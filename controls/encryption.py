"""The controls of TASK-002's TLS at the ingress."""

from __future__ import annotations

from controls.control import Control
from controls.sabotages import encryption as do
from controls.sabotages import quality

_TRUST = ("TASK-002-AC-3", "Visitors can trust the certificate")
_WEAK = ("TASK-002-AC-3", "Old protocols and weak ciphers are refused")
_PLAIN = ("TASK-002-AC-3", "A visitor who comes without encryption is sent on")
_HEADERS = ("TASK-002-AC-3", "Every answer keeps browsers on the safe side")
_RENEWAL = ("TASK-002-AC-3", "A certificate is renewed and no visitor notices")

CONTROLS = (
    Control(
        *_TRUST,
        do.a_foreign_certificate,
        r"is not to be trusted: unable to get local issuer certificate .*Somebody else's authority",
    ),
    Control(
        *_TRUST,
        do.an_expired_certificate,
        r"is not to be trusted: certificate has expired .*Checkout test authority",
    ),
    Control(
        *_TRUST,
        do.a_certificate_nobody_renews,
        "is to be renewed at 2020-01-31",
    ),
    Control(*_WEAK, do.old_protocols, r"The ingress accepts TLS 1\.0, with TLS_ECDHE_"),
    Control(*_WEAK, do.weak_ciphers, r"accepts with TLS 1\.2 the weak TLS_ECDHE_ECDSA\S+_CBC_SHA"),
    Control(
        *_WEAK,
        quality.a_missing_scanner,
        "Nobody could try old protocols and weak ciphers: sslyze is not installed",
        verdict="unverified",
    ),
    Control(
        *_PLAIN,
        do.no_redirect,
        "A visitor without encryption is not sent on: GET / → HTTP 200",
    ),
    Control(*_HEADERS, do.no_hsts, "GET / does not keep browsers on encryption: no HSTS"),
    Control(
        *_HEADERS,
        do.no_frame_protection,
        "GET / is not protected: x-frame-options missing",
    ),
    Control(*_RENEWAL, do.a_renewal_without_effect, "not reached after .*: it still serves"),
)
