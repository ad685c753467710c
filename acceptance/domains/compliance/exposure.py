"""Checks that try: what a stranger gets at the ports of the cluster, and what lies in its store."""

from __future__ import annotations

import ipaddress
import ssl
from typing import TYPE_CHECKING

from acceptance.domains.compliance.drivers import secret_store
from acceptance.domains.compliance.drivers.access_attempts import KUBELET_PORT
from acceptance.domains.compliance.drivers.node_shell import Unseen
from acceptance.domains.compliance.finding import Finding, judged, some

if TYPE_CHECKING:
    from acceptance.domains.compliance.drivers.access_attempts import Answers
    from acceptance.domains.compliance.drivers.snapshot import Look
    from acceptance.domains.compliance.finding import Arguments

_OK, _UNAUTHORIZED, _FORBIDDEN = 200, 401, 403
_READ_ONLY_PORT, _STORE_PORT = 10255, 2379


def anonymous(look: Look, _: Arguments) -> Finding:
    """A stranger gets nothing from the API server that somebody known gets."""
    paths = ("/api/v1/namespaces", f"/api/v1/namespaces/{look.system.namespace}/secrets")
    return _turned_away([look.attempts.api_server(path) for path in paths])


def anonymous_kubelet(look: Look, _: Arguments) -> Finding:
    """A stranger gets nothing from any kubelet that somebody known gets."""
    return _turned_away([look.attempts.kubelet(each, "/pods") for each in _nodes(look)])


def no_read_only_port(look: Look, _: Arguments) -> Finding:
    """No kubelet listens on the port that asks nobody who they are."""
    for each in _nodes(look):
        if not look.attempts.listens(each, KUBELET_PORT):
            raise Unseen(f"the kubelet of {each} cannot be reached at all")
    open_ports = [each for each in _nodes(look) if look.attempts.listens(each, _READ_ONLY_PORT)]
    faults = [f"{each}:{_READ_ONLY_PORT} is open" for each in open_ports]
    return judged(
        faults, f"refused at {some(f'{each}:{_READ_ONLY_PORT}' for each in _nodes(look))}"
    )


def old_tls(look: Look, _: Arguments) -> Finding:
    """The API server and the kubelets speak no TLS before 1.2."""
    doors = [look.attempts.server, *((each, KUBELET_PORT) for each in _nodes(look))]
    faults = [
        f"{host}:{port} agrees to {agreed}"
        for host, port in doors
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
        if (agreed := look.attempts.negotiated(host, port, version))
    ]
    for host, port in doors:
        if look.attempts.negotiated(host, port, ssl.TLSVersion.TLSv1_2) is None:
            raise Unseen(f"{host}:{port} does not even speak TLS 1.2")
    return judged(faults, f"TLS 1.0 and 1.1 refused by {some(f'{h}:{p}' for h, p in doors)}")


def closed_store(look: Look, _: Arguments) -> Finding:
    """The store lets nobody in who has no certificate, and nobody at all from outside."""
    if not look.node.runs("etcd"):
        return Finding("not applicable", "the store is a file of k3s, which listens nowhere")
    faults = (
        [] if secret_store.refuses_strangers(look.node) else ["it answers without a certificate"]
    )
    outside = [each for each in _nodes(look) if look.attempts.listens(each, _STORE_PORT)]
    faults += [f"it can be reached at {each}:{_STORE_PORT}" for each in outside]
    return judged(faults, "no certificate, no answer; its port is refused from outside")


def to_itself(look: Look, arguments: Arguments) -> Finding:
    """A component listens to its own machine alone, as the kernel of its node says."""
    name, port = arguments.text("component"), int(arguments.text("port"))
    if not look.node.runs(name):
        return Finding("not applicable", f"no {name} runs here")
    found = look.node.listening(port)
    if not found:
        raise Unseen(f"nothing listens on port {port}, on which {name} should")
    faults = [f"{each}:{port} is open to others" for each in found if not _is_loopback(each)]
    return judged(faults, some(f"{each}:{port}" for each in found))


def encrypted_store(look: Look, _: Arguments) -> Finding:
    """Every Secret lies in the store as something that only the API server can read."""
    found = secret_store.secrets_in_store(look.node)
    clear = [each.key for each in found if not each.encrypted]
    providers = {each.provider for each in found}
    return judged(
        [f"{each} is not encrypted" for each in clear], f"{len(found)} keys: {some(providers)}"
    )


def patched(look: Look, _: Arguments) -> Finding:
    """All parts of the cluster have one version, that of the API server."""
    version = look.system.version
    found = {
        node["metadata"]["name"]: node["status"]["nodeInfo"]["kubeletVersion"]
        for node in look.objects("Node")
    }
    if not found:
        raise Unseen("there is no node")
    faults = [f"{name} has {each}" for name, each in found.items() if each != version]
    return judged(faults, f"{version} everywhere")


def _turned_away(answers: list[Answers]) -> Finding:
    if not answers:
        raise Unseen("there is nothing to try")
    for each in answers:
        if each.known != _OK:
            raise Unseen(f"not even known people get an answer, {each}")
    faults = [str(each) for each in answers if each.stranger not in {_UNAUTHORIZED, _FORBIDDEN}]
    return judged(faults, some(map(str, answers)))


def _nodes(look: Look) -> tuple[str, ...]:
    if not look.addresses:
        raise Unseen("no node has an address")
    return look.addresses


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback
