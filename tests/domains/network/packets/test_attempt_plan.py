from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.network import parse_matrix
from acceptance.domains.network.drivers import Probe, ProbePlacement
from acceptance.domains.network.packets.attempt_plan import KUBELET, plan_attempts, ports_to_try
from acceptance.domains.network.packets.testbed import UNUSED_PORTS
from acceptance.domains.network.plan.probe_placement import NODE
from acceptance.drivers.kubernetes.network_policies.port import Port
from acceptance.errors import BrokenInput
from tests.domains.network.samples import WEB

API = Port("tcp", 16686)
SPANS = Port("tcp", 4318)
BACKEND = ProbePlacement("backend", "checkout", {}, exposed=(WEB,))
JAEGER = ProbePlacement("Jaeger", "monitoring", {}, named_ports=(("query", API),), exposed=(SPANS,))
ON_NODE = ProbePlacement(NODE, "elsewhere", {}, node="n1")


def planned(*cells: str, own_only: bool = False) -> list[str]:
    """Return the attempts of the backend to Jaeger, node and API server."""
    matrix = parse_matrix([["from", "Jaeger", NODE, "API server"], ["backend", *cells]])
    probes = {each.name: Probe(each, each.name, "10.0.0.1") for each in (BACKEND, JAEGER, ON_NODE)}
    testbed: Any = SimpleNamespace(probes=probes, outside=None, public=None, node_ports={})
    address = {"endpoints": [{"addresses": ["10.0.0.9"]}], "ports": [{"port": 6443}]}
    spec = {"clusterIP": "10.2.0.1", "ports": [{"port": 443}]}
    services = [{"metadata": {"name": "kubernetes"}, "spec": spec}]
    cluster: Any = SimpleNamespace(
        items=lambda path, **_: [address] if "endpointslices" in path else services
    )
    ports = ports_to_try(matrix, {"backend": BACKEND, "Jaeger": JAEGER}, own_only=own_only)
    return [str(each) for each in plan_attempts(testbed, cluster, matrix, ports)]


def tried(*cells: str, own_only: bool = False) -> list[str]:
    """Return the ports that the backend tries."""
    found = planned(*cells, own_only=own_only)
    return [each.partition("(")[2].removesuffix(")") for each in found]


def test_every_port_that_a_pod_exposes_or_declares_is_tried() -> None:
    """Also the one that no Service leads to, those that a cell names, and the unused ones."""
    every = ["4318/tcp", "8000/tcp", "16686/tcp", "17777/tcp", "17777/udp"]
    assert tried("4318", "-", "-") == every
    assert tried("9/udp", "-", "-") == [*every[:-1], "9/udp", every[-1]]
    assert tried("4318", "-", "-", own_only=True) == [each for each in every if each != "8000/tcp"]


def test_a_pod_without_ports_is_tried_on_all() -> None:
    """Anything could listen there, so that a policy by port alone is seen."""
    matrix = parse_matrix([["from", "Jaeger", "elsewhere"], ["backend", "no", "443"]])
    ports = ports_to_try(matrix, {"backend": BACKEND, "Jaeger": JAEGER}, own_only=True)
    assert {WEB, API, SPANS, Port("tcp", 443)} < {*ports["elsewhere"]}
    assert {*ports["Jaeger"]} == {API, SPANS, *UNUSED_PORTS}


def test_a_node_is_tried_at_its_kubelet() -> None:
    """A probe cannot listen on the ports that the node's own programs have."""
    found = planned("-", str(KUBELET.number), "-")
    assert found[-1] == f"backend → node ({KUBELET})"
    assert len(found) == len(UNUSED_PORTS) + 1


def test_a_cell_that_no_attempt_could_show_is_refused() -> None:
    """It would plan a connection, and be proved by nothing."""
    with pytest.raises(BrokenInput, match='"9100" from backend to node, where 9100/tcp is not'):
        planned("-", "9100", "-")
    with pytest.raises(BrokenInput, match="from backend to node, which has no such port"):
        planned("-", "yes", "-")
    assert len(planned("yes", "no", "yes")) == 5 + 3 + 2
