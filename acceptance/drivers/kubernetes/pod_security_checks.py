"""What the Pod Security Standards compare: functions that tell whether a pod breaks a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from acceptance.drivers.kubernetes.facts import Object

HANDLERS = ("httpGet", "tcpSocket")
"""The kinds of probes and lifecycle hooks that can name a host."""
_CAPABILITIES = frozenset(
    [
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
    ]
)
_SYSCTLS = frozenset(
    [
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
    ]
)
_VOLUMES = frozenset(
    [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ]
)
_SELINUX = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_SECCOMP = ("RuntimeDefault", "Localhost")


def containers(pod: Object) -> Iterator[tuple[Object, Object]]:
    """Yield each container with its security context, completed from that of the pod."""
    spec = pod["spec"]
    whole = spec.get("securityContext") or {}
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for each in spec.get(group) or ():
            yield each, {**whole, **(each.get("securityContext") or {})}


def any_container(breaks: Callable[[Object, Object], object]) -> Callable[[Object], bool]:
    """Return a rule for all containers, each given with its security context."""
    return lambda pod: any(breaks(*each) for each in containers(pod))


def _capabilities(context: Object, which: str) -> set[str]:
    return set((context.get("capabilities") or {}).get(which) or ())


def calls_a_host(container: Object, _: Object) -> bool:
    """Whether a probe or lifecycle hook names a host."""
    probes = [container.get(f"{each}Probe") for each in ("liveness", "readiness", "startup")]
    hooks = [(container.get("lifecycle") or {}).get(each) for each in ("postStart", "preStop")]
    handlers = [(each or {}).get(how) for each in (*probes, *hooks) for how in HANDLERS]
    return any((each or {}).get("host") for each in handlers)


def sets_selinux(_: Object, context: Object) -> bool:
    """Whether a container sets an SELinux user, role, or type that is not a container's."""
    options = context.get("seLinuxOptions") or {}
    return bool(
        options.get("type", "") not in _SELINUX or options.get("user") or options.get("role")
    )


def adds_capabilities(_: Object, context: Object) -> bool:
    """Whether a container adds a capability that the baseline does not allow."""
    return bool(_capabilities(context, "add") - _CAPABILITIES)


def keeps_capabilities(_: Object, context: Object) -> bool:
    """Whether a container keeps a capability, or adds one other than NET_BIND_SERVICE."""
    added = _capabilities(context, "add") - {"NET_BIND_SERVICE"}
    return bool("ALL" not in _capabilities(context, "drop") or added)


def lacks_seccomp(_: Object, context: Object) -> bool:
    """Whether a container names no seccomp profile that filters."""
    return (context.get("seccompProfile") or {}).get("type") not in _SECCOMP


def sets_sysctls(pod: Object) -> bool:
    """Whether a pod sets a sysctl that is not known to be safe."""
    sysctls = (pod["spec"].get("securityContext") or {}).get("sysctls") or ()
    return any(each["name"] not in _SYSCTLS for each in sysctls)


def mounts_other_volumes(pod: Object) -> bool:
    """Whether a pod has a volume of a kind that `restricted` does not allow."""
    volumes = pod["spec"].get("volumes") or ()
    return any(not (each.keys() - {"name"}) <= _VOLUMES for each in volumes)
