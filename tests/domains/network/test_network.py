from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from acceptance.domains.network import connections, probe_placement
from acceptance.domains.network.connections import Outcome, Request
from acceptance.domains.network.drivers import (
    Door,
    Outside,
    Post,
    Probe,
    Target,
    address_towards,
    greeting,
    lookup,
    probe_pod,
    try_all,
)
from acceptance.domains.network.drivers.listener import Doors, packets
from acceptance.domains.network.engineer import Ground, NetworkEngineer, Survey
from acceptance.domains.network.matrix import Matrix, parse_matrix, read_matrix
from acceptance.domains.network.policy_enforcement import prove_engine
from acceptance.domains.network.testbed import Stage
from acceptance.errors import BrokenInput
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.system import System

FEATURE = (
    Path(__file__).parents[3] / "features/task_002_security_hardening/acceptance_criteria.feature"
)
PLAN = parse_matrix([["from", "shop", "node"], ["buyer", "yes", "no"], ["node", "all", "-"]])
WEB, OTHER = Door("tcp", 8000), Door("udp", 17777)


def outcome(source: str, destination: str, door: Door = WEB, **seen: Any) -> Outcome:  # noqa: ANN401
    """What became of one request; `own` is whether the door is the destination's own."""
    own = bool(seen.pop("own", door == WEB))
    request = Request(source, destination, "10.0.0.1", door, own=own, watcher="probe")
    return Outcome(request, seen.get("said", "reached"), seen.get("arrived", True))


def test_the_table_of_the_feature_has_every_pod_of_both_environments() -> None:
    """Whoever needs the plan reads it where it is proved: every cell has a word."""
    plan = read_matrix(FEATURE)
    assert {*probe_placement.everywhere()} <= {*plan.sources}
    assert {*probe_placement.everywhere()} < {*plan.destinations}
    assert len(plan.cells) == len(plan.sources) * len(plan.destinations) > 150
    assert [key for key, word in plan.cells.items() if word == "yes" and key[0] == "backend"] == [
        ("backend", "database"),
        ("backend", "DNS"),
    ]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([["from"]], "has to begin with"),
        ([["from", "a"], ["b", "perhaps"]], 'says "perhaps" from b to a'),
        ([["from", "a", "c"], ["b", "no"]], "The row b .* is not complete"),
        ([["from", "a"], ["b", "no"], ["b", "yes"]], "names b twice"),
    ],
)
def test_a_table_that_leaves_something_open_is_refused(rows: list[list[str]], reason: str) -> None:
    """A cell that nobody filled in would be a connection that nobody judges."""
    with pytest.raises(BrokenInput, match=reason):
        parse_matrix(rows)


def test_a_cell_says_which_doors_are_open() -> None:
    """Own doors only, all doors, none, or the very doors where there is no word for it."""
    shop = [
        outcome("buyer", "shop"),
        outcome("buyer", "shop", OTHER, said="timeout", arrived=False),
    ]
    assert connections.word_of(shop) == "yes"
    assert connections.word_of([shop[0], outcome("buyer", "shop", OTHER)]) == "all"
    assert connections.word_of([shop[1]]) == "no"
    only_arrived = outcome("buyer", "shop", OTHER, said="timeout")
    assert connections.word_of([only_arrived, replace(shop[0], said="x", arrived=False)]) == (
        "17777/udp"
    )
    assert [connections.allowed(PLAN, each.request) for each in shop] == [True, False]
    assert connections.allowed(PLAN, outcome("node", "node").request) is None


def survey(planned: list[Outcome], others: list[Outcome], packets: dict[str, int]) -> Survey:
    """A survey of `PLAN`."""
    ground = Ground(SimpleNamespace(), PLAN, (), ())  # type: ignore[arg-type]
    return Survey(ground, tuple(planned), tuple(others), packets)


REFUSED = outcome("buyer", "node", said="timeout", arrived=False)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (survey([], [outcome("buyer", "node")], {"p": 0}), "nobody planned this: buyer → node"),
        (
            survey([], [replace(REFUSED, arrived=True)], {"p": 0}),
            "8000/tcp.: timeout, it arrived",
        ),
        (survey([], [REFUSED], {"p": 3}), "3 packets reached p, whoever sent them"),
        (survey([], [], {"p": 0}), "forbids no connection"),
        (survey([], [REFUSED], {}), "No probe counted"),
    ],
)
def test_denied_means_that_no_packet_arrived(made: Survey, reason: str) -> None:
    """An answer, an arrival without one, and a packet that no program saw are all refused."""
    judge = NetworkEngineer.judge_others
    with pytest.raises(AssertionError, match=reason):
        judge(SimpleNamespace(), made)  # type: ignore[arg-type]
    judge(SimpleNamespace(), survey([], [REFUSED], {"p": 0}))  # type: ignore[arg-type]
    unknown = replace(made.ground, unknown=("no DNS",))
    with pytest.raises(Unverifiable, match="no DNS"):
        judge(SimpleNamespace(), replace(survey([], [REFUSED], {"p": 0}), ground=unknown))  # type: ignore[arg-type]


class Recorded:
    """A cluster that takes everything, and probes that say what was recorded."""

    def __init__(self, said: list[str]) -> None:
        """Answer one knock after the other, the last one for ever."""
        self.said = said
        self.created: list[str] = []

    def create(self, path: str, body: object) -> object:
        """Take an object."""
        self.created.append(path)
        return body

    def delete(self, path: str) -> bool:
        """Forget an object."""
        return path in self.created

    def send(self, orders: dict[str, list[Target]], timeout: float) -> dict[str, tuple[str, ...]]:
        """Answer."""
        assert timeout > 0
        said = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        return {name: (said,) * len(targets) for name, targets in orders.items()}


@pytest.fixture
def stage_with() -> Callable[[list[str]], tuple[Stage, System]]:
    """Make a stage whose probes meet what was recorded."""

    def make(said: list[str]) -> tuple[Stage, System]:
        recorded = Recorded(said)
        facts = SimpleNamespace(run="r1", driver="embedded", version="v1.34.4")
        system = cast("System", facts)
        stage = Stage(system, recorded, Timeouts())  # type: ignore[arg-type]
        stage.fleet = recorded  # type: ignore[assignment]
        for name in (probe_placement.ELSEWHERE, probe_placement.WALLED):
            stage.probes[name] = Probe(Post(name, stage.namespace, {}), name, "10.0.0.1")
        return stage, system

    return make


def test_a_cluster_without_a_policy_engine_is_found_out(
    stage_with: Callable[[list[str]], tuple[Stage, System]],
) -> None:
    """A policy that changes nothing is no defence, and nor is a pod that was never reached."""
    assert prove_engine(*stage_with(["reached", "reached", "timeout"]), timeout=1.0) == 3
    with pytest.raises(Unverifiable, match=r"but not enforced here .embedded, v1\.34\.4"):
        prove_engine(*stage_with(["reached"]), timeout=0.01)
    with pytest.raises(Unverifiable, match="do not reach each other"):
        prove_engine(*stage_with(["timeout"]), timeout=0.01)


def test_the_outside_hears_who_comes() -> None:
    """Over TCP and UDP, as the probes greet; nobody answers at a door that is closed."""
    with Outside("127.0.0.1") as outside:
        said = [Target(d.protocol, "127.0.0.1", d.port, greeting(f"1-{d}-")) for d in outside.doors]
        assert try_all(said, 2.0) == ["reached", "reached"]
        assert len(outside.heard()) == 2
        assert all(f"/1-{door}-" in "".join(outside.heard()) for door in outside.doors)
    assert all(each != "reached" for each in try_all(said, 0.05))
    assert address_towards("https://127.0.0.1:6443") == "127.0.0.1"


def test_a_probe_says_what_arrives_before_it_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """What is answered is in its log, with the words of whoever came."""
    with Outside("127.0.0.1") as free:
        port = free.doors[0].port  # the kernel's choice, given back here
    before, doors = packets(), Doors("127.0.0.1", [port], [port])
    for protocol in ("tcp", "udp"):
        target = Target(protocol, "127.0.0.1", port, greeting(f"7-{protocol}-"))
        with ThreadPoolExecutor(1) as pool:
            met = pool.submit(try_all, [target], 2.0)
            while not met.done():
                doors.serve()
            assert met.result() == ["reached"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["seen"], line["port"]) for line in lines] == [("tcp", port), ("udp", port)]
    assert "/7-tcp-" in lines[0]["said"]
    assert packets() > before


def test_a_probe_is_dressed_as_the_pod_that_it_stands_for() -> None:
    """Labels, ServiceAccount and named ports are the pod's; what controllers wrote is not."""
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
    post = probe_placement.posts_of_staging(objects, system)["staging frontend"]  # type: ignore[arg-type]
    assert (post.labels, post.service_account, post.own) == ({"app": "web"}, "clerk", (WEB,))
    pod = probe_pod(Probe(post, "probe-1"), "image", "r1", [WEB, OTHER])
    assert pod["metadata"]["labels"]["app"] == "web"
    assert pod["spec"]["serviceAccountName"] == "clerk"
    assert pod["spec"]["readinessGates"], "it would serve visitors"
    assert pod["spec"]["containers"][0]["ports"][0]["name"] == "http"
    assert "hostNetwork" not in pod["spec"]


def test_a_lookup_is_a_question_that_name_servers_understand() -> None:
    """RFC 1035: one question, for the address (A) of a name in the class IN."""
    assert lookup("a.bc") == "12340100000100000000000001610262630000010001"
    assert isinstance(PLAN, Matrix)
