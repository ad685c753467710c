"""Checks of the cluster components: their flags, settings and files."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.domains.compliance.check_result import CheckResult, fault_of, first_few, result_of
from acceptance.domains.compliance.drivers.node_shell import Unobservable

if TYPE_CHECKING:
    from acceptance.domains.compliance.check_result import CheckArguments
    from acceptance.domains.compliance.drivers.node_shell import NodeComponent, NodeFileFacts
    from acceptance.domains.compliance.drivers.snapshot import ClusterSnapshot

_STRONG = ("aescbc", "kms", "secretbox")
_SENSITIVE = ("secrets", "configmaps", "tokenreviews", "serviceaccounts/token")
_CHANGED = ("pods", "deployments")
_INTO = ("pods/exec", "pods/portforward", "pods/proxy", "services/proxy")


def component_flag(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """Every running component of this name was started with the required values of these flags."""
    name, names = arguments.text("component"), str(arguments.values["flag"]).split()
    if "unless" in arguments.values and not snapshot.node.runs(name):
        return CheckResult("not applicable", str(arguments.values["unless"]))
    faults, observed = [], []
    for component in snapshot.node.named(name):
        for each in names:
            value = component.get(each)
            observed.append(f"{name} --{each}" + _shown(value, arguments))
            if wrong := fault_of(value, arguments.values):
                faults.append(f"{name} --{each} {wrong}")
    return result_of(faults, first_few(observed))


def kubelet_setting(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """Every kubelet reports the required values of these settings."""
    faults, observed = [], []
    for node, configuration in snapshot.kubelets.items():
        for path in str(arguments.values["setting"]).split():
            value = _text(configuration, path)
            observed.append(f"{node}: {path}{_shown(value, arguments)}")
            if wrong := fault_of(value, arguments.values):
                faults.append(f"the kubelet of {node}: {path} {wrong}")
    if not observed:
        raise Unobservable("the cluster has no node")
    return result_of(faults, first_few(observed))


def no_hostname_override(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """Every kubelet uses the host name of its machine."""
    found = [each.get("hostname-override") for each in snapshot.node.named("kubelet")]
    faults = [
        f"the kubelet was started with --hostname-override={each}"
        for each in found
        if each is not None
    ]
    return result_of(faults, "kubelet without --hostname-override")


def file_permissions(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """These files have the required owner and no wider mode than the catalogue allows."""
    name = str(arguments.values.get("component", ""))
    if name and "unless" in arguments.values and not snapshot.node.runs(name):
        return CheckResult("not applicable", str(arguments.values["unless"]))
    found = [each for each in _files(snapshot, arguments) if _wanted(each, arguments)]
    if not found:
        raise Unobservable("no such file was found")
    most, owner = int(arguments.text("mode"), 8), arguments.values.get("owner", "root")
    faults = [str(each) for each in found if each.mode & ~most & 0o777 or each.owner != owner]
    observed = f"{len(found)} found: {first_few(map(str, found))}"
    return result_of(faults, observed)


def kubeconfig_permissions(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """Only its owner can read the administrator's kubeconfig."""
    path = Path(snapshot.system.kubeconfig)
    if not path.is_file():
        raise Unobservable("the kubeconfig is not a file on this machine")
    mode = path.stat().st_mode & 0o777
    return result_of(
        [f"the kubeconfig has mode {mode:o}"] if mode & 0o077 else [], f"mode {mode:o}"
    )


def encryption_providers(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """A strong provider comes first in the encryption of Secrets."""
    faults, observed = [], []
    for server in snapshot.node.named("kube-apiserver"):
        path = server.get("encryption-provider-config")
        if path is None:
            faults.append("the API server has no --encryption-provider-config")
            continue
        for group in yaml.safe_load(snapshot.node.read(path))["resources"]:
            if "secrets" in group["resources"]:
                first = next(iter(group["providers"][0]))
                observed.append(f"secrets: {first}")
                faults += [] if first in _STRONG else [f"secrets are encrypted by {first}"]
    return result_of(
        faults or ([] if observed else ["no provider encrypts secrets"]), first_few(observed)
    )


def audit_policy(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """The audit policy records access to sensitive resources without bodies, and all changes."""
    faults, observed = [], []
    for server in snapshot.node.named("kube-apiserver"):
        path = server.get("audit-policy-file")
        if path is None:
            faults.append("the API server has no --audit-policy-file")
            continue
        rules = yaml.safe_load(snapshot.node.read(path))["rules"]
        for resource in _SENSITIVE:
            levels = {_level(rules, resource, verb) for verb in ("get", "list", "create")}
            faults += [] if levels == {"Metadata"} else [f"{resource}: {', '.join(sorted(levels))}"]
        for resource, verb in [(each, "create") for each in (*_CHANGED, *_INTO)]:
            level = _level(rules, resource, verb)
            faults += [f"{resource} {verb}: not recorded"] if level == "None" else []
        observed.append(f"{len(rules)} rules of {path}")
    return result_of(faults, first_few(observed))


def etcd_has_own_ca(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """Etcd trusts another certificate authority than the API server does for its clients."""
    if not snapshot.node.runs("etcd"):
        return CheckResult(
            "not applicable", "the data store is a file of k3s, to which no client connects"
        )
    (etcd, *_rest), (server, *_more) = (
        snapshot.node.named("etcd"),
        snapshot.node.named("kube-apiserver"),
    )
    paths = etcd.get("trusted-ca-file"), server.get("client-ca-file")
    if None in paths:
        return CheckResult("unmet", f"etcd trusts {paths[0]}, the API server {paths[1]}")
    same = snapshot.node.read(str(paths[0])).strip() == snapshot.node.read(str(paths[1])).strip()
    return result_of(
        ["both have the same certificate authority"] if same else [],
        f"{paths[0]} is not {paths[1]}",
    )


def _shown(value: str | None, arguments: CheckArguments) -> str:
    if value is not None:
        return f"={value}"
    default = arguments.values.get("default")
    return " is not set" + ("" if default is None else f", so {default} applies")


def _files(snapshot: ClusterSnapshot, arguments: CheckArguments) -> tuple[NodeFileFacts, ...]:
    """Return the files that flags or settings name; of a folder, everything in it."""
    named = [each.partition(":") for each in arguments.values.get("flags", ())]
    paths: list[str] = [
        value.rpartition("/")[0] if arguments.values.get("around") else value
        for name, _, wanted in named
        for component in snapshot.node.named(name)
        if (value := component.get(wanted))
    ]
    for path in arguments.values.get("settings", ()):
        paths += filter(None, (_text(each, path) for each in snapshot.kubelets.values()))
    if arguments.values.get("network"):
        paths += [
            each for c in snapshot.node.named("containerd") for each in _networks(snapshot, c)
        ]
    if arguments.values.get("proxy"):
        paths += [_proxy_credentials(snapshot, each) for each in snapshot.node.named("kube-proxy")]
    if not paths:
        raise Unobservable("no running component names such a file")
    return snapshot.node.files(*sorted(set(paths)))


def _proxy_credentials(snapshot: ClusterSnapshot, proxy: NodeComponent) -> str:
    """Return the path of kube-proxy's kubeconfig, from its flag or its configuration file."""
    if found := proxy.get("kubeconfig"):
        return found
    configuration = yaml.safe_load(snapshot.node.read(proxy.get("config") or ""))
    return str(configuration["clientConnection"]["kubeconfig"])


def _networks(snapshot: ClusterSnapshot, runtime: NodeComponent) -> list[str]:
    """Return the folders with the CNI configuration of the container runtime."""
    plugins = tomllib.loads(snapshot.node.read(runtime.get("config") or ""))["plugins"]
    found = (each.get("cni", {}).get("conf_dir") for each in plugins.values())
    return [str(each) for each in found if each]


def _wanted(found: NodeFileFacts, arguments: CheckArguments) -> bool:
    suffix = arguments.values.get("ending")
    if suffix is not None:
        return found.path.endswith(suffix)
    return found.folder if arguments.values.get("folders") else not found.folder


def _level(rules: list[dict[str, Any]], resource: str, verb: str) -> str:
    """Return the audit level of anybody's request: the first matching rule decides."""
    for rule in rules:
        if rule.get("users") or rule.get("userGroups") or rule.get("namespaces"):
            continue  # only for some users; the level of all others counts
        if rule.get("verbs") and verb not in rule["verbs"]:
            continue
        groups = rule.get("resources")
        if groups and not any(resource in (each.get("resources") or [resource]) for each in groups):
            continue
        if rule.get("nonResourceURLs"):
            continue
        return str(rule["level"])
    return "None"


def _text(found: Any, path: str) -> str | None:  # noqa: ANN401 (JSON)
    """Return a setting by its path, as text; None if it is not set."""
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    if found is None or isinstance(found, str):
        return found
    if isinstance(found, list):
        return ",".join(map(str, found))
    return json.dumps(found)
