"""Sends HTTP requests to the ingress under the system's name."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import httpx

from acceptance.contract import Headers, lacking

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from types import TracebackType


@dataclass(frozen=True)
class Reply:
    """The answer to one request; without one, `status` is None and `error` says why."""

    status: int | None
    headers: tuple[tuple[str, str], ...]
    """With names in lower case."""
    text: str
    seconds: float
    """From the start of the request to the last byte."""
    error: str | None = None
    request: str = ""
    """Method and path."""
    named_by: str = Headers().served_by
    """The header by which the system says which pod answered; empty if it never does."""

    def header(self, name: str) -> str:
        """Return a header's value, empty if it was not sent."""
        return dict(self.headers).get(name.lower(), "")

    @property
    def served_by(self) -> str:
        """The pod that the answer names as its sender; empty if it names none.

        Raises `LackingPart` for a system whose answers never do.
        """
        if not self.named_by:
            raise lacking("headers.served_by")
        return self.header(self.named_by)

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.header("content-type").split(";")[0].strip().lower()

    @property
    def succeeded(self) -> bool:
        """Whether the status is a 2xx."""
        return self.status is not None and httpx.codes.is_success(self.status)

    def json(self) -> Any:  # noqa: ANN401 - the shape is for the caller to judge
        """Return the decoded body; None if it is not JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    def __str__(self) -> str:
        """Return the request and its answer in one line."""
        what = self.error or f"HTTP {self.status} {' '.join(self.text.split())[:200]}"
        return f"{self.request} → {what}".strip()


class Http:
    """Sends requests to `address`:`port` under a name that need not resolve.

    The name goes into the Host header. With `trust` it goes into the TLS handshake too, and the
    certificate has to be for it and by an authority that `trust` accepts. Each request has a
    connection of its own, like requests of different visitors.
    """

    def __init__(
        self,
        address: str,
        port: int,
        host: str,
        *,
        timeout: float,
        trust: ssl.SSLContext | None = None,
        named_by: str = Headers().served_by,
    ) -> None:
        """Prepare the client; `timeout` is for each request, in seconds.

        Without `trust`, requests are sent without TLS.
        """
        self.host = host
        self._named_by = named_by
        self.last: Reply | None = None
        """The most recent answer."""
        literal = f"[{address}]" if ":" in address else address
        self._client = httpx.Client(
            base_url=f"{'http' if trust is None else 'https'}://{literal}:{port}",
            verify=True if trust is None else trust,
            timeout=timeout,
            trust_env=False,  # a proxy of this machine cannot reach the cluster
            follow_redirects=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        host: str | None = None,
    ) -> Reply:
        """Send one request, with `body` as JSON if there is one; `host` replaces the name."""
        self.last = self._ask(method, path, body, {"Host": host or self.host, **(headers or {})})
        return self.last

    def _ask(self, method: str, path: str, body: object, named: Mapping[str, str]) -> Reply:
        started = time.monotonic()
        request = f"{method} {path}"
        # Another Host header goes to the same server: the TLS handshake keeps the name.
        handshake = {"sni_hostname": self.host}
        try:
            answer = self._client.request(
                method, path, headers=named, json=body, extensions=handshake
            )
        except httpx.HTTPError as error:
            reason = f"{type(error).__name__}: {error}"
            seconds = time.monotonic() - started
            return Reply(None, (), "", seconds, reason, request, self._named_by)
        kept = tuple((name.lower(), value) for name, value in answer.headers.items())
        seconds = time.monotonic() - started
        return Reply(
            *(answer.status_code, kept, answer.text, seconds),
            request=request,
            named_by=self._named_by,
        )


@dataclass(frozen=True)
class TrafficFacts:
    """The answers to a time of steady traffic."""

    replies: tuple[Reply, ...]
    seconds: float


class SteadyTraffic:
    """Sends one request after another at a steady rate, until stopped or at most so many."""

    def __init__(self, ask: Callable[[], Reply], *, rate: float, most: int) -> None:
        """Start sending what `ask` sends, `rate` times a second, at most `most` times in all."""
        self._ask = ask
        self._pause = 1 / rate
        self.most = most
        self._replies: list[Reply] = []
        self._stopped = threading.Event()
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._send, name="traffic", daemon=True)
        self._thread.start()

    @property
    def count(self) -> int:
        """The number of answers so far."""
        return len(self._replies)

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop."""
        return self._stopped.is_set()

    def stop(self) -> TrafficFacts:
        """Wait for the current request, and return all answers; may be called again."""
        self._stopped.set()
        self._thread.join()
        return TrafficFacts(tuple(self._replies), time.monotonic() - self._started)

    def __enter__(self) -> Self:
        """Return the traffic, which has begun already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    def _send(self) -> None:
        # By the clock, not by adding pauses: a slow answer does not lower the rate.
        due = time.monotonic()
        while not self._stopped.is_set() and len(self._replies) < self.most:
            self._replies.append(self._ask())
            due = max(due + self._pause, time.monotonic() - 1)
            self._stopped.wait(max(0.0, due - time.monotonic()))
