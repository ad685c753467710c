"""The rules of the Kubernetes Pod Security Standards, as of 1.34, and a few beyond them.

Each of the standard has a sample that breaks it, and nothing else that admission minds.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from acceptance.drivers.kubernetes.facts import Object

_BASELINE = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
    }
)
_VOLUMES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
_SELINUX = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_PROFILES = ("RuntimeDefault", "Localhost")
_HOSTS = ("httpGet", "tcpSocket")


def containers(pod: Object) -> Iterator[tuple[Object, Object]]:
    """Yield each container with what it may do, what its pod says included."""
    spec = pod["spec"]
    whole = spec.get("securityContext") or {}
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for each in spec.get(group) or ():
            yield each, {**whole, **(each.get("securityContext") or {})}


def _any(fault: Callable[[Object, Object], object]) -> Callable[[Object], bool]:
    """A rule that every container has to hold."""
    return lambda pod: any(fault(*each) for each in containers(pod))


def _capabilities(context: Object, which: str) -> set[str]:
    return set((context.get("capabilities") or {}).get(which) or ())


def _handlers(container: Object) -> Iterator[Object]:
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        yield container.get(name) or {}
    for name in ("postStart", "preStop"):
        yield (container.get("lifecycle") or {}).get(name) or {}


def _asks_host(container: Object, _: Object) -> bool:
    return any((each.get(how) or {}).get("host") for each in _handlers(container) for how in _HOSTS)


RULES: Mapping[str, Callable[[Object], bool]] = {
    # Baseline.
    "host_process": _any(
        lambda _, c: (c.get("windowsOptions") or {}).get("hostProcess"),
    ),
    "host_pid": lambda pod: bool(pod["spec"].get("hostPID")),
    "host_ipc": lambda pod: bool(pod["spec"].get("hostIPC")),
    "host_network": lambda pod: bool(pod["spec"].get("hostNetwork")),
    "privileged": _any(lambda _, c: c.get("privileged")),
    "added_capabilities": _any(lambda _, c: _capabilities(c, "add") - _BASELINE),
    "host_path": lambda pod: any("hostPath" in v for v in pod["spec"].get("volumes") or ()),
    "host_port": _any(lambda k, _: any(p.get("hostPort") for p in k.get("ports") or ())),
    "host_probe": _any(_asks_host),
    "apparmor": _any(lambda _, c: (c.get("appArmorProfile") or {}).get("type") == "Unconfined"),
    "selinux": _any(
        lambda _, c: (
            (c.get("seLinuxOptions") or {}).get("type", "") not in _SELINUX
            or (c.get("seLinuxOptions") or {}).get("user")
            or (c.get("seLinuxOptions") or {}).get("role")
        )
    ),
    "proc_mount": _any(lambda _, c: c.get("procMount", "Default") != "Default"),
    "seccomp_off": _any(lambda _, c: (c.get("seccompProfile") or {}).get("type") == "Unconfined"),
    "sysctls": lambda pod: any(
        each["name"] not in _SYSCTLS
        for each in (pod["spec"].get("securityContext") or {}).get("sysctls") or ()
    ),
    # Restricted.
    "volume_types": lambda pod: any(
        not (volume.keys() - {"name"}) <= _VOLUMES for volume in pod["spec"].get("volumes") or ()
    ),
    "escalation": _any(lambda _, c: c.get("allowPrivilegeEscalation") is not False),
    "may_be_root": _any(lambda _, c: c.get("runAsNonRoot") is not True),
    "is_root": _any(lambda _, c: c.get("runAsUser") == 0),
    "seccomp": _any(lambda _, c: (c.get("seccompProfile") or {}).get("type") not in _PROFILES),
    "capabilities": _any(
        lambda _, c: (
            "ALL" not in _capabilities(c, "drop") or _capabilities(c, "add") - {"NET_BIND_SERVICE"}
        )
    ),
    # Beyond the standard.
    "writable_root": _any(lambda _, c: c.get("readOnlyRootFilesystem") is not True),
    "unlimited": _any(
        lambda k, _: (
            not {"cpu", "memory"} <= ((k.get("resources") or {}).get("limits") or {}).keys()
        )
    ),
    "secret_in_environment": _any(
        lambda k, _: (
            any((e.get("valueFrom") or {}).get("secretKeyRef") for e in k.get("env") or ())
            or any(e.get("secretRef") for e in k.get("envFrom") or ())
        )
    ),
}
"""Each says whether a pod breaks it."""

_SAMPLES: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    # What is added to the pod's specification, and to its container.
    "host_process": (
        {"hostNetwork": True, "os": {"name": "windows"}, "securityContext": {"runAsNonRoot": True}},
        {"securityContext": {"windowsOptions": {"hostProcess": True}}},
    ),
    "host_pid": ({"hostPID": True}, {}),
    "host_ipc": ({"hostIPC": True}, {}),
    "host_network": ({"hostNetwork": True}, {}),
    "privileged": (
        {},
        {"securityContext": {"privileged": True, "allowPrivilegeEscalation": True}},
    ),
    "added_capabilities": ({}, {"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}),
    "host_path": ({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, {}),
    "host_port": ({}, {"ports": [{"containerPort": 8080, "hostPort": 8080}]}),
    "host_probe": ({}, {"livenessProbe": {"tcpSocket": {"port": 1, "host": "127.0.0.1"}}}),
    "apparmor": ({}, {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}}),
    "selinux": ({}, {"securityContext": {"seLinuxOptions": {"type": "spc_t"}}}),
    "proc_mount": ({"hostUsers": False}, {"securityContext": {"procMount": "Unmasked"}}),
    "seccomp_off": ({}, {"securityContext": {"seccompProfile": {"type": "Unconfined"}}}),
    "sysctls": ({"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}, {}),
    "volume_types": (
        {"volumes": [{"name": "v", "nfs": {"server": "127.0.0.1", "path": "/"}}]},
        {},
    ),
    "escalation": ({}, {"securityContext": {"allowPrivilegeEscalation": True}}),
    "may_be_root": ({}, {"securityContext": {"runAsNonRoot": False}}),
    "is_root": ({}, {"securityContext": {"runAsUser": 0, "runAsNonRoot": None}}),
    "seccomp": ({}, {"securityContext": {"seccompProfile": None}}),
    "capabilities": ({}, {"securityContext": {"capabilities": None}}),
}


def sample(rule: str) -> dict[str, Any]:
    """Return a pod that breaks one rule."""
    context = {
        "runAsNonRoot": True,
        "runAsUser": 65534,
        "allowPrivilegeEscalation": False,
        "seccompProfile": {"type": "RuntimeDefault"},
        "capabilities": {"drop": ["ALL"]},
    }
    spec, more = copy.deepcopy(_SAMPLES[rule])
    changed = more.get("securityContext", {})
    if rule == "host_process":
        context = {}
    merged = {key: value for key, value in {**context, **changed}.items() if value is not None}
    container = {"name": "sample", "image": "localhost/sample:1", **more, "securityContext": merged}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"sample-{rule.replace('_', '-')}"},
        "spec": {"automountServiceAccountToken": False, **spec, "containers": [container]},
    }
