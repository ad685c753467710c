"""Completes a checkout in a browser, and checks what the page shows and the browser logged."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeVar

from acceptance.actor import Actor
from acceptance.drivers.browser import DESKTOP, PHONE, BrowserError, BrowserFacts, visit
from acceptance.judgement import listed, require

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.drivers.browser import Device, Visit

T = TypeVar("T")

DEVICES = {"a desktop": DESKTOP, "a phone": PHONE}
"""By the words of the features."""

_TOTAL = "19.50"
_ITEMS = (("TEA-1", "Green tea", "2", "3.50"), ("CUP-2", "Cup", "1", "12.50"))


@dataclass(frozen=True)
class Journey:
    """What the page showed from the first page to the reload, and what the browser noted."""

    device: Device
    customer: str
    after_payment: str
    after_reload: str
    in_list: str
    noted: BrowserFacts


@dataclass(frozen=True)
class Cancellation:
    """What the browser noted while a visitor created a checkout and cancelled it."""

    noted: BrowserFacts


class BrowserVisitor(Actor):
    """Uses the application in a browser, on a desktop's or a phone's screen."""

    def complete_checkout(self, device_words: str) -> Journey:
        """Create a checkout, add items, pay, reload, and look for it in the list."""
        device = DEVICES[device_words]
        customer = f"Ada {uuid.uuid4().hex[:8]}"
        return self._use_browser(device, lambda visitor: self._travel(visitor, device, customer))

    def cancel_checkout(self) -> Cancellation:
        """Create a checkout and cancel it, on a desktop."""
        return self._use_browser(DESKTOP, self._cancel)

    def _use_browser(self, device: Device, use: Callable[[Visit], T]) -> T:
        system = self.system
        timeout = self._timeouts.page
        trust = system.authority if system.secure else ""
        with visit(system.host, system.address, device, trust=trust, timeout=timeout) as visitor:
            try:
                return use(visitor)
            except BrowserError as error:
                noted = complaints(visitor.facts())
                reason = f"{str(error).splitlines()[0]}. {listed(noted)}".strip()
                message = f"The visitor could not go on at {visitor.facts().address}: {reason}"
                raise AssertionError(message) from error
            finally:
                self._keep(f"Last page on {device.name}", visitor.screenshot(), "png")
                self._keep(f"Playwright trace on {device.name}", visitor.trace(), "zip")

    def assert_checkout_shown(self, journey: Journey) -> None:
        """The page shows the paid checkout, its items and its total, also after a reload."""
        for when, text in (("payment", journey.after_payment), ("reload", journey.after_reload)):
            for wanted in (journey.customer, "Paid", _TOTAL, *(item[1] for item in _ITEMS)):
                require(wanted in text, f'After the {when}, the page does not show "{wanted}".')
        require(journey.customer in journey.in_list, "The list does not show the checkout.")

    def assert_no_browser_error(self, journey: Journey) -> None:
        """The browser logged no error, and the page is not wider than the screen."""
        noted = journey.noted
        require(noted.responses > 0, "The browser received no response, so nothing is known.")
        faults = complaints(noted)
        require(not faults, f"On {journey.device.name}: {listed(faults)}.")
        require(
            noted.page_width <= journey.device.width,
            f"The page is {noted.page_width} px wide, the {journey.device.name} "
            f"{journey.device.width} px: it scrolls sideways.",
        )

    def _travel(self, visitor: Visit, device: Device, customer: str) -> Journey:
        home = f"{self.system.origin}/"
        visitor.open(home)
        visitor.await_heading("Checkouts")
        # Who goes on before the list is there ends its request, and the browser says so.
        visitor.await_quiet()
        self._keep(f"First page on {device.name}", visitor.screenshot(), "png")
        visitor.press("New checkout")
        visitor.fill("Customer", customer)
        visitor.press("Create checkout")
        visitor.await_heading(f"Checkout for {customer}")
        for sku, name, quantity, price in _ITEMS:
            for label, text in zip(
                ("SKU", "Name", "Quantity", "Unit price"),
                (sku, name, quantity, price),
                strict=True,
            ):
                visitor.fill(label, text)
            visitor.press("Add item")
            visitor.await_text(re.compile(rf"^{re.escape(name)}$"))
        visitor.press("Pay")
        visitor.await_text("Paid", exact=True)
        paid = visitor.text()
        self._keep(f"Paid checkout on {device.name}", visitor.screenshot(), "png")
        visitor.await_quiet()
        visitor.reload()
        visitor.await_text("Paid", exact=True)
        reloaded = visitor.text()
        visitor.await_quiet()
        visitor.open(home)
        visitor.await_text(customer, exact=True)
        in_list = visitor.text()
        noted = self._noted(visitor, device)
        return Journey(device, customer, paid, reloaded, in_list, noted)

    def _cancel(self, visitor: Visit) -> Cancellation:
        visitor.open(f"{self.system.origin}/checkouts/new")
        visitor.fill("Customer", f"Ada {uuid.uuid4().hex[:8]}")
        visitor.press("Create checkout")
        visitor.press("Cancel checkout")
        visitor.press("Confirm cancellation")
        visitor.await_text("Cancelled", exact=True)
        visitor.await_quiet()
        visitor.open(f"{self.system.origin}/")
        visitor.await_heading("Checkouts")
        return Cancellation(self._noted(visitor, DESKTOP))

    def _noted(self, visitor: Visit, device: Device) -> BrowserFacts:
        visitor.await_quiet()
        noted = visitor.facts()
        self._keep(f"What the browser noted on {device.name}", json.dumps(asdict(noted), indent=2))
        return noted


def complaints(noted: BrowserFacts) -> list[str]:
    """Return in words what the browser noted that should not be."""
    return [
        *(f"console error: {text}" for text in noted.console_errors),
        *(f"failed request: {text}" for text in noted.failed_requests),
        *(f"uncaught exception: {text}" for text in noted.exceptions),
    ]
