from __future__ import annotations

import pytest

from acceptance.drivers.kubernetes.network_policies.port import Port
from acceptance.drivers.kubernetes.network_policies.port_set import (
    EVERY_PORT,
    PortSet,
    port_named,
    port_range,
    ports_of,
)

WEB = ports_of([Port("tcp", 8000)])


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (EVERY_PORT, "every port"),
        (PortSet(), "no port"),
        (WEB, "TCP 8000"),
        (port_range("UDP"), "every port of UDP"),
        (port_range("TCP", 8000, 8999) - WEB, "TCP 8001-8999"),
        (ports_of([Port("udp", 53), Port("tcp", 53), Port("tcp", 443)]), "TCP 53, 443 and UDP 53"),
        (EVERY_PORT - port_range("TCP"), "every port of UDP and every port of SCTP"),
        (WEB | port_named("TCP", "http"), 'TCP 8000, the port called "http"'),
    ],
)
def test_ports_are_written_by_protocol(found: PortSet, words: str) -> None:
    """An operator reads which numbers of which protocol they are."""
    assert str(found) == words


def test_a_port_of_one_protocol_is_none_of_another() -> None:
    """The last port of TCP and the first one of UDP do not touch."""
    assert not WEB & port_range("UDP")
    assert str(port_range("TCP", 65535, 65535) | port_range("UDP", 1, 1)) == "TCP 65535 and UDP 1"


def test_a_name_may_be_any_port_of_its_protocol() -> None:
    """Nobody knows which number a pod gives it, so it only disappears without its protocol."""
    named = port_named("TCP", "http")
    assert named & port_named("TCP", "http") == named & EVERY_PORT == named & WEB == named
    assert not named & port_named("TCP", "https")
    assert not named & port_range("UDP")
    assert named - WEB == named
    assert not named - EVERY_PORT
