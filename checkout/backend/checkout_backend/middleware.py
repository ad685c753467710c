"""Around every request: its id, its log line, its metrics, and limits on what it may send."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from checkout_backend.health import PROBES
from checkout_backend.logs import request_id
from checkout_backend.problems import problem
from checkout_backend.tracing import describe_answer, recorded_ids, trace_response

if TYPE_CHECKING:
    from opentelemetry.trace import Span
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from checkout_backend.lifecycle import Lifecycle
    from checkout_backend.metrics import Metrics
    from checkout_backend.tracing import Tracing

MAX_BODY_BYTES = 16 * 1024
"""Many times what the largest valid request needs."""
_BODY_SECONDS = 5.0
_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_log = logging.getLogger("checkout_backend.requests")


class Observed:
    """Gives each request an id, each answer its headers, and each pair one line in the log."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        pod_name: str,
        metrics: Metrics,
        lifecycle: Lifecycle,
        tracing: Tracing,
    ) -> None:
        """Wrap `app`; outermost, so that nothing is answered without it."""
        self._app = app
        self._pod_name = pod_name
        self._metrics = metrics
        self._lifecycle = lifecycle
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        token = request_id.set(given if _GOOD_ID.fullmatch(given) else uuid.uuid4().hex)
        with self._tracing.request(scope) as span:
            await self._serve(scope, receive, send, span)
        request_id.reset(token)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, span: Span) -> None:
        started = time.monotonic()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id.get()
                headers["X-Served-By"] = self._pod_name
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Cache-Control", "no-store")
                if response := trace_response(span):
                    headers["Traceresponse"] = response
                if self._lifecycle.draining:
                    # So that a proxy's open connections move to others before this one ends.
                    headers["Connection"] = "close"
            await send(message)

        failure: Exception | None = None
        try:
            await self._app(scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - it was answered with a problem; it is logged here
            failure = error
            if not status:
                await problem(500, "The service failed.")(scope, receive, answer)
        finally:
            self._record(scope, status, time.monotonic() - started, failure, span)

    def _record(
        self, scope: Scope, status: int, seconds: float, failure: Exception | None, span: Span
    ) -> None:
        # Only templates and known methods: a visitor must not be able to invent label values.
        route = getattr(scope.get("route"), "path", "") or "unknown"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        describe_answer(span, method, route, status)
        self._metrics.count(method, route, status, seconds, exemplar=recorded_ids(span))
        level = logging.INFO
        if failure or status >= 500:  # noqa: PLR2004
            level = logging.ERROR
        elif scope["path"] in PROBES:
            level = logging.DEBUG
        _log.log(
            level,
            "request",
            exc_info=failure,
            extra={
                "fields": {
                    "request_id": request_id.get(),
                    "method": method,
                    "path": scope["path"][:200],
                    "route": route,
                    "status": status,
                    "seconds": round(seconds, 4),
                    "pod": self._pod_name,
                }
            },
        )


class Bounded:
    """Takes a request's body in one piece, if it is JSON, small, and arrives in time."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`, which then never waits for a client."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            body = await asyncio.wait_for(_body(scope, receive), _BODY_SECONDS)
        except TimeoutError:
            body = problem(408, f"The body did not arrive within {_BODY_SECONDS:.0f} s.")
        if body is None:
            return
        if not isinstance(body, bytes):
            # The rest of the body is not read, so the connection cannot be used again.
            body.headers["Connection"] = "close"
            await body(scope, receive, send)
            return
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        await self._app(scope, replay, send)


async def _body(scope: Scope, receive: Receive) -> bytes | Response | None:
    """Return the body, the problem with it, or None if the client has gone."""
    headers = Headers(scope=scope)
    declared = headers.get("content-length", "0")
    body = b""
    more = not declared.isdecimal() or int(declared) <= MAX_BODY_BYTES
    too_large = not more
    while more and not too_large:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
        too_large = len(body) > MAX_BODY_BYTES
    if too_large:
        return problem(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media_type != "application/json":
        return problem(
            415, "Send the body as application/json.", headers={"Accept": "application/json"}
        )
    return body
