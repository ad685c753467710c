"""The node's components: what each is started with, and their configuration files.

Paths are those inside the node, where the run's folder is /run/node. Flags that look odd were
found by trying, and say why.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.clusters.embedded import pki

if TYPE_CHECKING:
    from pathlib import Path

NODE_NAME = "node"
POD_SUBNET = "10.244.0.0/24"
SERVICE_SUBNET = "10.96.0.0/16"
SERVICE_ADDRESS = "10.96.0.1"
DNS_ADDRESS = "10.96.0.10"
PAUSE_IMAGE = "localhost/pause:1"
CONTEXT = "checkout-acceptance"
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
_ETCD = "http://127.0.0.1:2379"
_PKI = "/run/node/pki"


@dataclass(frozen=True)
class Component:
    """A program that runs as long as the node does."""

    name: str
    argv: tuple[str, ...]
    after: str = ""
    """A file that has to be there first; empty if it can start at once."""


def _etcd() -> Component:
    return Component(
        "etcd",
        (
            "etcd",
            "--data-dir=/run/etcd",
            f"--listen-client-urls={_ETCD}",
            f"--advertise-client-urls={_ETCD}",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--initial-advertise-peer-urls=http://127.0.0.1:2380",
            "--initial-cluster=default=http://127.0.0.1:2380",
            # One member elects itself: the shortest times that etcd accepts save most of a second.
            "--heartbeat-interval=10",
            "--election-timeout=50",
            "--log-level=warn",
        ),
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
            f"--service-cluster-ip-range={SERVICE_SUBNET}",
            "--authorization-mode=Node,RBAC",
            "--anonymous-auth=false",
            "--allow-privileged=true",
            "--enable-admission-plugins=NodeRestriction",
            f"--client-ca-file={_PKI}/ca.crt",
            f"--tls-cert-file={_PKI}/apiserver.crt",
            f"--tls-private-key-file={_PKI}/apiserver.key",
            f"--kubelet-certificate-authority={_PKI}/ca.crt",
            f"--kubelet-client-certificate={_PKI}/apiserver-to-kubelet.crt",
            f"--kubelet-client-key={_PKI}/apiserver-to-kubelet.key",
            # Else `logs` and `exec` try to resolve the node's name.
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={_PKI}/service-accounts.pub",
            f"--service-account-signing-key-file={_PKI}/service-accounts.key",
            "--profiling=false",
        ),
    )


def _controller_manager(binaries: Path) -> Component:
    return Component(
        "kube-controller-manager",
        (
            f"{binaries}/kube-controller-manager",
            f"--kubeconfig={_PKI}/kube-controller-manager.kubeconfig",
            "--bind-address=127.0.0.1",
            f"--root-ca-file={_PKI}/ca.crt",
            f"--cluster-signing-cert-file={_PKI}/ca.crt",
            f"--cluster-signing-key-file={_PKI}/ca.key",
            f"--service-account-private-key-file={_PKI}/service-accounts.key",
            "--use-service-account-credentials=true",
            "--leader-elect=false",
            "--profiling=false",
        ),
    )


def _scheduler(binaries: Path) -> Component:
    return Component(
        "kube-scheduler",
        (
            f"{binaries}/kube-scheduler",
            f"--kubeconfig={_PKI}/kube-scheduler.kubeconfig",
            f"--authentication-kubeconfig={_PKI}/kube-scheduler.kubeconfig",
            f"--authorization-kubeconfig={_PKI}/kube-scheduler.kubeconfig",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--profiling=false",
        ),
    )


def all_components(binaries: Path, address: str) -> tuple[Component, ...]:
    """Return every component, in the order in which they are started."""
    return (
        _etcd(),
        api_server(binaries, address),
        Component("containerd", ("containerd", "--config=/run/node/config/containerd.toml")),
        Component(
            "kubelet",
            (
                f"{binaries}/kubelet",
                "--config=/run/node/config/kubelet.json",
                f"--kubeconfig={_PKI}/kubelet.kubeconfig",
                f"--hostname-override={NODE_NAME}",
                f"--node-ip={address}",
                "--root-dir=/run/kubelet",
                f"--cert-dir={_PKI}",
            ),
            # It gives up when its first call to the container runtime finds nobody.
            after=CONTAINERD_SOCKET,
        ),
        _controller_manager(binaries),
        _scheduler(binaries),
        Component(
            "kube-proxy",
            (
                f"{binaries}/kube-proxy",
                "--config=/run/node/config/kube-proxy.json",
                f"--hostname-override={NODE_NAME}",
            ),
        ),
    )


def _kubelet_config(cgroup: str) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{_PKI}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{_PKI}/kubelet-server.crt",
        "tlsPrivateKeyFile": f"{_PKI}/kubelet-server.key",
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
        # The machine's disk is not the node's: its fill level must not evict pods.
        "evictionHard": {"memory.available": "64Mi"},
        "imageGCHighThresholdPercent": 100,
        "serializeImagePulls": False,
        # Pods come and go all the time here: be told soon, and work on several at once.
        "kubeAPIQPS": 100,
        "kubeAPIBurst": 200,
        "eventRecordQPS": 0,
        "shutdownGracePeriod": "0s",
        "nodeStatusReportFrequency": "1m",
    }


def _kube_proxy_config() -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": f"{_PKI}/kube-proxy.kubeconfig"},
        "clusterCIDR": POD_SUBNET,
        "oomScoreAdj": 0,
        # No limits on tracked connections: those are the machine's.
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
  # Without CAP_SYS_RESOURCE nothing may lower the score.
  restrict_oom_score_adj = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/run/node/config/cni"
"""


def _cni() -> dict[str, object]:
    return {
        "cniVersion": "1.0.0",
        "name": "pods",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isGateway": True,
                "ipMasq": False,
                # A pod may reach itself through its own service.
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "dataDir": "/run/cni",
                    "ranges": [[{"subnet": POD_SUBNET}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            }
        ],
    }


def write_configuration(run_directory: Path, *, address: str, cgroup: str) -> None:
    """Write certificates, kubeconfigs and configuration files into the run's folder."""
    config, certificates = run_directory / "config", run_directory / "pki"
    (config / "cni").mkdir(parents=True)
    (run_directory / "logs").mkdir()
    pki.make_certificates(certificates, address, SERVICE_ADDRESS)
    for identity in pki.CLIENTS:
        server = f"https://{address}:6443"
        text = pki.kubeconfig(certificates, identity.file, server, CONTEXT)
        target = certificates / f"{identity.file}.kubeconfig"
        target.touch(mode=0o600)
        target.write_text(text, encoding="utf-8")
    (config / "kubelet.json").write_text(json.dumps(_kubelet_config(cgroup)), encoding="utf-8")
    (config / "kube-proxy.json").write_text(json.dumps(_kube_proxy_config()), encoding="utf-8")
    (config / "containerd.toml").write_text(
        _CONTAINERD.format(socket=CONTAINERD_SOCKET, pause=PAUSE_IMAGE), encoding="utf-8"
    )
    (config / "cni" / "10-pods.conflist").write_text(json.dumps(_cni()), encoding="utf-8")
    # Pods without the cluster's DNS have none: nothing in this node may depend on the outside.
    (config / "resolv.conf").write_text("options ndots:5\n", encoding="ascii")
