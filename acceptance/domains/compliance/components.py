"""Checks of how the components of the cluster were started, and of the files that they read."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.domains.compliance.drivers.node_shell import Unseen
from acceptance.domains.compliance.finding import Finding, fault_of, judged, some

if TYPE_CHECKING:
    from acceptance.domains.compliance.drivers.node_shell import Component, FileFacts
    from acceptance.domains.compliance.drivers.snapshot import Look
    from acceptance.domains.compliance.finding import Arguments

_STRONG = ("aescbc", "kms", "secretbox")
_SENSITIVE = ("secrets", "configmaps", "tokenreviews", "serviceaccounts/token")
_CHANGED = ("pods", "deployments")
_INTO = ("pods/exec", "pods/portforward", "pods/proxy", "services/proxy")


def flag(look: Look, arguments: Arguments) -> Finding:
    """Every running component of this name was started with these flags as they should be."""
    name, names = arguments.text("component"), str(arguments.values["flag"]).split()
    if "unless" in arguments.values and not look.node.runs(name):
        return Finding("not applicable", str(arguments.values["unless"]))
    faults, observed = [], []
    for component in look.node.named(name):
        for each in names:
            value = component.get(each)
            observed.append(f"{name} --{each}" + _shown(value, arguments))
            if wrong := fault_of(value, arguments.values):
                faults.append(f"{name} --{each} {wrong}")
    return judged(faults, some(observed))


def kubelet(look: Look, arguments: Arguments) -> Finding:
    """Every kubelet runs with this setting, as it tells itself."""
    faults, observed = [], []
    for node, configuration in look.kubelets.items():
        for path in str(arguments.values["setting"]).split():
            value = _text(configuration, path)
            observed.append(f"{node}: {path}{_shown(value, arguments)}")
            if wrong := fault_of(value, arguments.values):
                faults.append(f"the kubelet of {node}: {path} {wrong}")
    if not observed:
        raise Unseen("there is no node")
    return judged(faults, some(observed))


def no_override(look: Look, _: Arguments) -> Finding:
    """No kubelet was told another name than its machine has."""
    found = [each.get("hostname-override") for each in look.node.named("kubelet")]
    faults = [f"the kubelet was told to be {each}" for each in found if each is not None]
    return judged(faults, "kubelet without --hostname-override")


def files(look: Look, arguments: Arguments) -> Finding:
    """Nobody but their owners may do more with these files than the table allows."""
    name = str(arguments.values.get("component", ""))
    if name and "unless" in arguments.values and not look.node.runs(name):
        return Finding("not applicable", str(arguments.values["unless"]))
    found = [each for each in _files(look, arguments) if _wanted(each, arguments)]
    if not found:
        raise Unseen("no such file was found")
    most, owner = int(arguments.text("mode"), 8), arguments.values.get("owner", "root")
    faults = [str(each) for each in found if each.mode & ~most & 0o777 or each.owner != owner]
    observed = f"{len(found)} looked at: {some(map(str, found))}"
    return judged(faults, observed)


def own_credentials(look: Look, _: Arguments) -> Finding:
    """The kubeconfig with which the cluster is administered is for its owner alone."""
    path = Path(look.system.kubeconfig)
    if not path.is_file():
        raise Unseen("the kubeconfig is no file here")
    mode = path.stat().st_mode & 0o777
    return judged([f"the kubeconfig has mode {mode:o}"] if mode & 0o077 else [], f"mode {mode:o}")


def encryption_providers(look: Look, _: Arguments) -> Finding:
    """What encrypts Secrets is strong, and the first that is asked."""
    faults, observed = [], []
    for server in look.node.named("kube-apiserver"):
        path = server.get("encryption-provider-config")
        if path is None:
            faults.append("the API server encrypts nothing (--encryption-provider-config)")
            continue
        for group in yaml.safe_load(look.node.read(path))["resources"]:
            if "secrets" in group["resources"]:
                first = next(iter(group["providers"][0]))
                observed.append(f"secrets: {first}")
                faults += [] if first in _STRONG else [f"secrets are encrypted by {first}"]
    return judged(faults or ([] if observed else ["no provider is for secrets"]), some(observed))


def audit_policy(look: Look, _: Arguments) -> Finding:
    """The policy records access to what is sensitive without its content, and what changes."""
    faults, observed = [], []
    for server in look.node.named("kube-apiserver"):
        path = server.get("audit-policy-file")
        if path is None:
            faults.append("the API server has no audit policy (--audit-policy-file)")
            continue
        rules = yaml.safe_load(look.node.read(path))["rules"]
        for resource in _SENSITIVE:
            levels = {_level(rules, resource, verb) for verb in ("get", "list", "create")}
            faults += [] if levels == {"Metadata"} else [f"{resource}: {', '.join(sorted(levels))}"]
        for resource, verb in [(each, "create") for each in (*_CHANGED, *_INTO)]:
            level = _level(rules, resource, verb)
            faults += [f"{resource} {verb}: not recorded"] if level == "None" else []
        observed.append(f"{len(rules)} rules of {path}")
    return judged(faults, some(observed))


def own_authority(look: Look, _: Arguments) -> Finding:
    """The store trusts another authority than the cluster's clients have."""
    if not look.node.runs("etcd"):
        return Finding("not applicable", "the store is a file of k3s, which no client connects to")
    (etcd, *_rest), (server, *_more) = look.node.named("etcd"), look.node.named("kube-apiserver")
    paths = etcd.get("trusted-ca-file"), server.get("client-ca-file")
    if None in paths:
        return Finding("unmet", f"the store trusts {paths[0]}, the API server {paths[1]}")
    same = look.node.read(str(paths[0])).strip() == look.node.read(str(paths[1])).strip()
    return judged(["both have one authority"] if same else [], f"{paths[0]} is not {paths[1]}")


def _shown(value: str | None, arguments: Arguments) -> str:
    if value is not None:
        return f"={value}"
    default = arguments.values.get("default")
    return " is not set" + ("" if default is None else f", and so is {default}")


def _files(look: Look, arguments: Arguments) -> tuple[FileFacts, ...]:
    """Return the files that flags or settings name, and those below a folder that is one."""
    named = [each.partition(":") for each in arguments.values.get("flags", ())]
    paths: list[str] = [
        value.rpartition("/")[0] if arguments.values.get("around") else value
        for name, _, wanted in named
        for component in look.node.named(name)
        if (value := component.get(wanted))
    ]
    for path in arguments.values.get("settings", ()):
        paths += filter(None, (_text(each, path) for each in look.kubelets.values()))
    if arguments.values.get("network"):
        paths += [each for c in look.node.named("containerd") for each in _networks(look, c)]
    if arguments.values.get("proxy"):
        paths += [_proxy_credentials(look, each) for each in look.node.named("kube-proxy")]
    if not paths:
        raise Unseen("no running component names such a file")
    return look.node.files(*sorted(set(paths)))


def _proxy_credentials(look: Look, proxy: Component) -> str:
    """Return the kubeconfig of kube-proxy, which its configuration file names if no flag does."""
    if found := proxy.get("kubeconfig"):
        return found
    configuration = yaml.safe_load(look.node.read(proxy.get("config") or ""))
    return str(configuration["clientConnection"]["kubeconfig"])


def _networks(look: Look, runtime: Component) -> list[str]:
    """Return the folders in which the container runtime finds the pod network."""
    plugins = tomllib.loads(look.node.read(runtime.get("config") or ""))["plugins"]
    found = (each.get("cni", {}).get("conf_dir") for each in plugins.values())
    return [str(each) for each in found if each]


def _wanted(found: FileFacts, arguments: Arguments) -> bool:
    suffix = arguments.values.get("ending")
    if suffix is not None:
        return found.path.endswith(suffix)
    return found.folder if arguments.values.get("folders") else not found.folder


def _level(rules: list[dict[str, Any]], resource: str, verb: str) -> str:
    """Return at which level the policy records a request of anybody: the first rule decides."""
    for rule in rules:
        if rule.get("users") or rule.get("userGroups") or rule.get("namespaces"):
            continue  # only for some; what holds for the others is what counts
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
    """Return a setting by its path, as text; None if it is not there."""
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    if found is None or isinstance(found, str):
        return found
    if isinstance(found, list):
        return ",".join(map(str, found))
    return json.dumps(found)
