"""What every ephemeral cluster is hardened with: audit policy, admission, ciphers, encryption.

The numbers are those of the CIS Kubernetes Benchmark 1.12; docs/security/compliance.md has the
controls, each checked on the running cluster.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

TLS_MINIMUM = "VersionTLS12"
CIPHERS = (
    # TLS 1.3, whose suites Go does not let anybody choose, and those of 1.2 with forward secrecy
    # and authenticated encryption (CIS 1.2.29, 4.2.12).
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
)
ADMISSION_PLUGINS = ("NodeRestriction", "EventRateLimit", "DenyServiceExternalIPs")
_KEY_BYTES = 32  # of secretbox: XSalsa20 with Poly1305

_SENSITIVE: list[dict[str, object]] = [
    {"group": "", "resources": ["secrets", "configmaps", "serviceaccounts/token"]},
    {"group": "authentication.k8s.io", "resources": ["tokenreviews"]},
]
_INTO_PODS: list[dict[str, object]] = [
    {
        "group": "",
        "resources": [
            *(f"pods/{each}" for each in ("exec", "attach", "portforward", "proxy")),
            *("services/proxy", "nodes/proxy"),
        ],
    }
]
_CHANGES = ("create", "update", "patch", "delete", "deletecollection")


def audit_policy() -> dict[str, Any]:
    """Return the audit policy (audit.k8s.io/v1): who did what with what, and never its content.

    Metadata is all that is recorded of anything, because bodies hold the values of Secrets and
    tokens. Source: Kubernetes documentation, "Auditing"; CIS 3.2.2.
    """
    metadata = {"level": "Metadata", "omitStages": ["RequestReceived"]}
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "rules": [
            metadata | {"resources": _SENSITIVE},
            metadata | {"resources": _INTO_PODS},
            # They come by the thousand, and say what their objects say themselves.
            {
                "level": "None",
                "resources": [
                    {"group": "", "resources": ["events", "nodes/status", "pods/status"]},
                    {"group": "events.k8s.io", "resources": ["events"]},
                    {"group": "coordination.k8s.io", "resources": ["leases"]},
                ],
            },
            metadata | {"verbs": list(_CHANGES)},
            {"level": "None"},
        ],
    }


def admission_configuration(*exempt: str) -> dict[str, Any]:
    """Return the admission configuration, in which the namespaces `exempt` may run any pod.

    A namespace that says nothing itself gets the Pod Security profile `baseline`. Events are
    limited so that nobody fills the store with them, far above what a cluster makes by itself.
    """
    security = {
        "apiVersion": "pod-security.admission.config.k8s.io/v1",
        "kind": "PodSecurityConfiguration",
        "defaults": {"enforce": "baseline", "audit": "restricted"},
        "exemptions": {"namespaces": list(exempt)},
    }
    events = {
        "apiVersion": "eventratelimit.admission.k8s.io/v1alpha1",
        "kind": "Configuration",
        "limits": [{"type": "Server", "qps": 500, "burst": 5000}],
    }
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [
            {"name": "PodSecurity", "configuration": security},
            {"name": "EventRateLimit", "configuration": events},
        ],
    }


def encryption_configuration() -> dict[str, Any]:
    """Return the configuration that encrypts Secrets in the store, with a new key.

    There is no `identity` to fall back on: what lies in the store in clear text was not written
    by the API server, and it refuses to read it.
    """
    key = {"name": "run", "secret": base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [{"resources": ["secrets"], "providers": [{"secretbox": {"keys": [key]}}]}],
    }
