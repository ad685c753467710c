"""Spans of the calls to the database, named by what is done to which table; no value is in them."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from opentelemetry.trace import SpanKind, Status, StatusCode, get_current_span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.trace import Tracer

    from checkout_backend.config import DatabaseConfig

_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE) (\w+)")


class DatabaseSpans:
    """Begins spans below the span of the request; without that, there are none."""

    def __init__(self, tracer: Tracer, config: DatabaseConfig) -> None:
        """Record with `tracer` what is done at the database of `config`."""
        self._tracer = tracer
        self._attributes: dict[str, str | int] = {
            "db.system.name": "postgresql",
            "db.namespace": config.name,
            "server.address": config.host,
            "server.port": config.port,
        }

    @contextmanager
    def statement(self, query: str) -> Iterator[None]:
        """Record one statement; its text has placeholders where the values go."""
        operation = query.partition(" ")[0]
        table = _TABLE.search(query)
        attributes = {"db.operation.name": operation, "db.query.text": query}
        if table:
            attributes["db.collection.name"] = table[1]
        with self._span(" ".join([operation, *(table.groups() if table else ())]), attributes):
            yield

    @contextmanager
    def connection(self) -> Iterator[None]:
        """Record the wait for a connection of the pool."""
        with self._span("connection", {}):
            yield

    @contextmanager
    def _span(self, name: str, attributes: dict[str, str]) -> Iterator[None]:
        if not get_current_span().is_recording():
            yield
            return
        with self._tracer.start_as_current_span(
            name,
            kind=SpanKind.CLIENT,
            attributes={**self._attributes, **attributes},
            record_exception=False,  # the server's words may hold values
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except psycopg.Error as error:
                span.set_attribute("error.type", error.sqlstate or type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise
