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
from acceptance.domains.compliance.drivers.node_shell import Inside
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
    "The running cluster holds to the Pod Security Standard",
    expects=r"baseline-privileged No privileged containers \(kube-tools/debug: breaks it\)",
)
def a_privileged_pod(saboteur: Saboteur) -> None:
    """Open a namespace to everything, for a tool that needs it, and run the tool in it."""
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
    "The running cluster holds to the Pod Security Standard",
    expects=r"6 of 20 controls .* restricted-seccomp .*\(checkout: such a pod would be let in\)",
)
def admission_without_a_profile(saboteur: Saboteur) -> None:
    """Take the label from the system's namespace, because a pod did not come up."""
    label = "pod-security.kubernetes.io/enforce"
    saboteur.patch(
        f"namespace/{saboteur.system.namespace}", {"metadata": {"labels": {label: None}}}
    )


@control(
    "TASK-002-DOD-3",
    "The running cluster holds to the benchmark of the CIS",
    expects=r"5\.1\.3 .*ClusterRole everything: has a wildcard",
)
def a_wildcard_role(saboteur: Saboteur) -> None:
    """Write a role that allows everything, to be narrowed down later."""
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
    "The running cluster holds to the benchmark of the CIS",
    expects=r"5\.1\.5 .*checkout/default: has the rights of ClusterRole edit",
)
def rights_for_the_default_account(saboteur: Saboteur) -> None:
    """Give rights to the account that every pod has that names none."""
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
    "The running cluster holds to the hardening guide of NSA and CISA",
    expects=r"audit-protected .*audit\.log 644",
)
def a_record_for_everybody(saboteur: Saboteur) -> None:
    """Let every user of the node read the audit log, so that a tool can collect it."""
    node = _node(saboteur)
    path = node.named("kube-apiserver")[0].get("audit-log-path") or ""
    saboteur.use(_mode(node, path, "644"))


@control(
    "TASK-002-DOD-3",
    "The running cluster holds to the hardening guide of NSA and CISA",
    expects="network-tls .*:6444 agrees to TLSv1.*auth-anonymous .*--anonymous-auth is true",
)
def a_weak_api_server(saboteur: Saboteur) -> None:
    """Run the API server as it comes, for clients of old: TLS 1.0, strangers welcome."""
    changes = {
        "anonymous-auth": "true",
        "profiling": None,
        "tls-min-version": "VersionTLS10",
        "tls-cipher-suites": None,
    }
    saboteur.use(_api_server(saboteur, changes))


@control(
    "TASK-002-DOD-3",
    "Who read a Secret is recorded",
    expects="was read and the record does not say so: it has 0 lines",
)
def an_api_server_that_records_nothing(saboteur: Saboteur) -> None:
    """Run the API server without an audit policy, because the log grew."""
    saboteur.use(_api_server(saboteur, {"audit-policy-file": None, "audit-log-path": None}))


@control(
    "TASK-002-DOD-3",
    "Who read a Secret is recorded",
    expects="The record holds the value of compliance-",
)
def a_record_of_everything(saboteur: Saboteur) -> None:
    """Record whole requests and answers, to be on the safe side."""
    policy = hardening.audit_policy() | {"rules": [{"level": "RequestResponse"}]}
    # The folder of the run, which the node sees as /run/node.
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
    "Secrets are unreadable in the cluster's store",
    expects=r"1 of \d+ Secrets lie in the store in clear text: /registry/secrets/checkout/restored",
)
def a_secret_in_clear_text(saboteur: Saboteur) -> None:
    """Put a Secret into the store by hand, as a tool for recovery would that knows no keys."""
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
    "The running cluster holds to the benchmark of the CIS",
    expects=r"could not be looked at \(.*no kube-apiserver can be seen in the API: .*1\.2\.1,",
    verdict="unverified",
)
def a_node_nobody_can_enter(saboteur: Saboteur) -> None:
    """Take away the way into the node, as a provider does that runs the cluster for others."""
    saboteur.claim(inside=(), journal=())


def _node(saboteur: Saboteur) -> Inside:
    return Inside(saboteur.system.inside, saboteur.system.journal, timeout=_SECONDS)


@contextmanager
def _mode(node: Inside, path: str, mode: str) -> Iterator[None]:
    node.run("chmod", mode, path)
    try:
        yield
    finally:
        node.run("chmod", "600", path)


@contextmanager
def _stored(node: Inside, key: str, value: str) -> Iterator[None]:
    """Have a value in the store, written past the API server."""
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
    """Run another API server on the same store, and let the run ask that one.

    `changes` are flags without their dashes; None takes one away.
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
                what="the other API server to answer",
                error=EnvironmentFailure,
            )
        saboteur.claim(kubeconfig=str(kubeconfig))
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait(_SECONDS)
