from __future__ import annotations

from typing import Any

from acceptance.domains.tls.drivers.listeners import Listener, listeners_of, open_listeners
from tests.fakes.system import SYSTEM

AT = "192.0.2.1"
NODE: Any = {"status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]}}


def service(name: str, namespace: str = "ingress", **fields: object) -> dict[str, Any]:
    """Return a Service that selects the pods called traefik, published nowhere."""
    spec = {"selector": {"name": "traefik"}, "ports": [{"port": 80, "nodePort": 30080}]}
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**spec, **{k: v for k, v in fields.items() if k != "at"}},
        "status": {"loadBalancer": {"ingress": [{"ip": fields["at"]}]}} if "at" in fields else {},
    }


def pod(name: str, namespace: str = "ingress", **port: object) -> dict[str, Any]:
    """Return a pod with one port."""
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": {"name": name}},
        "spec": {"containers": [{"ports": [port]}]},
        "status": {"hostIP": "10.0.0.1"},
    }


def found(services: list[Any], pods: list[Any], at: str = AT) -> set[tuple[str, int]]:
    """Return addresses and ports."""
    listeners = listeners_of(services, pods, [NODE], namespace="checkout", addresses={at})
    return {(each.address, each.port) for each in listeners}


def test_every_port_of_the_published_service_listens() -> None:
    """Those of the load balancer and of the nodes; not UDP."""
    ports = [
        {"port": 80, "nodePort": 30080},
        {"port": 8081},
        {"port": 443, "protocol": "UDP", "nodePort": 30443},
    ]
    services = [service("traefik", at=AT, ports=ports)]
    assert found(services, []) == {(AT, 80), (AT, 8081), ("10.0.0.1", 30080)}


def test_a_second_service_of_the_same_pods_listens() -> None:
    """A Service that nobody thinks of any more; one for other pods does not count."""
    second = service("legacy", at="192.0.2.9")
    other = service("other", at="192.0.2.8", selector={"name": "other"})
    elsewhere = service("same-labels", "elsewhere", at="192.0.2.7")
    services = [service("traefik", at=AT), second, other, elsewhere]
    pods = [pod("traefik", containerPort=8000)]
    assert found(services, pods) == {(AT, 80), ("192.0.2.9", 80), ("10.0.0.1", 30080)}


def test_ports_of_a_node_listen() -> None:
    """An ingress may have no Service at all."""
    pods = [
        pod("ingress", hostPort=80),
        pod("own", "checkout", hostPort=9000, hostIP="0.0.0.0"),  # noqa: S104
        pod("other", hostPort=9001),
    ]
    assert found([], pods, at="10.0.0.1") == {("10.0.0.1", 80), ("10.0.0.1", 9000)}


def test_what_the_system_opens_itself_listens() -> None:
    """A Service of the frontend that is open past the ingress; a cluster-internal one is not."""
    opened = service("frontend", "checkout", externalIPs=["192.0.2.5"])
    inside = service("backend", "checkout", ports=[{"port": 80}])
    assert found([opened, inside], []) == {("192.0.2.5", 80), ("10.0.0.1", 30080)}


def test_the_ports_of_visitors_are_always_asked() -> None:
    """By the names that the run knows them by."""
    cluster: Any = type("Cluster", (), {"items": lambda *_: []})()
    assert open_listeners(cluster, SYSTEM, ()) == (
        Listener(SYSTEM.address, 80, "visitors, HTTP"),
        Listener(SYSTEM.address, 443, "visitors, HTTPS"),
    )
