from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from acceptance.domains.network.drivers import (
    ConnectionTarget,
    OutsideListener,
    Probe,
    ServiceAddress,
    address_towards,
    connect_all,
    dns_query,
    namespaces_with_endpoints,
    probe_pod,
    service_addresses,
    tagged_payload,
)
from acceptance.domains.network.drivers.listener import PortListener, packets
from acceptance.domains.network.plan import probe_placement
from acceptance.drivers.kubernetes.paths import api_path
from tests.domains.network.samples import UNUSED, WEB

if TYPE_CHECKING:
    import pytest


def test_the_outside_receives_what_is_sent() -> None:
    """Over TCP and UDP, as probes send it; a closed port answers nothing."""
    with OutsideListener("127.0.0.1") as outside:
        sent = [
            ConnectionTarget(each.protocol, "127.0.0.1", each.number, tagged_payload(f"1-{each}-"))
            for each in outside.ports
        ]
        assert connect_all(sent, 2.0) == ["reached", "reached"]
        assert len(outside.received()) == 2
        assert all(f"/1-{port}-" in "".join(outside.received()) for port in outside.ports)
    assert all(each != "reached" for each in connect_all(sent, 0.05))
    assert address_towards("https://127.0.0.1:6443") == "127.0.0.1"


def test_a_probe_logs_what_arrives_before_it_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever was answered is in its log, with the text that was sent."""
    with OutsideListener("127.0.0.1") as free:
        port = free.ports[0].number  # the kernel's choice, which is free again here
    before, listener = packets(), PortListener("127.0.0.1", [port], [port])
    for protocol in ("tcp", "udp"):
        target = ConnectionTarget(protocol, "127.0.0.1", port, tagged_payload(f"7-{protocol}-"))
        with ThreadPoolExecutor(1) as pool:
            answers = pool.submit(connect_all, [target], 2.0)
            while not answers.done():
                listener.serve()
            assert answers.result() == ["reached"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["arrived"], line["port"]) for line in lines] == [("tcp", port), ("udp", port)]
    assert "/7-tcp-" in lines[0]["text"]
    assert packets() > before


def test_a_probe_that_was_late_handles_all_that_waits(capsys: pytest.CaptureFixture[str]) -> None:
    """On a busy node many attempts are waiting when the probe looks again."""
    with OutsideListener("127.0.0.1") as free:
        port = free.ports[1].number
    listener = PortListener("127.0.0.1", [], [port])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(("127.0.0.1", port))
        for number in range(20):
            line.send(f"GET /{number}-".encode("ascii"))
        listener.serve()
    assert len(capsys.readouterr().out.splitlines()) == 20


def test_a_probe_has_the_labels_of_the_pod_that_it_stands_for() -> None:
    """Labels, ServiceAccount and named ports are the pod's; controllers' labels are left out."""
    workload = {
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "template": {
                "metadata": {"labels": {"app": "web", "pod-template-hash": "1f"}},
                "spec": {
                    "serviceAccountName": "clerk",
                    "containers": [
                        {"ports": [{"name": "http", "containerPort": 8000}, {"containerPort": 9}]}
                    ],
                },
            }
        },
    }
    service = {
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]},
    }
    namespace = {"kind": "Namespace", "metadata": {"name": "trial"}}
    system = SimpleNamespace(named=lambda role: {"frontend": "web"}.get(role, "web"))
    objects: list[dict[str, Any]] = [namespace, workload, service]
    found = probe_placement.placements_of_staging(objects, system)  # type: ignore[arg-type]
    placement = found["staging frontend"]
    assert placement.labels == {"app": "web"}
    assert (placement.service_account, placement.exposed) == ("clerk", (WEB,))
    pod = probe_pod(Probe(placement, "probe-1"), "image", "r1", [WEB, UNUSED])
    assert pod["metadata"]["labels"]["app"] == "web"
    assert pod["spec"]["serviceAccountName"] == "clerk"
    assert pod["spec"]["readinessGates"], "it would serve visitors"
    assert pod["spec"]["containers"][0]["ports"][0]["name"] == "http"
    assert "hostNetwork" not in pod["spec"]


def test_every_address_of_a_service_is_found() -> None:
    """Each pod behind it, and its cluster IP if it has one, in the namespaces asked for."""

    def named(name: str, namespace: str) -> dict[str, Any]:
        labels = {"kubernetes.io/service-name": name}
        return {"name": name, "namespace": namespace, "labels": labels}

    ports = [{"protocol": "TCP", "port": 8000}]
    endpoints = [{"addresses": ["10.1.0.1"]}, {"addresses": ["10.1.0.2"]}]
    slices = {"addressType": "IPv4", "endpoints": endpoints, "ports": ports}
    objects = {
        api_path("endpointslices"): [
            {"metadata": named("web", "shop"), **slices},
            {"metadata": named("other", "others"), **slices},
            {"metadata": named("web", "shop"), **slices, "addressType": "IPv6"},
        ],
        api_path("services"): [
            {"metadata": named("web", "shop"), "spec": {"clusterIP": "10.2.0.1", "ports": ports}},
            {"metadata": named("data", "shop"), "spec": {"clusterIP": "None", "ports": ports}},
        ],
    }
    cluster: Any = SimpleNamespace(items=objects.__getitem__)
    assert namespaces_with_endpoints(cluster) == {"shop", "others"}
    assert service_addresses(cluster, {"shop"}) == (
        ServiceAddress("shop", "web", "10.1.0.1", WEB, of_pod=True),
        ServiceAddress("shop", "web", "10.1.0.2", WEB, of_pod=True),
        ServiceAddress("shop", "web", "10.2.0.1", WEB, of_pod=False),
    )


def test_a_dns_query_is_one_that_name_servers_understand() -> None:
    """RFC 1035: one question, for the address (A) of a name in the class IN."""
    assert dns_query("a.bc") == "12340100000100000000000001610262630000010001"
