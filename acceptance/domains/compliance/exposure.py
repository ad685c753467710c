"""Checks of what is exposed: ports, anonymous access, TLS versions, Secrets at rest."""

from __future__ import annotations

import ipaddress
import ssl
from typing import TYPE_CHECKING

from acceptance.domains.compliance.check_result import CheckResult, first_few, result_of
from acceptance.domains.compliance.drivers import secret_store
from acceptance.domains.compliance.drivers.access_attempts import KUBELET_PODS, KUBELET_PORT
from acceptance.domains.compliance.drivers.node_shell import Unobservable
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from acceptance.domains.compliance.check_result import CheckArguments
    from acceptance.domains.compliance.drivers.access_attempts import AccessAnswers
    from acceptance.domains.compliance.drivers.snapshot import ClusterSnapshot

_OK, _UNAUTHORIZED, _FORBIDDEN = 200, 401, 403
_READ_ONLY_PORT, _ETCD_PORT = 10255, 2379


def api_server_refuses_anonymous(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """The API server refuses requests without credentials that succeed with credentials."""
    paths = (api_path("namespaces"), api_path("secrets", snapshot.system.namespace))
    return _refused_without_credentials([snapshot.attempts.api_server(path) for path in paths])


def kubelet_refuses_anonymous(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """Every kubelet refuses a request without credentials that succeeds with credentials."""
    return _refused_without_credentials(
        [snapshot.attempts.kubelet(each, KUBELET_PODS) for each in _nodes(snapshot)]
    )


def no_read_only_port(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """No kubelet listens on its read-only port, which needs no credentials."""
    for each in _nodes(snapshot):
        if not snapshot.attempts.listens(each, KUBELET_PORT):
            raise Unobservable(f"the kubelet of {each} cannot be reached")
    open_ports = [
        each for each in _nodes(snapshot) if snapshot.attempts.listens(each, _READ_ONLY_PORT)
    ]
    faults = [f"{each}:{_READ_ONLY_PORT} is open" for each in open_ports]
    return result_of(
        faults, f"refused at {first_few(f'{each}:{_READ_ONLY_PORT}' for each in _nodes(snapshot))}"
    )


def no_outdated_tls(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """The API server and the kubelets refuse TLS before 1.2."""
    endpoints = [snapshot.attempts.server, *((each, KUBELET_PORT) for each in _nodes(snapshot))]
    faults = [
        f"{host}:{port} accepts {agreed}"
        for host, port in endpoints
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
        if (agreed := snapshot.attempts.negotiated(host, port, version))
    ]
    for host, port in endpoints:
        if snapshot.attempts.negotiated(host, port, ssl.TLSVersion.TLSv1_2) is None:
            raise Unobservable(f"{host}:{port} does not accept TLS 1.2 either")
    return result_of(
        faults, f"TLS 1.0 and 1.1 refused by {first_few(f'{h}:{p}' for h, p in endpoints)}"
    )


def etcd_refuses_anonymous(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """Etcd refuses clients without a certificate, and is not reachable from outside the node."""
    if not snapshot.node.runs("etcd"):
        return CheckResult(
            "not applicable", "the data store is a file of k3s, which listens on no port"
        )
    faults = (
        []
        if secret_store.refuses_anonymous_clients(snapshot.node)
        else ["it answers without a certificate"]
    )
    outside = [each for each in _nodes(snapshot) if snapshot.attempts.listens(each, _ETCD_PORT)]
    faults += [f"it can be reached at {each}:{_ETCD_PORT}" for each in outside]
    return result_of(faults, "refused without a certificate; its port is closed to the outside")


def loopback_only(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """A component listens on loopback addresses only, by the kernel of its node."""
    name, port = arguments.text("component"), int(arguments.text("port"))
    if not snapshot.node.runs(name):
        return CheckResult("not applicable", f"no {name} runs here")
    found = snapshot.node.listening(port)
    if not found:
        raise Unobservable(f"nothing listens on port {port}, the port of {name}")
    faults = [
        f"{each}:{port} is not a loopback address" for each in found if not _is_loopback(each)
    ]
    return result_of(faults, first_few(f"{each}:{port}" for each in found))


def secrets_encrypted_at_rest(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """Every Secret is encrypted in the data store."""
    found = secret_store.secrets_in_store(snapshot.node)
    unencrypted = [each.key for each in found if not each.encrypted]
    providers = {each.provider for each in found}
    return result_of(
        [f"{each} is not encrypted" for each in unencrypted],
        f"{len(found)} keys: {first_few(providers)}",
    )


def same_versions(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """Every kubelet has the version of the API server."""
    version = snapshot.system.version
    found = {
        node["metadata"]["name"]: node["status"]["nodeInfo"]["kubeletVersion"]
        for node in snapshot.objects("Node")
    }
    if not found:
        raise Unobservable("the cluster has no node")
    faults = [f"{name} has {each}" for name, each in found.items() if each != version]
    return result_of(faults, f"{version} everywhere")


def _refused_without_credentials(answers: list[AccessAnswers]) -> CheckResult:
    if not answers:
        raise Unobservable("there was nothing to request")
    for each in answers:
        if each.authenticated != _OK:
            raise Unobservable(f"the request fails even with credentials, {each}")
    faults = [str(each) for each in answers if each.anonymous not in {_UNAUTHORIZED, _FORBIDDEN}]
    return result_of(faults, first_few(map(str, answers)))


def _nodes(snapshot: ClusterSnapshot) -> tuple[str, ...]:
    if not snapshot.addresses:
        raise Unobservable("no node has an address")
    return snapshot.addresses


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback
