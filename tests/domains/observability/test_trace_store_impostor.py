from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.observability import DeceivedSenders, TraceImpostorTester
from acceptance.domains.observability.drivers.impostor import ImpostorLog
from acceptance.domains.observability.trace_store_impostor import ports_for_spans
from acceptance.judgement import Unverifiable
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUSED = ("certificate unknown",)
PROBE = {"path": "/probe", "size": 0, "peer": "127.0.0.1"}
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
    TraceImpostorTester(context_of(SYSTEM)).assert_nothing_given(deceived(PROBE))


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        ((spans("10.0.0.1"),), r"got 1 requests with 100 bytes, of backend-a /v1/traces\."),
        ((spans("10.0.0.2"), PROBE), r"got 1 requests with 100 bytes, of traefik-a /v1/traces\."),
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
        TraceImpostorTester(context_of(SYSTEM)).assert_nothing_given(deceived(PROBE, refused=()))


def test_the_impostor_has_the_ports_to_which_spans_are_sent() -> None:
    """By the names that the Service and the policies use, and no other port."""
    named = {"name": "otlp", "port": 4318, "targetPort": "spans"}
    numbered = {"name": "otlp-browser", "port": 80, "targetPort": 4320}
    plain = {"name": "otlp-grpc", "port": 4317}
    other = {"name": "https", "port": 443, "targetPort": "query"}
    found = ports_for_spans(service(other, named, numbered, plain))
    assert found == {"spans": 4318, "otlp-browser": 4320, "otlp-grpc": 4317}
    with pytest.raises(Unverifiable, match="no port for spans"):
        ports_for_spans(service(other))
