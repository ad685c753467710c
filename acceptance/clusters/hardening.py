"""Hardens every ephemeral cluster: audit policy, admission, ciphers and encryption.

Numbers in comments are those of the CIS Kubernetes Benchmark 1.12. docs/security/compliance.md
lists the controls; each is checked on the running cluster.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

TLS_MINIMUM = "VersionTLS12"
CIPHERS = (
    # TLS 1.3, whose suites Go does not allow to be chosen, and those of 1.2 with forward secrecy
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
_READS = ("get", "list", "watch")
_SYSTEM_USERS = (
    "system:apiserver",
    "system:kube-controller-manager",
    "system:kube-scheduler",
    "system:kube-proxy",
    "system:k3s-controller",
)
_SYSTEM_GROUPS = ("system:nodes", "system:serviceaccounts:kube-system")
"""The kubelets, and the controllers and add-ons of the cluster itself."""
_HEALTH = ("/healthz*", "/livez*", "/readyz*")


def audit_policy() -> dict[str, Any]:
    """Return the audit policy (audit.k8s.io/v1), which records metadata only.

    Bodies are never recorded, because they contain the values of Secrets and tokens. A policy
    cannot ask how a request was answered. So that refused requests are recorded, all requests are,
    but for reads and status updates of the cluster's own components (ADR 23). Source: Kubernetes
    documentation, "Auditing"; CIS 3.2.2.
    """
    metadata = {"level": "Metadata", "omitStages": ["RequestReceived"]}
    # A rule with users and groups would match only who is both.
    system = ({"users": list(_SYSTEM_USERS)}, {"userGroups": list(_SYSTEM_GROUPS)})
    # There are thousands of them, and their objects contain the same information.
    frequent: list[dict[str, object]] = [
        {"group": "", "resources": ["events", "nodes/status", "pods/status"]},
        {"group": "events.k8s.io", "resources": ["events"]},
        {"group": "coordination.k8s.io", "resources": ["leases"]},
    ]
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "rules": [
            metadata | {"resources": _SENSITIVE},
            metadata | {"resources": _INTO_PODS},
            {"level": "None", "nonResourceURLs": list(_HEALTH)},
            *({"level": "None", "resources": frequent} | who for who in system),
            *({"level": "None", "verbs": list(_READS)} | who for who in system),
            metadata,
        ],
    }


def admission_configuration(*exempt: str) -> dict[str, Any]:
    """Return the admission configuration; the namespaces `exempt` may run any pod.

    A namespace without its own profile gets the Pod Security profile `baseline`. A limit on events,
    far above their normal number, keeps an attacker from filling the store with them.
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

    There is no `identity` provider as a fallback, so the API server refuses to read plain text,
    which it cannot have written.
    """
    key = {"name": "run", "secret": base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [{"resources": ["secrets"], "providers": [{"secretbox": {"keys": [key]}}]}],
    }
