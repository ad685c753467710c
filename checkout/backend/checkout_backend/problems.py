"""Errors as RFC 9457 problem details: one JSON object that a program and a person can read."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Match

from checkout_backend import domain
from checkout_backend.cursors import BadCursor
from checkout_backend.logs import request_id
from checkout_backend.store import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.types import Scope

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
"""What a client is told to wait when the database is away."""
_TYPE = "tag:checkout.local,2026:"  # names a kind of problem; there is nothing to fetch (RFC 4151)
_STATUS_OF_REFUSAL = {
    domain.NotFound: HTTPStatus.NOT_FOUND,
    domain.KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
}
_WORDS = {
    400: "The body is not JSON.",
    404: "There is nothing at this address.",
    405: "This address does not answer to this method.",
}


def problem(
    status: int,
    detail: str,
    *,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> JSONResponse:
    """Return a problem as a response; `code` names its kind where the status says too little."""
    content: dict[str, object] = {
        "type": _TYPE + code if code else "about:blank",
        "title": code.replace("-", " ").capitalize() if code else HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": request_id.get(),
        **more,
    }
    return JSONResponse(content, status, headers, media_type=MEDIA_TYPE)


def unavailable() -> JSONResponse:
    """Return the problem that the database is away."""
    return problem(
        503,
        "The database cannot be reached at the moment.",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def install(app: FastAPI) -> None:
    """Let every error of `app` end in a problem."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(domain.Refusal, _refused)
    app.add_exception_handler(BadCursor, _bad_cursor)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(Exception, _unexpected)


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed(request.app.routes, request.scope))
    detail = _WORDS.get(error.status_code) or str(error.detail)
    return problem(error.status_code, detail, headers=headers)


def _allowed(routes: list[BaseRoute], scope: Scope) -> list[str]:
    """Return the methods of all routes at a path: the router itself knows only the first one."""
    methods: set[str] = set()
    for route in routes:
        if route.matches(scope)[0] is not Match.NONE:
            methods |= getattr(route, "methods", None) or set()
    return sorted(methods)


def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(one["loc"][0] == "path" for one in found):
        # An id that cannot be one: there is no such checkout either.
        return _refused(_, domain.NotFound("There is no such checkout."))
    if any(one["type"] == "json_invalid" for one in found):
        return problem(400, "The body is not JSON.", code="malformed-body")
    errors = [_fault(one) for one in found]
    detail = "; ".join(f"{one['field']}: {one['message']}" for one in errors)
    return problem(422, f"{detail}.", code="invalid-request", errors=errors)


def _fault(error: dict[str, Any]) -> dict[str, str]:
    """Return where and what is wrong, without repeating what was sent."""
    place, *path = error["loc"]
    return {
        "in": str(place),
        "field": ".".join(str(part) for part in path) or str(place),
        "message": str(error["msg"]).removeprefix("Value error, "),
    }


def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, domain.Refusal)
    status = _STATUS_OF_REFUSAL.get(type(error), HTTPStatus.CONFLICT)
    return problem(status, str(error), code=error.code)


def _bad_cursor(_: Request, error: Exception) -> JSONResponse:
    fault = {"in": "query", "field": "after", "message": str(error)}
    return problem(422, str(error), code="invalid-request", errors=[fault])


def _unavailable(_: Request, __: Exception) -> JSONResponse:
    return unavailable()


def _unexpected(_: Request, __: Exception) -> JSONResponse:
    return problem(500, "The service failed. The request id helps to find out why.")
