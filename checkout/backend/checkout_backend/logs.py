"""Logs for machines: one JSON object a line on standard output, and never a secret in it."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from opentelemetry.trace import get_current_span

if TYPE_CHECKING:
    from collections.abc import Iterable

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that the current code works for, also in its worker thread."""

_HIDDEN = "[secret]"


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON; `extra={"fields": {...}}` adds fields to it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Hide `secrets` wherever they turn up, also as JSON, Python or a URL spell them."""
        super().__init__()
        spellings = {
            spelling
            for secret in secrets
            if secret
            for plain in (secret, repr(secret)[1:-1], quote(secret, safe=""))
            # What is looked through is a line of JSON.
            for spelling in (plain, json.dumps(plain)[1:-1])
        }
        # The longest first: a secret may be part of another one's spelling.
        self._secrets = sorted(spellings, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if current := request_id.get():
            entry["request_id"] = current
        span = get_current_span().get_span_context()
        if span.is_valid:
            entry["trace_id"] = f"{span.trace_id:032x}"
            entry["span_id"] = f"{span.span_id:016x}"
        entry |= getattr(record, "fields", {})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        line = json.dumps(entry, default=str)
        for secret in self._secrets:
            line = line.replace(secret, _HIDDEN)
        return line


def configure(level: str, secrets: Iterable[str]) -> None:
    """Send everything that is logged in this process to standard output, from `level` upwards."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(secrets))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # Every request has its own line; these would tell of each use of a connection as well.
    logging.getLogger("psycopg.pool").setLevel(max(logging.WARNING, root.level))
