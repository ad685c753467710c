from __future__ import annotations

from contextlib import nullcontext
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
        new_page=lambda: SimpleNamespace(on=lambda *_: None),
    )
    started = SimpleNamespace(
        new_context=lambda **_: ignored, is_connected=lambda: connected, close=lambda: None
    )
    monkeypatch.setattr(browser, "sync_playwright", nullcontext)
    monkeypatch.setattr(browser, "launch", lambda *_: started)
    with pytest.raises(kind, match=told), visit("shop", "127.0.0.1", DESKTOP, timeout=1):
        raise Error(said)
