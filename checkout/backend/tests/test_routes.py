from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute

from checkout_backend.routes import listed, main

ENVIRONMENT = {
    "DATABASE_HOST": "127.0.0.1",
    "DATABASE_NAME": "checkout",
    "DATABASE_USER": "checkout",
    "DATABASE_PASSWORD": "only-a-test",
    "SIGNING_KEY": "signing-key-that-must-never-show",
    "LISTEN_PORT": "8000",
    "POD_NAME": "backend-0",
}


def test_every_route_of_the_service_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Also those that the OpenAPI document leaves out; no database is needed."""
    assert main(ENVIRONMENT) == 0
    printed = capsys.readouterr().out
    found = {tuple(each) for each in json.loads(printed)}
    assert {("GET", "/api/checkouts"), ("POST", "/api/checkouts"), ("GET", "/metrics")} <= found
    assert not any(secret in printed for secret in ENVIRONMENT.values() if "-" in secret)


def test_what_is_wrong_in_the_environment_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """As when the service starts."""
    assert main({}) == 1
    assert "DATABASE_HOST" in capsys.readouterr().err


def test_routes_of_every_kind_are_listed() -> None:
    """Of mounted applications, of sockets, and those that take every method."""

    async def nothing(*_: object) -> None:
        """Do nothing."""

    routes = [
        Route("/any", nothing, methods=["GET"]),
        Mount("/below", routes=[Route("/there", nothing, methods=["POST"])]),
        Mount("/whole", app=nothing),
        WebSocketRoute("/socket", nothing),
    ]
    assert list(listed(Starlette(routes=routes).routes)) == [
        ("GET", "/any"),
        ("HEAD", "/any"),
        ("POST", "/below/there"),
        ("ANY", "/whole"),
        ("ANY", "/socket"),
    ]
