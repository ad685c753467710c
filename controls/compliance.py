"""Sabotages of what the domain compliance judges: control catalogues."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.clusters import hardening
from acceptance.domains.compliance.drivers import secret_store
from acceptance.domains.compliance.drivers.node_shell import NodeShell
from acceptance.drivers.kubernetes.client import Kubernetes
from acceptance.errors import EnvironmentFailure
from acceptance.waiting import eventually
from controls.control import control

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from controls.saboteur import Saboteur

_SECONDS = 60.0
_PORT = 6444
_PUT = """
import base64, json, ssl, sys, urllib.request
address, authority, certificate, key, action, body = sys.argv[1:]
context = ssl.create_default_context(cafile=authority)
context.load_cert_chain(certificate, key)
request = urllib.request.Request(f"{address}/v3/kv/{action}", data=body.encode(), method="POST")
print(urllib.request.urlopen(request, timeout=10, context=context).read().decode())
"""


@control(
    "TASK-002-DOD-3",
    "The running cluster meets the Pod Security Standard",
    expects=r"baseline-privileged No privileged containers \(kube-tools/debug: breaks it\)",
)
def a_privileged_pod(saboteur: Saboteur) -> None:
    """Create a namespace that admits every pod, and run a privileged tool in it."""
    labels = {"pod-security.kubernetes.io/enforce": "privileged"}
    metadata = {"name": "kube-tools", "labels": labels}
    saboteur.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    saboteur.await_object("serviceaccount/default", namespace="kube-tools")
    container = {
        "name": "debug",
        "image": saboteur.system.images[0],
        "command": ["sleep", "600"],
        "securityContext": {"privileged": True},
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "debug"},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }
    saboteur.kubectl("create", "--filename=-", stdin=json.dumps(pod), namespace="kube-tools")


@control(
    "TASK-002-DOD-3",
    "The running cluster meets the Pod Security Standard",
    expects=r"6 of 20 controls .* restricted-seccomp .*\(checkout: such a pod would be admitted\)",
)
def a_namespace_without_a_standard(saboteur: Saboteur) -> None:
    """Remove the label of the system's namespace, because a pod did not start."""
    label = "pod-security.kubernetes.io/enforce"
    saboteur.patch(
        f"namespace/{saboteur.system.namespace}", {"metadata": {"labels": {label: None}}}
    )


@control(
    "TASK-002-DOD-3",
    "The running cluster meets the CIS benchmark",
    expects=r"5\.1\.3 .*ClusterRole everything: has a wildcard",
)
def a_wildcard_role(saboteur: Saboteur) -> None:
    """Create a role that allows everything, to be restricted later."""
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    saboteur.create(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "everything"},
            "rules": rules,
        }
    )


@control(
    "TASK-002-DOD-3",
    "The running cluster meets the CIS benchmark",
    expects=r"5\.1\.5 .*checkout/default: has the permissions of ClusterRole edit",
)
def permissions_for_the_default_account(saboteur: Saboteur) -> None:
    """Give permissions to the service account of every pod that names none."""
    group = "rbac.authorization.k8s.io"
    saboteur.create(
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "convenience"},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "edit"},
            "subjects": [{"kind": "ServiceAccount", "name": "default"}],
        }
    )


@control(
    "TASK-002-DOD-3",
    "The running cluster meets the NSA/CISA hardening guide",
    expects=r"audit-protected .*audit\.log 644",
)
def a_readable_audit_log(saboteur: Saboteur) -> None:
    """Let every user of the node read the audit log, so that a tool can collect it."""
    node = _node(saboteur)
    path = node.named("kube-apiserver")[0].get("audit-log-path") or ""
    saboteur.use(_mode(node, path, "644"))


@control(
    "TASK-002-DOD-3",
    "The running cluster meets the NSA/CISA hardening guide",
    expects="network-tls .*:6444 accepts TLSv1.*auth-anonymous .*--anonymous-auth is true",
)
def an_api_server_with_default_settings(saboteur: Saboteur) -> None:
    """Run the API server with its defaults, for old clients: TLS 1.0 and anonymous access."""
    changes = {
        "anonymous-auth": "true",
        "profiling": None,
        "tls-min-version": "VersionTLS10",
        "tls-cipher-suites": None,
    }
    saboteur.use(_api_server(saboteur, changes))


@control(
    "TASK-002-DOD-3",
    "Reading a Secret is recorded in the audit log",
    expects="does not record that the Secret .* was read: it has 0 lines",
)
def an_api_server_without_audit_log(saboteur: Saboteur) -> None:
    """Run the API server without an audit policy, because the log grew too large."""
    saboteur.use(_api_server(saboteur, {"audit-policy-file": None, "audit-log-path": None}))


@control(
    "TASK-002-DOD-3",
    "Reading a Secret is recorded in the audit log",
    expects="The audit log contains the value of compliance-",
)
def an_audit_log_with_bodies(saboteur: Saboteur) -> None:
    """Record the bodies of all requests and answers, to be on the safe side."""
    policy = hardening.audit_policy() | {"rules": [{"level": "RequestResponse"}]}
    # The run's folder, which is mounted in the node as /run/node.
    folder = saboteur.temporary_folder(Path(saboteur.system.kubeconfig).parents[1])
    (folder / "policy.json").write_text(json.dumps(policy), encoding="utf-8")
    inside = f"/run/node/{folder.name}"
    changes = {
        "audit-policy-file": f"{inside}/policy.json",
        "audit-log-path": f"{inside}/audit.log",
    }
    saboteur.use(_api_server(saboteur, changes))


@control(
    "TASK-002-DOD-3",
    "Secrets are encrypted at rest",
    expects=r"1 of \d+ Secrets are not encrypted in the data store: /registry/secrets/\S+/restored",
)
def an_unencrypted_secret(saboteur: Saboteur) -> None:
    """Write a Secret into etcd, as a recovery tool without the encryption key would do."""
    name = f"{secret_store.SECRETS}{saboteur.system.namespace}/restored"
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "restored", "namespace": saboteur.system.namespace},
        "type": "Opaque",
        "data": {"value": base64.b64encode(b"in clear text").decode()},
    }
    saboteur.use(_stored(_node(saboteur), name, json.dumps(secret)))


@control(
    "TASK-002-DOD-3",
    "The running cluster meets the CIS benchmark",
    expects=r"were not assessed \(.*no kube-apiserver was found in the API: .*1\.2\.1,",
    verdict="unverified",
)
def a_node_without_access(saboteur: Saboteur) -> None:
    """Remove the access to the node, as on a cluster that a provider manages."""
    saboteur.override_facts(inside=(), journal=())


def _node(saboteur: Saboteur) -> NodeShell:
    return NodeShell(saboteur.system.inside, saboteur.system.journal, timeout=_SECONDS)


@contextmanager
def _mode(node: NodeShell, path: str, mode: str) -> Iterator[None]:
    node.run("chmod", mode, path)
    try:
        yield
    finally:
        node.run("chmod", "600", path)


@contextmanager
def _stored(node: NodeShell, key: str, value: str) -> Iterator[None]:
    """Keep a value in etcd that was written past the API server."""
    server = node.named("kube-apiserver")[0]
    access = [server.get(f"etcd-{each}") or "" for each in ("cafile", "certfile", "keyfile")]
    ask = (sys.executable, "-I", "-c", _PUT, server.get("etcd-servers") or "", *access)
    encoded = {"key": base64.b64encode(key.encode()).decode()}
    body = encoded | {"value": base64.b64encode(value.encode()).decode()}
    node.run(*ask, "put", json.dumps(body))
    try:
        yield
    finally:
        node.run(*ask, "deleterange", json.dumps(encoded))


@contextmanager
def _api_server(saboteur: Saboteur, changes: Mapping[str, str | None]) -> Iterator[None]:
    """Run a second API server on the same etcd, and let the scenario use that one.

    `changes` are flags without their dashes; None removes a flag.
    """
    node, system = _node(saboteur), saboteur.system
    script = 'for p in /proc/[0-9]*; do tr "\\0" " " < $p/cmdline; echo; done 2>/dev/null'
    lines = node.run("sh", "-c", script).splitlines()
    first = next(line.split() for line in lines if "/kube-apiserver " in line)
    wanted = {
        "secure-port": str(_PORT),
        "endpoint-reconciler-type": "none",
        **changes,
    }
    kept = [part for part in first if part.lstrip("-").partition("=")[0] not in wanted]
    argv = [*kept, *(f"--{name}={value}" for name, value in wanted.items() if value is not None)]
    text = Path(system.kubeconfig).read_text(encoding="utf-8")
    kubeconfig = saboteur.temporary_folder() / "kubeconfig"
    kubeconfig.touch(mode=0o600)
    kubeconfig.write_text(re.sub(r":6443\b", f":{_PORT}", text), encoding="utf-8")
    server = subprocess.Popen(
        [*system.inside, *argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        with closing(Kubernetes(kubeconfig, system.context, timeout=_SECONDS)) as client:
            eventually(
                client.readiness,
                lambda reply: reply.succeeded,
                timeout=_SECONDS,
                what="the second API server to answer",
                error=EnvironmentFailure,
            )
        saboteur.override_facts(kubeconfig=str(kubeconfig))
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait(_SECONDS)
