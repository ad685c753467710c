from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.observability import (
    DeceivedSenders,
    TraceImpostorTester,
)
from acceptance.domains.observability.drivers.impostor import ImpostorLog
from acceptance.domains.observability.traces import trace_store_impostor
from acceptance.domains.observability.traces.trace_store_impostor import ports_for_spans
from acceptance.drivers.http import Reply
from acceptance.judgement import Unverifiable
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUSED = ("certificate unknown",)
SENDERS = {"10.0.0.1": "backend-a", "10.0.0.2": "traefik-a"}


def deceived(*requests: Mapping[str, Any], refused: tuple[str, ...] = REFUSED) -> DeceivedSenders:
    """What an impostor has seen."""
    return DeceivedSenders(ImpostorLog(refused, requests), SENDERS, "HTTP 502")


def spans(address: str, path: str = "/v1/traces") -> Mapping[str, Any]:
    """A request with spans."""
    return {"path": path, "size": 100, "peer": address}


def service(*ports: Mapping[str, object]) -> dict[str, Any]:
    """A Service with these ports."""
    return {"spec": {"ports": list(ports)}}


def test_senders_that_end_the_handshake_pass() -> None:
    """The suite's own request does not count."""
    TraceImpostorTester(context_of(SYSTEM)).assert_nothing_given(deceived())


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        ((spans("10.0.0.1"),), r"got 1 requests with 100 bytes, of backend-a /v1/traces\."),
        ((spans("10.0.0.2"),), r"got 1 requests with 100 bytes, of traefik-a /v1/traces\."),
        ((spans("10.0.0.2", "/otlp/v1/traces"),), r"of traefik-a /otlp/v1/traces\."),
        ((spans("10.0.0.9"),), r"of 10\.0\.0\.9 /v1/traces\."),
    ],
)
def test_a_sender_that_does_not_verify_is_named(
    requests: tuple[Mapping[str, Any], ...], said: str
) -> None:
    """With where it has sent to; one that nobody knows by its address."""
    tester = TraceImpostorTester(context_of(SYSTEM))
    with pytest.raises(AssertionError, match=said):
        tester.assert_nothing_given(deceived(*requests))


def test_nobody_who_tried_proves_nothing() -> None:
    """An impostor that was asked by the suite only has deceived nobody."""
    with pytest.raises(AssertionError, match="Nobody has tried"):
        TraceImpostorTester(context_of(SYSTEM)).assert_nothing_given(deceived(refused=()))


class Place:
    """An impostor whom one more sender tries at each look, and visitors who are answered."""

    host = "checkout.local"

    def __init__(self, *tries: str) -> None:
        """Be tried by these addresses, one after the other."""
        self._tries, self._looks = tries, 0
        self.visits: list[str] = []
        self.given_back: list[str] = []

    def in_place(self) -> bool:
        """Be there."""
        return True

    def log(self) -> ImpostorLog:
        """Return one more peer than before."""
        self._looks += 1
        return ImpostorLog(REFUSED, (), self._tries[: self._looks])

    def delete(self) -> None:
        """Note it."""
        self.given_back.append("deleted")

    def give_place_back(self) -> None:
        """Note it."""
        self.given_back.append("given back")

    def send(self, method: str, path: str, **_: object) -> Reply:
        """Answer a visitor."""
        self.visits.append(f"{method} {path}")
        return Reply(200, (), "", 0.0, request=path)

    def close(self) -> None:
        """End the visit."""


class Deceiving(TraceImpostorTester):
    """A tester whose impostor and visitors are a `Place`; there are a backend and an ingress."""

    def __init__(self, place: Place) -> None:
        """Wait for a moment only."""
        cluster: Any = self
        super().__init__(replace(context_of(SYSTEM), cluster=cluster))
        self._timeouts = replace(self._timeouts, recovery=2.0)
        self._impostor: Any = place

    def _pods(self, _: str) -> tuple[Any, ...]:
        address, name = next(iter(SENDERS.items()))
        ready = SimpleNamespace(address=address, name=name, serving=True)
        return (ready, SimpleNamespace(address="10.0.0.7", name="backend-b", serving=False))

    def items(self, path: str, **_: str) -> list[Any]:
        """Return the pod of the ingress."""
        assert path == "/api/v1/pods"
        status = {"podIP": "10.0.0.2", "conditions": [{"type": "Ready", "status": "True"}]}
        metadata = {"name": "traefik-a", "uid": "u"}
        return [{"metadata": metadata, "spec": {"containers": []}, "status": status}]


def test_the_impostor_waits_for_every_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    """Visitors come meanwhile, and a browser sends a span; then Jaeger gets its place back."""
    place = Place(*SENDERS)
    monkeypatch.setattr(trace_store_impostor, "reach", lambda *_, **__: place)
    found = Deceiving(place).deceive()
    assert found.senders == SENDERS
    assert set(found.impostor.peers) == set(SENDERS)
    assert "GET /api/checkouts" in place.visits
    assert place.visits[-1] == "POST /otlp/v1/traces"
    assert place.given_back == ["deleted", "given back"]


def test_a_sender_that_has_not_tried_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ingress may have had no span to send."""
    place = Place("10.0.0.1")
    monkeypatch.setattr(trace_store_impostor, "reach", lambda *_, **__: place)
    with pytest.raises(Unverifiable, match="these have tried: backend-a; traefik-a"):
        Deceiving(place).deceive()


def test_the_impostor_has_the_ports_to_which_spans_are_sent() -> None:
    """By the names that the Service and the policies use, and no other port."""
    named = {"name": "otlp", "port": 4318, "targetPort": "spans"}
    numbered = {"name": "otlp-browser", "port": 80, "targetPort": 4320}
    plain = {"name": "otlp-grpc", "port": 4317}
    other = {"name": "https", "port": 443, "targetPort": "query"}
    found = ports_for_spans(service(other, named, numbered, plain))
    assert found == {"spans": 4318, "otlp-browser": 4320, "otlp-grpc": 4317}
    with pytest.raises(AssertionError, match="no port for spans"):
        ports_for_spans(service(other))
