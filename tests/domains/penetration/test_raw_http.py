"""Raw HTTP: every response of a connection is read, and an unreachable server is an error."""

from __future__ import annotations

from acceptance.domains.penetration.drivers.raw_http import drip, exchange, read_responses
from acceptance.domains.penetration.drivers.vulnerable_server import vulnerable_server
from acceptance.drivers.sockets import plainly


def test_every_response_of_a_connection_is_read() -> None:
    """Responses with a length, in chunks and cut off are told apart; a broken rest is left."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    measured = b"HTTP/1.1 404 No\r\nContent-Length: 2\r\nX-A: b\r\n\r\nno"
    found = read_responses(chunked + measured + b"HTTP/1.1 20")
    assert [(each.status, each.body) for each in found] == [(200, b"abc"), (404, b"no")]
    assert found[1].header("x-a") == "b"
    assert read_responses(b"") == ()
    short = read_responses(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
    assert [each.body for each in short] == [b"half"]


def test_a_server_that_is_not_there_was_not_attacked() -> None:
    """No connection is an error of its own, not a defence."""
    assert exchange(plainly("127.0.0.1", 9), b"GET", timeout=1).error
    assert drip(plainly("127.0.0.1", 9), b"", b"a", seconds=0.1, pause=0.01).error


def test_a_vulnerable_server_closes_no_slow_connection() -> None:
    """It waits without a limit."""
    with vulnerable_server() as connect:
        held = drip(connect, b"GET / HTTP/1.1\r\n", b"X: a\r\n", seconds=0.05, pause=0.01)
    assert not held.ended
    assert held.sent > 16
