"""The Kubernetes Pod Security Standards as of 1.34: each rule, and fields of pods that break it.

Source: Kubernetes documentation, "Pod Security Standards" and "Pod Security Admission".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import yaml

from acceptance.drivers.kubernetes.pod_security_checks import (
    HANDLERS,
    adds_capabilities,
    any_container,
    calls_a_host,
    keeps_capabilities,
    lacks_seccomp,
    mounts_other_volumes,
    sets_selinux,
    sets_sysctls,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acceptance.drivers.kubernetes.facts import Object

Profile: TypeAlias = Literal["baseline", "restricted"]
POD = "pod"
CONTAINER, INIT, EPHEMERAL = "container", "init container", "ephemeral container"
_ALL, _LASTING = (CONTAINER, INIT, EPHEMERAL), (CONTAINER, INIT)


@dataclass(frozen=True)
class ForbiddenField:
    """A field of a pod or of a container, with a value that the standard forbids."""

    field: str
    """Relative to the pod, or to the container."""
    value: Any
    """None leaves the field out."""
    where: str
    """`pod`, `container`, `init container` or `ephemeral container`."""
    message: str
    """How a refusal names it."""
    profile: Profile = "baseline"
    control: str = ""

    def __str__(self) -> str:
        """Name field, value and place."""
        text = yaml.safe_dump(self.value, default_flow_style=True).removesuffix("\n...\n").strip()
        return f"{self.field}: {'(left out)' if self.value is None else text} in the {self.where}"


@dataclass(frozen=True)
class PodSecurityRule:
    """One control of a profile."""

    profile: Profile
    control: str
    """As the documentation calls it."""
    broken_by: Callable[[Object], bool]
    """Whether a pod breaks it."""
    forbidden: tuple[ForbiddenField, ...]
    """What admission refuses because of it; the first is in the pod or a lasting container."""


def _in_pod(field: str, message: str, values: Sequence[object]) -> tuple[ForbiddenField, ...]:
    return tuple(ForbiddenField(field, value, POD, message) for value in values)


def _in(
    places: tuple[str, ...], field: str, message: str, values: Sequence[object]
) -> tuple[ForbiddenField, ...]:
    return tuple(
        ForbiddenField(field, value, where, message) for value in values for where in places
    )


def _rule(
    profile: Profile,
    control: str,
    broken_by: Callable[[Object], bool],
    *forbidden: tuple[ForbiddenField, ...],
) -> PodSecurityRule:
    fields = (
        replace(each, profile=profile, control=control) for part in forbidden for each in part
    )
    return PodSecurityRule(profile, control, broken_by, tuple(fields))


def _hosts() -> tuple[dict[str, object], ...]:
    return tuple({each: {"port": 80, "host": "192.0.2.1"}} for each in HANDLERS)


def _volumes(**kinds: object) -> tuple[ForbiddenField, ...]:
    return tuple(
        ForbiddenField(
            "spec.volumes", [{"name": "own", kind: source}], POD, f'volume type "{kind}"'
        )
        for kind, source in kinds.items()
    )


def _added(*names: str) -> tuple[dict[str, list[str]], ...]:
    return tuple({"drop": ["ALL"], "add": [each]} for each in names)


_CONTEXT, _POD_CONTEXT = "securityContext", "spec.securityContext"
RULES: Mapping[str, PodSecurityRule] = {
    "host_process": _rule(
        "baseline",
        "HostProcess",
        any_container(lambda _, c: (c.get("windowsOptions") or {}).get("hostProcess")),
        _in_pod(f"{_POD_CONTEXT}.windowsOptions.hostProcess", "hostProcess", [True]),
        _in(_LASTING, f"{_CONTEXT}.windowsOptions.hostProcess", "hostProcess", [True]),
    ),
    "host_network": _rule(
        "baseline",
        "host namespaces",
        lambda pod: bool(pod["spec"].get("hostNetwork")),
        _in_pod("spec.hostNetwork", "host namespaces (hostNetwork=true)", [True]),
    ),
    "host_pid": _rule(
        "baseline",
        "host namespaces",
        lambda pod: bool(pod["spec"].get("hostPID")),
        _in_pod("spec.hostPID", "host namespaces (hostPID=true)", [True]),
    ),
    "host_ipc": _rule(
        "baseline",
        "host namespaces",
        lambda pod: bool(pod["spec"].get("hostIPC")),
        _in_pod("spec.hostIPC", "host namespaces (hostIPC=true)", [True]),
    ),
    "privileged": _rule(
        "baseline",
        "privileged containers",
        any_container(lambda _, c: c.get("privileged")),
        _in(_ALL, f"{_CONTEXT}.privileged", "privileged", [True]),
    ),
    "added_capabilities": _rule(
        "baseline",
        "capabilities",
        any_container(adds_capabilities),
        _in(
            _ALL,
            f"{_CONTEXT}.capabilities",
            "unrestricted capabilities",
            _added("ALL", "NET_RAW", "NET_ADMIN", "SYS_PTRACE", "SYS_TIME"),
        ),
    ),
    "host_path": _rule(
        "baseline",
        "HostPath volumes",
        lambda pod: any("hostPath" in each for each in pod["spec"].get("volumes") or ()),
        _volumes(hostPath={"path": "/"}),
    ),
    "host_port": _rule(
        "baseline",
        "host ports",
        any_container(lambda k, _: any(p.get("hostPort") for p in k.get("ports") or ())),
        _in(_LASTING, "ports", "hostPort", [[{"containerPort": 8080, "hostPort": 8080}]]),
    ),
    "host_probe": _rule(
        "baseline",
        "host probes and lifecycle hooks",
        any_container(calls_a_host),
        *(
            _in(_LASTING, field, "probe or lifecycle host", _hosts())
            for field in (
                *("livenessProbe", "readinessProbe", "startupProbe"),
                *("lifecycle.postStart", "lifecycle.preStop"),
            )
        ),
    ),
    "apparmor": _rule(
        "baseline",
        "AppArmor",
        any_container(lambda _, c: (c.get("appArmorProfile") or {}).get("type") == "Unconfined"),
        _in_pod(f"{_POD_CONTEXT}.appArmorProfile", "AppArmor profile", [{"type": "Unconfined"}]),
        _in(_ALL, f"{_CONTEXT}.appArmorProfile", "AppArmor profile", [{"type": "Unconfined"}]),
        _in_pod(
            "metadata.annotations",
            "AppArmor profile",
            [{"container.apparmor.security.beta.kubernetes.io/probe": "unconfined"}],
        ),
    ),
    "selinux": _rule(
        "baseline",
        "SELinux",
        any_container(sets_selinux),
        *(
            part
            for name, value in (("type", "spc_t"), ("user", "system_u"), ("role", "sysadm_r"))
            for part in (
                _in_pod(f"{_POD_CONTEXT}.seLinuxOptions.{name}", "seLinuxOptions", [value]),
                _in(_ALL, f"{_CONTEXT}.seLinuxOptions.{name}", "seLinuxOptions", [value]),
            )
        ),
    ),
    "proc_mount": _rule(
        "baseline",
        "/proc mount type",
        any_container(lambda _, c: c.get("procMount", "Default") != "Default"),
        _in(_LASTING, f"{_CONTEXT}.procMount", "procMount", ["Unmasked"]),
    ),
    "seccomp_unconfined": _rule(
        "baseline",
        "seccomp",
        any_container(lambda _, c: (c.get("seccompProfile") or {}).get("type") == "Unconfined"),
        _in_pod(f"{_POD_CONTEXT}.seccompProfile", "seccompProfile", [{"type": "Unconfined"}]),
        _in(_ALL, f"{_CONTEXT}.seccompProfile", "seccompProfile", [{"type": "Unconfined"}]),
    ),
    "sysctls": _rule(
        "baseline",
        "sysctls",
        sets_sysctls,
        _in_pod(
            f"{_POD_CONTEXT}.sysctls",
            "forbidden sysctls",
            [[{"name": name, "value": "1"}] for name in ("kernel.msgmax", "net.core.somaxconn")],
        ),
    ),
    "volume_types": _rule(
        "restricted",
        "volume types",
        mounts_other_volumes,
        _volumes(
            gcePersistentDisk={"pdName": "a"},
            awsElasticBlockStore={"volumeID": "a"},
            gitRepo={"repository": "a"},
            nfs={"server": "a", "path": "/"},
            iscsi={"targetPortal": "a", "iqn": "iqn.2026-11.example:a", "lun": 0},
            glusterfs={"endpoints": "a", "path": "a"},
            rbd={"monitors": ["a"], "image": "a"},
            flexVolume={"driver": "a/b"},
            cinder={"volumeID": "a"},
            cephfs={"monitors": ["a"]},
            flocker={"datasetName": "a"},
            fc={"targetWWNs": ["a"], "lun": 0},
            azureFile={"secretName": "a", "shareName": "a"},
            vsphereVolume={"volumePath": "a"},
            quobyte={"registry": "a:1", "volume": "a"},
            azureDisk={"diskName": "a", "diskURI": "/subscriptions/a", "kind": "Managed"},
            portworxVolume={"volumeID": "a"},
            photonPersistentDisk={"pdID": "a"},
            scaleIO={"gateway": "a", "system": "a", "secretRef": {"name": "a"}, "volumeName": "a"},
            storageos={"volumeName": "a"},
        ),
    ),
    "privilege_escalation": _rule(
        "restricted",
        "privilege escalation",
        any_container(lambda _, c: c.get("allowPrivilegeEscalation") is not False),
        _in(
            _ALL,
            f"{_CONTEXT}.allowPrivilegeEscalation",
            "allowPrivilegeEscalation != false",
            [True, None],
        ),
    ),
    "may_be_root": _rule(
        "restricted",
        "running as non-root",
        any_container(lambda _, c: c.get("runAsNonRoot") is not True),
        _in_pod(f"{_POD_CONTEXT}.runAsNonRoot", "runAsNonRoot != true", [None, False]),
        _in(_ALL, f"{_CONTEXT}.runAsNonRoot", "runAsNonRoot != true", [False]),
    ),
    "is_root": _rule(
        "restricted",
        "running as non-root user",
        any_container(lambda _, c: c.get("runAsUser") == 0),
        _in_pod(f"{_POD_CONTEXT}.runAsUser", "runAsUser=0", [0]),
        _in(_ALL, f"{_CONTEXT}.runAsUser", "runAsUser=0", [0]),
    ),
    "seccomp": _rule(
        "restricted",
        "seccomp",
        any_container(lacks_seccomp),
        _in_pod(f"{_POD_CONTEXT}.seccompProfile", "seccompProfile", [None]),
    ),
    "capabilities": _rule(
        "restricted",
        "capabilities",
        any_container(keeps_capabilities),
        _in(
            _ALL,
            f"{_CONTEXT}.capabilities",
            "unrestricted capabilities",
            [None, {"drop": ["NET_RAW"]}, *_added("CHOWN")],
        ),
    ),
}
"""By the name that security/compliance.toml uses."""
FORBIDDEN_FIELDS = tuple(field for rule in RULES.values() for field in rule.forbidden)
