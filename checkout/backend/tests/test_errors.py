from __future__ import annotations

import json
import logging
import socket
import uuid

import httpx
import pytest
from memory import MemoryStore
from server_under_test import Service, problem, request_lines

JSON = {"Content-Type": "application/json"}
NOBODYS = f"/api/checkouts/{uuid.UUID(int=4711)}"
PAYMENT = f"{NOBODYS}/payment"


def post(service: Service, content: bytes, path: str = "/api/checkouts") -> httpx.Response:
    """Send a body as it is, declared as JSON."""
    return service.client.post(path, content=content, headers=JSON)


@pytest.mark.parametrize(
    "content",
    [b"{", b"nonsense", b"\xff\xfe", b"[" * 16_000, b'{"customer": "\xff"}', b"1" * 6000],
)
def test_a_body_that_is_not_json_is_refused(pure: Service, content: bytes) -> None:
    """Also one that is made to break a parser."""
    reply = post(pure, content)
    assert reply.status_code == 400
    assert reply.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "Ada",
        {"customer": ""},
        {"customer": "   "},
        {"customer": "x" * 201},
        {"customer": 7},
        {"customer": None},
        {"customer": "a\x00b"},
        {"customer": "a\nb"},
        {"customer": "a\ud800b"},
        {"customer": "Ada", "status": "paid"},
    ],
)
def test_a_customer_that_is_none_is_refused(pure: Service, body: object) -> None:
    """Nothing is guessed, shortened or ignored."""
    found = problem(post(pure, json.dumps(body).encode()), 422, "invalid-request")
    assert all(set(error) == {"in", "field", "message"} for error in found["errors"])
    assert found["errors"][0]["in"] == "body"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sku", ""),
        ("sku", "x" * 65),
        ("name", "x" * 201),
        ("quantity", 0),
        ("quantity", 10_001),
        ("quantity", 1.5),
        ("quantity", 1.0),
        ("quantity", "2"),
        ("quantity", True),
        ("quantity", 10**30),
        ("quantity", float("nan")),
        ("unit_price_cents", -1),
        ("unit_price_cents", 100_000_001),
        ("unit_price_cents", 0.1),
        ("unit_price_cents", float("inf")),
        ("unit_price_cents", None),
    ],
)
def test_an_item_that_is_none_is_refused(pure: Service, field: str, value: object) -> None:
    """The problem names the field, and the checkout stays as it is."""
    checkout = pure.create()
    item = {"sku": "T", "name": "Tea", "quantity": 1, "unit_price_cents": 1} | {field: value}
    reply = post(pure, json.dumps(item).encode(), f"/api/checkouts/{checkout['id']}/items")
    found = problem(reply, 422, "invalid-request")
    assert [error["field"] for error in found["errors"]] == [field]
    assert field in found["detail"]
    assert pure.read(checkout) == checkout


@pytest.mark.parametrize("key", [None, "", "with space", "x" * 201])
def test_a_payment_needs_a_good_key(pure: Service, key: str | None) -> None:
    """Without one a retry would pay twice."""
    headers = {} if key is None else {"Idempotency-Key": key}
    reply = pure.client.post(PAYMENT, json={"amount_cents": 1}, headers=headers)
    errors = problem(reply, 422, "invalid-request")["errors"]
    assert [(error["in"], error["field"]) for error in errors] == [("header", "Idempotency-Key")]


@pytest.mark.parametrize("cents", [-1, 0.5, "700", None, 10**15])
def test_an_amount_that_is_none_is_refused(pure: Service, cents: object) -> None:
    """Cents are whole numbers."""
    reply = pure.client.post(
        PAYMENT, json={"amount_cents": cents}, headers={"Idempotency-Key": "k"}
    )
    assert problem(reply, 422, "invalid-request")["errors"][0]["field"] == "amount_cents"


def test_what_was_sent_is_not_sent_back(pure: Service) -> None:
    """An error may end in a log or on a screen."""
    reply = pure.client.post("/api/checkouts", json={"customer": ["a-private-thing"]})
    assert "a-private-thing" not in reply.text


@pytest.mark.parametrize("declared", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_that_is_not_declared_as_json_is_refused(pure: Service, declared: str) -> None:
    """A form of another site could send it without asking."""
    reply = pure.client.post(
        "/api/checkouts", content=b'{"customer": "A"}', headers={"Content-Type": declared}
    )
    problem(reply, 415)


def test_json_may_name_its_charset(pure: Service) -> None:
    """As many clients do."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    reply = pure.client.post("/api/checkouts", content=b'{"customer": "A"}', headers=headers)
    assert reply.status_code == 201


def test_a_large_body_is_refused_before_it_is_read(pure: Service) -> None:
    """Whether its length is declared or not."""
    declared = pure.client.post("/api/checkouts", content=b" " * 20_000, headers=JSON)
    problem(declared, 413)
    chunks = (b" " * 1000 for _ in range(20))
    problem(pure.client.post("/api/checkouts", content=chunks, headers=JSON), 413)


def test_a_body_at_the_limit_is_taken(pure: Service) -> None:
    """The limit itself is allowed."""
    body = b'{"customer": "A"}'
    assert post(pure, body + b" " * (16 * 1024 - len(body))).status_code == 201
    problem(post(pure, body + b" " * (16 * 1024 - len(body) + 1)), 413)


def test_a_body_that_does_not_arrive_is_given_up(
    pure: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A visitor who falls silent does not keep a place."""
    monkeypatch.setattr("checkout_backend.middleware._BODY_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", pure.port), timeout=5) as connection:
        connection.sendall(
            b"POST /api/checkouts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 20\r\n\r\n{"
        )
        answer = connection.recv(4096)
    assert b" 408 " in answer.splitlines()[0]
    assert b"application/problem+json" in answer


def test_an_unknown_address_is_not_found(pure: Service) -> None:
    """Also one with a slash too many."""
    for path in ("/", "/api", "/api/checkouts/", "/docs", "/openapi.json"):
        problem(pure.client.get(path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/checkouts", "GET, POST"),
        ("PUT", NOBODYS, "GET"),
        ("GET", PAYMENT, "POST"),
        ("POST", "/healthz", "GET"),
        ("BREW", "/api/checkouts", "GET, POST"),
    ],
)
def test_another_method_is_refused(pure: Service, method: str, path: str, allowed: str) -> None:
    """With all methods that the address has (RFC 9110, section 15.5.6)."""
    reply = pure.client.request(method, path)
    problem(reply, 405)
    assert reply.headers["Allow"] == allowed


def test_an_unexpected_failure_is_a_problem_too(
    pure: Service, memory: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    """The visitor gets the request's id, and the log gets the reason under the same id."""
    memory.broken = True
    try:
        with caplog.at_level(logging.INFO, "checkout_backend"):
            reply = pure.client.get("/api/checkouts", headers={"X-Request-Id": "e1"})
            lines = request_lines(caplog, "e1")
    finally:
        memory.broken = False
    assert "broke" not in json.dumps(problem(reply, 500))
    (line,) = [line for line in lines if line["request_id"] == "e1"]
    assert line["level"] == "error"
    assert line["exception"].endswith("RuntimeError: the store broke")
    assert pure.client.get("/api/checkouts").status_code == 200


def test_a_database_that_is_away_is_a_problem_that_passes(
    pure: Service, memory: MemoryStore
) -> None:
    """The client is told when to come again."""
    memory.away = True
    try:
        reply = pure.client.get("/api/checkouts")
    finally:
        memory.away = False
    found = problem(reply, 503)
    assert "the store is away" not in json.dumps(found)
    assert int(reply.headers["Retry-After"]) > 0
