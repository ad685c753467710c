"""Drives Chromium through Playwright, and records every error of the page."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import Error, sync_playwright

from acceptance.errors import EnvironmentFailure, SystemFailure
from acceptance.process import run
from acceptance.waiting import SYSTEM_CLOCK

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

    from playwright.sync_api import (
        Browser,
        BrowserContext,
        ConsoleMessage,
        Page,
        Playwright,
        Request,
        Response,
        Route,
    )

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_FIRST_ERROR = 400
_NOT_LOADED = "Failed to load resource"
"""How Chromium's console begins to tell of an answer that is an error."""
_UNNOTICED = """
for (const kind of ["error", "unhandledrejection", "securitypolicyviolation"])
  window.addEventListener(kind, event => noteUnnoticed(kind + ": " + (
    event.message || event.reason || event.blockedURI
      || (event.target && (event.target.src || event.target.href)))), true);
"""
"""Notes what a page hides from the browser by handling it; it is the first to listen."""
_CRASH = "Target crashed"
_MOST_TIMERS = 20
"""Of those that fail at the same time."""
_CONTEXT_PARTS = 4
_QUIET_SECONDS, _QUIET_LIMIT_SECONDS, _QUIET_LOOK_MS = 0.5, 10.0, 50.0
_SWITCHES = (
    # Requests that a browser makes by itself would disturb a test.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    # Containers and small machines have a small /dev/shm.
    "--disable-dev-shm-usage",
)


@dataclass(frozen=True)
class Device:
    """A screen: its name, and the size of the page in CSS pixels."""

    name: str
    width: int
    height: int
    touch: bool


DESKTOP = Device("desktop", 1280, 800, touch=False)
PHONE = Device("phone", 390, 844, touch=True)


@dataclass(frozen=True)
class SentContext:
    """A request of the page that names its trace, by the header traceparent (W3C)."""

    request: str
    """Method and path."""
    trace: str
    span: str
    """The id of the page's own span for the request."""
    recorded: bool
    """Whether the page wants the trace recorded."""


@dataclass(frozen=True)
class BrowserFacts:
    """What the browser recorded during a visit."""

    address: str
    console_errors: tuple[str, ...]
    failed_requests: tuple[str, ...]
    """Requests without an answer, and answers with a 4xx or 5xx."""
    exceptions: tuple[str, ...]
    responses: int
    page_width: int
    """The width of the content in CSS pixels; one above the device's width scrolls sideways."""
    contexts: tuple[SentContext, ...] = ()
    """The requests that name their trace, in their order."""


class Visit:
    """One browser window, whose elements are found by their visible names."""

    def __init__(self, page: Page, context: BrowserContext) -> None:
        """Listen to the page from its first request on."""
        self._page = page
        self._context = context
        self._console: list[str] = []
        self._failed: list[str] = []
        self._exceptions: list[str] = []
        self._responses = 0
        self._contexts: list[SentContext] = []
        self._under_way: set[Request] = set()
        self._expected = ""
        self._busy = SYSTEM_CLOCK.now()
        page.on("request", self._note_begin)
        page.on("requestfinished", self._note_end)
        page.on("requestfailed", self._note_end)
        page.on("request", self._note_context)
        page.on("console", self._note_console)
        page.on("requestfailed", self._note_failure)
        page.on("response", self._note_response)
        page.on("pageerror", lambda error: self._exceptions.append(str(error)))
        page.expose_function("noteUnnoticed", self._note_unnoticed)
        page.add_init_script(_UNNOTICED)

    def open(self, address: str) -> None:
        """Load a page."""
        self._page.goto(address, wait_until="load")

    def reload(self) -> None:
        """Load the page again, as with F5."""
        self._page.reload(wait_until="load")

    def press(self, button: str) -> None:
        """Press the button with this name."""
        self._page.get_by_role("button", name=button, exact=True).click()

    def follow(self, link: str) -> None:
        """Follow the link with this name."""
        self._page.get_by_role("link", name=link, exact=True).click()

    def fill(self, label: str, text: str) -> None:
        """Write into the field with this label."""
        self._page.get_by_label(label, exact=True).fill(text)

    def await_text(self, text: str | re.Pattern[str], *, exact: bool = False) -> None:
        """Wait until the text is visible."""
        self._page.get_by_text(text, exact=exact).first.wait_for(state="visible")

    def await_heading(self, name: str) -> None:
        """Wait until the heading is visible."""
        self._page.get_by_role("heading", name=name, exact=True).wait_for(state="visible")

    def await_quiet(self) -> None:
        """Wait until the page has had no request under way for half a second.

        A page that is left before that may take its last requests with it. After ten seconds the
        wait ends, as some pages are never quiet.
        """
        deadline = SYSTEM_CLOCK.now() + _QUIET_LIMIT_SECONDS
        while SYSTEM_CLOCK.now() < deadline:
            if not self._under_way and SYSTEM_CLOCK.now() - self._busy >= _QUIET_SECONDS:
                return
            self._page.wait_for_timeout(_QUIET_LOOK_MS)

    def take_the_clock(self) -> None:
        """Let the page's clock be moved by `let_pass`, from the next page on that is opened."""
        self._page.clock.install()

    def let_pass(self, seconds: float) -> None:
        """Move the page's clock, so that everything happens for which the page waits so long."""
        for step in (int(seconds * 1000), *([0] * _MOST_TIMERS)):
            try:
                self._page.clock.fast_forward(step)
            except Error as error:  # raised by a timer of the page, as if it was the caller's
                if self._page.is_closed() or _CRASH in str(error):
                    raise
                self._exceptions.append(str(error).partition(": ")[2].splitlines()[0])
            else:
                return

    def expect_failures(self, path: str) -> None:
        """Note no more failures of requests whose address has `path` in it; "" ends that."""
        self._expected = path

    @contextmanager
    def answering(self, path: str, status: int, body: str) -> Iterator[None]:
        """Answer requests of the page for `path` with a status and JSON, in place of the system."""
        with self._intercepting(
            path,
            lambda route: route.fulfill(
                status=status, body=body, headers={"Content-Type": "application/json"}
            ),
        ):
            yield

    @contextmanager
    def delaying(self, path: str, seconds: float) -> Iterator[None]:
        """Let requests of the page for `path` take so long."""

        def pass_on(route: Route) -> None:
            self._page.wait_for_timeout(seconds * 1000)
            route.continue_()

        with self._intercepting(path, pass_on):
            yield

    @contextmanager
    def _intercepting(self, path: str, handler: Callable[[Route], None]) -> Iterator[None]:
        pattern = f"**{path}*"
        self._page.route(pattern, handler)
        try:
            yield
        finally:
            self._page.unroute(pattern)

    def text(self) -> str:
        """Return the text of the page's main part."""
        return self._page.get_by_role("main").inner_text()

    def globals_like(self, prefix: str) -> tuple[str, ...]:
        """Return the names of the page's global variables that begin with `prefix`."""
        found = self._page.evaluate("p => Object.keys(window).filter(n => n.startsWith(p))", prefix)
        return tuple(map(str, found))

    def screenshot(self) -> bytes:
        """Return a picture of the whole page, as PNG."""
        return self._page.screenshot(full_page=True)

    def facts(self) -> BrowserFacts:
        """Return what was recorded so far."""
        return BrowserFacts(
            address=self._page.url,
            console_errors=tuple(self._console),
            failed_requests=tuple(self._failed),
            exceptions=tuple(self._exceptions),
            responses=self._responses,
            page_width=int(self._page.evaluate("document.documentElement.scrollWidth")),
            contexts=tuple(self._contexts),
        )

    def trace(self) -> bytes:
        """Stop tracing and return the Playwright trace, a zip file; once per visit."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "trace.zip"
            self._context.tracing.stop(path=path)
            return path.read_bytes()

    def _note_console(self, message: ConsoleMessage) -> None:
        expected = message.text.startswith(_NOT_LOADED) and self._is_expected(
            str(message.location.get("url", ""))
        )
        if message.type == "error" and not expected:
            self._console.append(message.text)

    def _is_expected(self, address: str) -> bool:
        return bool(self._expected) and self._expected in address

    def _note_unnoticed(self, what: str) -> None:
        # What the browser has noted itself is not noted twice.
        text = what.partition(": ")[2]
        known = (*self._console, *self._exceptions, *self._failed)
        if not any(text in each or each in text for each in known) and not self._is_expected(text):
            self._exceptions.append(what)

    def _note_begin(self, request: Request) -> None:
        self._under_way.add(request)
        self._busy = SYSTEM_CLOCK.now()

    def _note_end(self, request: Request) -> None:
        self._under_way.discard(request)
        # What came may make the page ask again, or tell what it did.
        self._busy = SYSTEM_CLOCK.now()

    def _note_context(self, request: Request) -> None:
        parts = request.headers.get("traceparent", "").split("-")
        if len(parts) == _CONTEXT_PARTS:
            what = f"{request.method} {urlsplit(request.url).path}"
            self._contexts.append(SentContext(what, parts[1], parts[2], parts[3] == "01"))

    def _note_failure(self, request: Request) -> None:
        if not self._is_expected(request.url):
            self._failed.append(f"{request.method} {request.url}: {request.failure}")

    def _note_response(self, response: Response) -> None:
        self._responses += 1
        if response.status >= _FIRST_ERROR and not self._is_expected(response.url):
            self._failed.append(f"{response.request.method} {response.url}: {response.status}")


BrowserError = Error
"""What Playwright raises when an element does not appear, with a call log."""


@contextmanager
def visit(
    host: str, address: str, device: Device, *, trust: str = "", timeout: float
) -> Iterator[Visit]:
    """Open a browser window in which `host` resolves to `address`; it is closed at the end.

    The browser trusts the authority `trust`, a certificate as PEM, beside its own.
    `timeout` is for each page and each element waited for, in seconds.
    Raises `EnvironmentFailure` if there is no browser, it crashes, or the authority cannot be
    imported; `SystemFailure` if a page or an element does not appear and the body does not catch
    that as a `BrowserError`.
    """
    with ExitStack() as leaving:
        home = leaving.enter_context(trusting_home(trust, timeout=timeout)) if trust else None
        # Playwright leaves the folder in which it records, unless it is told which one.
        traces = Path(leaving.enter_context(TemporaryDirectory(prefix="traces-")))
        playwright = leaving.enter_context(sync_playwright())
        browser = launch(playwright, f"MAP {host} {address}", home, traces)
        try:
            context = browser.new_context(
                viewport={"width": device.width, "height": device.height},
                has_touch=device.touch,
                is_mobile=device.touch,
                locale="en-GB",
            )
            context.set_default_timeout(timeout * 1000)
            context.tracing.start(screenshots=True, snapshots=True)
            yield Visit(context.new_page(), context)
        except Error as error:
            raise _blamed(error, crashed=not browser.is_connected()) from error
        finally:
            browser.close()


def _blamed(error: Error, *, crashed: bool) -> EnvironmentFailure | SystemFailure:
    """Return the failure of the browser, if it is no longer there, or of the page."""
    said = str(error).splitlines()[0]
    if crashed or _CRASH in said:
        return EnvironmentFailure(f"The browser crashed: {said}. Try: run again with more memory.")
    return SystemFailure(f"The page does not do what a visitor expects: {said}.")


@contextmanager
def trusting_home(authority: str, *, timeout: float) -> Iterator[Path]:
    """Make a home directory whose user has imported `authority`, a certificate as PEM.

    Chromium on Linux reads its user's authorities from an NSS database there. The machine's own is
    not changed. Raises `EnvironmentFailure` without certutil.
    """
    certutil = shutil.which("certutil")
    if certutil is None:
        message = "certutil is missing, so the browser cannot be given the authority to trust."
        raise EnvironmentFailure(f"{message} Try: apt-get install libnss3-tools")
    with TemporaryDirectory(prefix="home-") as name:
        home = Path(name)
        (home / "authority.pem").write_text(authority, encoding="ascii")
        store = home / ".pki" / "nssdb"
        store.mkdir(parents=True)
        database = (certutil, "-d", f"sql:{store}")
        run([*database, "-N", "--empty-password"], timeout=timeout)
        vouches = ("-n", "authority", "-t", "C,,", "-i", str(home / "authority.pem"))
        run([*database, "-A", *vouches], timeout=timeout)
        yield home


def launch(
    playwright: Playwright, rules: str, home: Path | None = None, traces: Path | None = None
) -> Browser:
    """Start the machine's Chromium, else Playwright's own; `rules` are its host-resolver-rules.

    With `home`, it uses that home directory; with `traces`, it records in that one.

    Raises `EnvironmentFailure` if there is no browser.
    """
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    switches = [*_SWITCHES, f"--host-resolver-rules={rules}"]
    try:
        return playwright.chromium.launch(
            executable_path=found,  # None: Playwright's own
            args=switches,
            traces_dir=traces,
            env={**os.environ, "HOME": str(home)} if home else None,
            chromium_sandbox=os.geteuid() != 0,  # Chromium refuses its sandbox to root
        )
    except Error as error:
        reason = str(error).splitlines()[0]
        message = (
            f"No browser could be started: {reason}. "
            "Try: apt-get install chromium, or playwright install chromium"
        )
        raise EnvironmentFailure(message) from error
