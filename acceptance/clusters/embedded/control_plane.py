"""Makes the commands that start etcd, the API server, the controller manager and the scheduler.

Paths are those inside the node, where the run's folder is /run/node. A comment explains each
unusual flag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.clusters import hardening
from acceptance.clusters.embedded.node_layout import (
    AUDIT_LOG,
    ETCD_USER,
    PKI,
    SERVICE_SUBNET,
    Component,
)

if TYPE_CHECKING:
    from pathlib import Path

_ETCD = "https://127.0.0.1:2379"
_ETCD_PEER = "https://127.0.0.1:2380"
_ETCD_PKI = "/run/etcd-pki"
_CONFIG = "/run/node/config"
_ETCD_CIPHERS = tuple(name for name in hardening.CIPHERS if "ECDHE" in name)
"""Cipher suites of TLS 1.2, because Debian's etcd 3.4 accepts no other names."""
_TLS = (
    f"--tls-min-version={hardening.TLS_MINIMUM}",
    f"--tls-cipher-suites={','.join(hardening.CIPHERS)}",
)


def etcd() -> Component:
    """Return the store (etcd), which only the API server can reach."""
    return Component(
        "etcd",
        (
            "etcd",
            "--data-dir=/run/etcd",
            f"--listen-client-urls={_ETCD}",
            f"--advertise-client-urls={_ETCD}",
            f"--listen-peer-urls={_ETCD_PEER}",
            f"--initial-advertise-peer-urls={_ETCD_PEER}",
            f"--initial-cluster=default={_ETCD_PEER}",
            # Clients need a certificate from the store's own authority.
            "--client-cert-auth=true",
            f"--trusted-ca-file={_ETCD_PKI}/etcd-ca.crt",
            f"--cert-file={_ETCD_PKI}/etcd.crt",
            f"--key-file={_ETCD_PKI}/etcd.key",
            "--peer-client-cert-auth=true",
            f"--peer-trusted-ca-file={_ETCD_PKI}/etcd-ca.crt",
            f"--peer-cert-file={_ETCD_PKI}/etcd.crt",
            f"--peer-key-file={_ETCD_PKI}/etcd.key",
            f"--cipher-suites={','.join(_ETCD_CIPHERS)}",
            # One member elects itself; etcd's shortest intervals save most of a second.
            "--heartbeat-interval=10",
            "--election-timeout=50",
            "--log-level=warn",
        ),
        user=ETCD_USER,
    )


def api_server(binaries: Path, address: str) -> Component:
    """Return the API server, reachable at `address`, port 6443."""
    return Component(
        "kube-apiserver",
        (
            f"{binaries}/kube-apiserver",
            f"--advertise-address={address}",
            "--bind-address=0.0.0.0",
            "--secure-port=6443",
            f"--etcd-servers={_ETCD}",
            f"--etcd-cafile={PKI}/etcd-ca.crt",
            f"--etcd-certfile={PKI}/apiserver-to-etcd.crt",
            f"--etcd-keyfile={PKI}/apiserver-to-etcd.key",
            f"--encryption-provider-config={_CONFIG}/encryption.json",
            f"--service-cluster-ip-range={SERVICE_SUBNET}",
            "--authorization-mode=Node,RBAC",
            "--anonymous-auth=false",
            "--allow-privileged=true",
            f"--enable-admission-plugins={','.join(hardening.ADMISSION_PLUGINS)}",
            f"--admission-control-config-file={_CONFIG}/admission.json",
            f"--audit-policy-file={_CONFIG}/audit-policy.json",
            f"--audit-log-path={AUDIT_LOG}",
            "--audit-log-maxage=30",  # days
            "--audit-log-maxbackup=10",
            "--audit-log-maxsize=100",  # megabytes
            f"--client-ca-file={PKI}/ca.crt",
            f"--tls-cert-file={PKI}/apiserver.crt",
            f"--tls-private-key-file={PKI}/apiserver.key",
            f"--kubelet-certificate-authority={PKI}/ca.crt",
            f"--kubelet-client-certificate={PKI}/apiserver-to-kubelet.crt",
            f"--kubelet-client-key={PKI}/apiserver-to-kubelet.key",
            # Otherwise `logs` and `exec` try to resolve the node's name.
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={PKI}/service-accounts.pub",
            f"--service-account-signing-key-file={PKI}/service-accounts.key",
            "--service-account-lookup=true",
            "--service-account-extend-token-expiration=false",
            "--request-timeout=60s",
            "--profiling=false",
            *_TLS,
        ),
        restarts=3,
    )


def controller_manager(binaries: Path, more: tuple[str, ...]) -> Component:
    """Return the controller manager, with the flags `more` of the datapath."""
    return Component(
        "kube-controller-manager",
        (
            f"{binaries}/kube-controller-manager",
            f"--kubeconfig={PKI}/kube-controller-manager.kubeconfig",
            "--bind-address=127.0.0.1",
            f"--root-ca-file={PKI}/ca.crt",
            f"--cluster-signing-cert-file={PKI}/ca.crt",
            f"--cluster-signing-key-file={PKI}/ca.key",
            f"--service-account-private-key-file={PKI}/service-accounts.key",
            "--use-service-account-credentials=true",
            "--cluster-signing-duration=48h",
            "--terminated-pod-gc-threshold=100",
            "--leader-elect=false",
            "--profiling=false",
            *_TLS,
            *more,
        ),
        restarts=3,
    )


def scheduler(binaries: Path) -> Component:
    """Return the scheduler."""
    return Component(
        "kube-scheduler",
        (
            f"{binaries}/kube-scheduler",
            f"--kubeconfig={PKI}/kube-scheduler.kubeconfig",
            f"--authentication-kubeconfig={PKI}/kube-scheduler.kubeconfig",
            f"--authorization-kubeconfig={PKI}/kube-scheduler.kubeconfig",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--profiling=false",
            *_TLS,
        ),
        restarts=3,
    )
