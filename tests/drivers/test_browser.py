from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Error

from acceptance.drivers import browser
from acceptance.drivers.browser import DESKTOP, visit
from acceptance.errors import EnvironmentFailure, SystemFailure


@pytest.mark.parametrize(
    ("said", "connected", "kind", "told"),
    [
        ("Page.goto: net::ERR_CONNECTION_REFUSED", True, SystemFailure, "ERR_CONNECTION_REFUSED"),
        ("Locator.click: Timeout 5000ms exceeded.", True, SystemFailure, "Timeout 5000ms"),
        ("Page.evaluate: Target crashed", True, EnvironmentFailure, "The browser crashed"),
        ("Page.goto: Target closed", False, EnvironmentFailure, "The browser crashed"),
    ],
)
def test_a_page_that_does_not_load_is_the_systems_and_a_crash_is_not(
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    connected: bool,
    kind: type[Exception],
    told: str,
) -> None:
    """Whatever the visitor misses on a page is served by the system, the browser is not."""
    ignored: Any = SimpleNamespace(
        set_default_timeout=lambda _: None,
        tracing=SimpleNamespace(start=lambda **_: None),
        new_page=lambda: SimpleNamespace(
            on=lambda *_: None,
            expose_function=lambda *_: None,
            add_init_script=lambda _: None,
        ),
    )
    started = SimpleNamespace(
        new_context=lambda **_: ignored, is_connected=lambda: connected, close=lambda: None
    )
    monkeypatch.setattr(browser, "sync_playwright", nullcontext)
    monkeypatch.setattr(browser, "launch", lambda *_: started)
    with pytest.raises(kind, match=told), visit("shop", "127.0.0.1", DESKTOP, timeout=1):
        raise Error(said)


@contextmanager
def page(program: str) -> Iterator[str]:
    """Serve a page with a program, and 404 for everything else; give its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            if self.path == "/":
                self.wfile.write(
                    f"<link rel=icon href='data:,'><main>here<script>{program}</script>".encode()
                )

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://shop:{server.server_address[1]}/"
        finally:
            server.shutdown()


@pytest.mark.parametrize(
    ("program", "seen"),
    [
        ("setTimeout(() => { throw new Error('late') }, 1800000)", "late"),
        ("setTimeout(() => setTimeout(() => nobody(), 1800000), 30000)", "nobody is not defined"),
        (
            "onerror = () => true; setTimeout(() => { throw new Error('hidden') }, 10)",
            "hidden",
        ),
        (
            "onunhandledrejection = () => false; Promise.reject(new Error('dropped'))",
            "dropped",
        ),
    ],
)
def test_late_and_hidden_failures_are_noted(program: str, seen: str) -> None:
    """What a page does much later, and what it handles so that the browser is silent."""
    with page(program) as address, visit("shop", "127.0.0.1", DESKTOP, timeout=10) as visitor:
        visitor.take_the_clock()
        visitor.open(address)
        for seconds in (60, 3540):
            visitor.let_pass(seconds)
            visitor.await_quiet()
        noted = [*visitor.facts().exceptions, *visitor.facts().console_errors]
    assert len([each for each in noted if seen in each]) == 1, noted


def test_only_expected_failures_are_left_out() -> None:
    """A view may be about an answer that is an error; the next one is noted again."""
    with (
        page("fetch('/api/one')") as address,
        visit("shop", "127.0.0.1", DESKTOP, timeout=10) as visitor,
    ):
        visitor.expect_failures("/api/")
        visitor.open(address)
        visitor.await_quiet()
        before = visitor.facts()
        visitor.expect_failures("")
        with visitor.answering("/api/one", 503, "{}"):
            visitor.open(address)
            visitor.await_quiet()
        after = visitor.facts()
    assert (before.failed_requests, before.console_errors) == ((), ())
    assert len(after.failed_requests) == 1 and "503" in after.failed_requests[0]
    assert len(after.console_errors) == 1


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files; its name is short, because Chromium makes sockets there."""
    with tempfile.TemporaryDirectory() as name:
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield Path(name)


@pytest.mark.parametrize("traced", [True, False])
def test_a_visit_leaves_nothing_on_the_machine(scratch: Path, traced: bool) -> None:
    """Whether its trace was asked for or not: Playwright keeps what it records in a folder."""
    with page("") as address, visit("shop", "127.0.0.1", DESKTOP, timeout=20) as found:
        found.open(address)
        if traced:
            assert found.trace()
    assert not list(scratch.iterdir())
