from __future__ import annotations

import json
import logging
import threading
import time

import pytest
from memory import MemoryStore
from server_under_test import POD, Service, problem, request_lines, serving

from checkout_backend import health
from checkout_backend.logs import request_id
from checkout_backend.metrics import NoMetrics


def test_alive_and_ready(service: Service) -> None:
    """Where nothing is wrong, with each kind of storage."""
    assert service.client.get("/healthz").json() == {"status": "alive"}
    assert service.client.get("/readyz").json() == {"status": "ready"}


def test_a_lost_database_makes_unready_but_not_dead(pure: Service, memory: MemoryStore) -> None:
    """A restart would not bring it back; and readiness returns by itself."""
    memory.away = True
    try:
        problem(pure.client.get("/readyz"), 503)
        assert pure.client.get("/healthz").status_code == 200
    finally:
        memory.away = False
    assert pure.client.get("/readyz").status_code == 200


def test_a_silent_database_makes_unready_in_time(
    pure: Service, memory: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the probe's own patience of 3 s ends; and the process still says that it is alive."""
    assert health._ANSWER_SECONDS <= 2
    monkeypatch.setattr(health, "_ANSWER_SECONDS", 0.3)
    memory.silent = threading.Event()
    try:
        started = time.monotonic()
        problem(pure.client.get("/readyz"), 503)
        assert 0.3 <= time.monotonic() - started < 2
        problem(pure.client.get("/readyz"), 503)
        assert pure.client.get("/healthz").status_code == 200
    finally:
        memory.silent.set()
        memory.silent = None
    assert pure.client.get("/readyz").status_code == 200


def test_a_request_keeps_its_id(pure: Service) -> None:
    """An id that the ingress gave is used, so that one request is one id everywhere."""
    reply = pure.client.get("/api/checkouts", headers={"X-Request-Id": "ingress-1.a_B"})
    assert reply.headers["X-Request-Id"] == "ingress-1.a_B"


@pytest.mark.parametrize("given", ["", "x" * 129, 'a"b', "a b", "{{7*7}}"])
def test_a_bad_id_is_replaced(pure: Service, given: str) -> None:
    """Nobody writes what they like into logs and answers."""
    replies = [pure.client.get("/healthz", headers={"X-Request-Id": given}) for _ in range(2)]
    ids = {reply.headers["X-Request-Id"] for reply in replies}
    assert len(ids) == 2
    assert given not in ids


def test_each_request_is_one_line(pure: Service, caplog: pytest.LogCaptureFixture) -> None:
    """With what is needed to find it, and without what the visitor typed."""
    with caplog.at_level(logging.INFO, "checkout_backend"):
        pure.client.post(
            "/api/checkouts?token=private",
            json={"customer": "Private Person"},
            headers={"X-Request-Id": "r1", "Authorization": "private"},
        )
        pure.client.get("/api/checkouts/nobody", headers={"X-Request-Id": "r2"})
        lines = [
            line for line in request_lines(caplog, "r1", "r2") if line["request_id"] in {"r1", "r2"}
        ]
    assert [(line["method"], line["status"]) for line in lines] == [("POST", 201), ("GET", 404)]
    assert lines[1]["route"] == "/api/checkouts/{checkout_id}"
    assert lines[1]["path"] == "/api/checkouts/nobody"
    assert {line["pod"] for line in lines} == {POD}
    assert all(line["seconds"] >= 0 for line in lines)
    assert "rivate" not in json.dumps(lines)


def test_what_is_logged_for_a_request_has_its_id(
    memory: MemoryStore, pure: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in the thread that works for it; and the id is gone when the request is."""
    seen: list[str] = []
    monkeypatch.setattr(memory, "_meet", lambda: seen.append(request_id.get()))
    pure.client.get("/api/checkouts", headers={"X-Request-Id": "r3"})
    assert seen == ["r3"]
    assert request_id.get() == ""


def test_probes_do_not_fill_the_log(pure: Service, caplog: pytest.LogCaptureFixture) -> None:
    """They come every few seconds; whoever wants them says LOG_LEVEL=debug."""
    with caplog.at_level(logging.INFO, "checkout_backend"):
        for path in ("/healthz", "/readyz", "/metrics"):
            pure.client.get(path)
        pure.client.get("/api/checkouts", headers={"X-Request-Id": "last"})
        lines = request_lines(caplog, "last")
    assert not {line["path"] for line in lines} & {"/healthz", "/readyz", "/metrics"}


def test_requests_are_counted_by_route(pure: Service) -> None:
    """Never by an address, which visitors could invent without end."""
    pure.client.get("/api/checkouts/one-that-nobody-has")
    pure.client.get("/an-address-that-nobody-has")
    pure.client.request("BREW", "/api/checkouts")
    reply = pure.client.get("/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain")
    text = reply.text
    wanted = 'method="GET",route="/api/checkouts/{checkout_id}",status="404"'
    assert f"http_requests_total{{{wanted}}}" in text
    assert 'http_requests_total{method="GET",route="unknown",status="404"}' in text
    assert 'method="other"' in text
    assert "http_request_duration_seconds_bucket" in text
    assert "process_resident_memory_bytes" in text
    assert "nobody" not in text and "BREW" not in text


def test_without_metrics_the_service_is_the_same() -> None:
    """Only the page for Prometheus is empty."""
    with serving(MemoryStore(), metrics=NoMetrics()) as service:
        checkout = service.create()
        service.add(checkout)
        problem(service.pay(checkout, 1, "k"), 409, "wrong-amount")
        assert service.pay(checkout, 700, "k").status_code == 200
        reply = service.client.get("/metrics")
    assert reply.status_code == 200
    assert reply.text.strip() in {"", "# EOF"}


def test_the_api_describes_itself(pure: Service) -> None:
    """With every operation and its problems, and without a reference that leads nowhere."""
    document = pure.client.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.")
    operations = {
        f"{method} {path}" for path, found in document["paths"].items() for method in found
    }
    assert operations == {
        "post /api/checkouts",
        "get /api/checkouts",
        "get /api/checkouts/{checkout_id}",
        "post /api/checkouts/{checkout_id}/items",
        "post /api/checkouts/{checkout_id}/payment",
        "post /api/checkouts/{checkout_id}/cancellation",
    }
    for path in document["paths"].values():
        for operation in path.values():
            errors = [found for status, found in operation["responses"].items() if status >= "4"]
            assert len(errors) >= 2
            assert all(list(found["content"]) == ["application/problem+json"] for found in errors)
    text = json.dumps(document)
    named = {piece.split('"')[0] for piece in text.split("#/components/schemas/")[1:]}
    assert named <= set(document["components"]["schemas"])
    assert "ValidationError" not in text


def test_nothing_is_kept_by_caches(pure: Service) -> None:
    """What a checkout was a moment ago is not what it is."""
    assert pure.client.get("/api/checkouts").headers["Cache-Control"] == "no-store"


def test_draining_is_unready_but_still_serves() -> None:
    """And connections are given up, so that proxies open others elsewhere."""
    with serving(MemoryStore()) as service:
        assert "close" not in service.client.get("/healthz").headers.get("Connection", "")
        service.lifecycle.draining = True
        problem(service.client.get("/readyz"), 503)
        assert service.client.get("/healthz").status_code == 200
        reply = service.client.get("/api/checkouts")
        assert reply.status_code == 200
        assert reply.headers["Connection"] == "close"


def test_the_business_is_counted() -> None:
    """From zero; a failure by its reason, and the retry of a payment not at all."""
    memory = MemoryStore()
    with serving(memory) as service:
        text = service.client.get("/metrics").text
        for name in ("checkouts_created_total", "checkouts_paid_total"):
            assert f"{name} 0.0" in text
        for reason in ("unavailable", "not-found", "not-open", "wrong-amount", "nothing-to-pay"):
            assert f'checkouts_failed_total{{reason="{reason}"}} 0.0' in text
        checkout = service.create()
        service.add(checkout)
        problem(service.pay(checkout, 1, "k"), 409, "wrong-amount")
        for _ in range(2):
            assert service.pay(checkout, 700, "k").status_code == 200
        memory.away = True
        problem(service.client.post("/api/checkouts", json={"customer": "Ada"}), 503)
        text = service.client.get("/metrics").text
    assert "checkouts_created_total 1.0" in text
    assert "checkouts_paid_total 1.0" in text
    assert 'checkouts_failed_total{reason="wrong-amount"} 1.0' in text
    assert 'checkouts_failed_total{reason="unavailable"} 1.0' in text
