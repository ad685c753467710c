"""Writes the files of the node's components: certificates, kubeconfigs and configuration.

Paths are those inside the node, where the run's folder is /run/node.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from acceptance.clusters import hardening
from acceptance.clusters.embedded import pki
from acceptance.clusters.embedded.node_layout import (
    CNI_FOLDER,
    CONTAINERD_SOCKET,
    CONTEXT,
    DNS_ADDRESS,
    PAUSE_IMAGE,
    PKI,
    POD_SUBNET,
    SERVICE_ADDRESS,
)

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.clusters.embedded.datapath import Datapath

_CNI_PROGRAMS = "/run/node/cni"


def _kubelet_config(cgroup: str) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{PKI}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{PKI}/kubelet-server.crt",
        "tlsPrivateKeyFile": f"{PKI}/kubelet-server.key",
        "tlsMinVersion": hardening.TLS_MINIMUM,
        "tlsCipherSuites": list(hardening.CIPHERS),
        "rotateCertificates": True,
        "readOnlyPort": 0,
        "streamingConnectionIdleTimeout": "5m",
        "makeIPTablesUtilChains": True,
        "enableProfilingHandler": False,
        "podPidsLimit": 1024,
        "seccompDefault": True,
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "clusterDomain": "cluster.local",
        "clusterDNS": [DNS_ADDRESS],
        "resolvConf": "/run/node/config/resolv.conf",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cgroup}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": [],
        "oomScoreAdj": 0,
        "protectKernelDefaults": True,
        "podLogsDir": "/run/log/pods",
        "volumePluginDir": "/run/kubelet-plugins",
        # A full disk of the machine must not evict the node's pods.
        "evictionHard": {"memory.available": "64Mi"},
        "imageGCHighThresholdPercent": 100,
        "serializeImagePulls": False,
        # Pods change often here: notice that soon, and work on several at the same time.
        "kubeAPIQPS": 100,
        "kubeAPIBurst": 200,
        "eventRecordQPS": 0,
        "shutdownGracePeriod": "0s",
        "nodeStatusReportFrequency": "1m",
        # The sizes of volumes are metrics: a run cannot wait a minute for them.
        "volumeStatsAggPeriod": "5s",
    }


def _kube_proxy_config() -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": f"{PKI}/kube-proxy.kubeconfig"},
        "clusterCIDR": POD_SUBNET,
        "oomScoreAdj": 0,
        # Do not change the machine's limits on tracked connections.
        "conntrack": {"maxPerCore": 0, "min": 0},
        "nftables": {"minSyncPeriod": "50ms", "syncPeriod": "30s"},
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
    }


_CONTAINERD = """\
version = 2
root = "/run/containerd-root"
state = "/run/containerd"
oom_score = 0
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
  "io.containerd.internal.v1.opt"]
[grpc]
  address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # Without CAP_SYS_RESOURCE no process may lower the score.
  restrict_oom_score_adj = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{programs}"
    conf_dir = "{configuration}"
"""


def write_configuration(
    run_directory: Path, *, address: str, cgroup: str, datapath: Datapath
) -> None:
    """Write certificates, kubeconfigs and configuration files into the run's folder."""
    config, certificates = run_directory / "config", run_directory / "pki"
    (config / "cni").mkdir(parents=True)
    (run_directory / "logs").mkdir(mode=0o700)
    for name in ("cni", "bin", "compiled"):
        (run_directory / name).mkdir()
    pki.make_certificates(certificates, address, SERVICE_ADDRESS)
    pki.make_store_certificates(certificates, run_directory / "etcd-pki")
    for identity in pki.CLIENTS:
        server = f"https://{address}:6443"
        text = pki.kubeconfig(certificates, identity.file, server, CONTEXT)
        target = certificates / f"{identity.file}.kubeconfig"
        target.touch(mode=0o600)
        target.write_text(text, encoding="utf-8")
    (config / "kubelet.json").write_text(json.dumps(_kubelet_config(cgroup)), encoding="utf-8")
    (config / "kube-proxy.json").write_text(json.dumps(_kube_proxy_config()), encoding="utf-8")
    for name, content in (
        ("encryption", hardening.encryption_configuration()),
        ("audit-policy", hardening.audit_policy()),
        ("admission", hardening.admission_configuration()),
    ):
        (config / f"{name}.json").touch(mode=0o600)
        (config / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    (config / "containerd.toml").write_text(
        _CONTAINERD.format(
            socket=CONTAINERD_SOCKET,
            pause=PAUSE_IMAGE,
            programs=_CNI_PROGRAMS,
            configuration=CNI_FOLDER,
        ),
        encoding="utf-8",
    )
    for program in datapath.cni_programs:
        (run_directory / "cni" / program.name).symlink_to(program)
    for name, script in datapath.scripts.items():
        (run_directory / "bin" / name).write_text(script, encoding="utf-8")
        (run_directory / "bin" / name).chmod(0o755)
    if datapath.cni is not None:
        path = config / "cni" / "10-pods.conflist"
        path.write_text(json.dumps(datapath.cni), encoding="utf-8")
    # Pods without the cluster's DNS get no DNS: the node must not depend on outside servers.
    (config / "resolv.conf").write_text("options ndots:5\n", encoding="ascii")
    _close(config, certificates, run_directory / "etcd-pki")


def _close(*folders: Path) -> None:
    """Allow only the owner to access the files of the folders, secret or not."""
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)
