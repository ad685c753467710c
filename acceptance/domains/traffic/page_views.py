"""Opens every view of the page in every state, and lets time pass in each."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.traffic.actor import IngressActor
from acceptance.domains.traffic.browser_visitor import BrowserVisitor, complaints
from acceptance.drivers.browser import DESKTOP
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import BrokenInput
from acceptance.judgement import listed, require, require_each

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acceptance.drivers.browser import Visit

_PAGE_LENGTH = 20
"""How many checkouts the list has before there is more to load."""
_SLOW_SECONDS = 2.0
_CENTS = 350
_STEPS = (60.0, 3540.0)
"""The seconds that pass at once: what a first timer starts happens in the second step."""


@dataclass(frozen=True)
class SeenView:
    """A view in a state, and what the browser complained about while it was open."""

    view: str
    complaints: tuple[str, ...]


class ViewVisitor(BrowserVisitor, IngressActor):
    """Uses everything that the page has, right and wrong, and stays on each view for an hour."""

    def open_views(self, rows: Sequence[Sequence[str]]) -> tuple[SeenView, ...]:
        """Open each view of the table, which has a head, and wait for what it has to show."""
        known = self._views()
        unknown = sorted({row[0] for row in rows[1:]} - set(known))
        if unknown or not rows[1:]:
            raise BrokenInput(f"Nobody knows how to open {listed(unknown) or 'no view at all'}.")
        for _ in range(_PAGE_LENGTH + 1):
            reply = self._api.create("One of many")
            require(reply.succeeded, f"No checkout was made: {reply}.")
        found: list[SeenView] = []

        def travel(visitor: Visit) -> None:
            visitor.take_the_clock()
            for view, shows in rows[1:]:
                before = Counter(complaints(visitor.facts()))
                known[view](visitor, shows)
                visitor.await_quiet()
                for seconds in _STEPS:
                    visitor.let_pass(seconds)
                    visitor.await_quiet()
                # They are sorted by kind, so those that are new need not be the last.
                new = Counter(complaints(visitor.facts())) - before
                found.append(SeenView(view, tuple(new.elements())))
                visitor.expect_failures("")

        self._use_browser(DESKTOP, travel)
        self._keep("Views that were open for an hour", pretty([asdict(each) for each in found]))
        return tuple(found)

    def assert_no_view_failed(self, found: Sequence[SeenView]) -> None:
        """No view logged an error, dropped one, or did not load what it needs."""
        require_each(
            found,
            lambda each: f"{each.view}: {listed(each.complaints)}" if each.complaints else None,
            nothing="No view was opened.",
        )

    def _views(self) -> dict[str, Callable[[Visit, str], None]]:
        """Return how each view is opened; each is given what it has to show."""
        return {
            "the list": self._open_list,
            "the list with more": _pressing("Load more"),
            "the empty list": self._open_empty_list,
            "the list without a service": self._open_failing_list,
            "the list on a slow network": self._open_slow_list,
            "a new checkout with a mistake": self._make_mistake,
            "an open checkout": self._open_checkout,
            "an item with a mistake": _pressing("Add item"),
            "the question before a cancellation": _pressing("Cancel checkout"),
            "a cancelled checkout": self._cancel_it,
            "a paid checkout": self._open_paid,
            "a checkout that another visitor paid": self._pay_twice,
            "a checkout that does not exist": self._open_unknown_checkout,
            "an address that does not exist": self._open_unknown_address,
        }

    @property
    def _list_path(self) -> str:
        return self.system.contract.path("checkouts")

    def _open_list(self, visitor: Visit, shows: str) -> None:
        visitor.open(f"{self.system.origin}/")
        visitor.await_text(shows)

    def _open_empty_list(self, visitor: Visit, shows: str) -> None:
        with visitor.answering(self._list_path, 200, json.dumps({"checkouts": [], "next": None})):
            self._open_list(visitor, shows)
            visitor.await_quiet()

    def _open_failing_list(self, visitor: Visit, shows: str) -> None:
        visitor.expect_failures(self._list_path)
        with visitor.answering(self._list_path, 503, "{}"):
            self._open_list(visitor, shows)
            visitor.await_quiet()

    def _open_slow_list(self, visitor: Visit, shows: str) -> None:
        with visitor.delaying(self._list_path, _SLOW_SECONDS):
            self._open_list(visitor, "Loading")
            visitor.await_text(shows)
            visitor.await_quiet()

    def _make_mistake(self, visitor: Visit, shows: str) -> None:
        visitor.open(f"{self.system.origin}/checkouts/new")
        visitor.press("Create checkout")
        visitor.await_text(shows)

    def _open_checkout(self, visitor: Visit, shows: str) -> None:
        visitor.open(f"{self.system.origin}/checkouts/{self._made()}")
        visitor.await_text(shows)

    def _cancel_it(self, visitor: Visit, shows: str) -> None:
        visitor.press("Confirm cancellation")
        visitor.await_text(shows, exact=True)

    def _open_paid(self, visitor: Visit, shows: str) -> None:
        checkout = self._made()
        self._pay(checkout)
        visitor.open(f"{self.system.origin}/checkouts/{checkout}")
        visitor.await_text(shows, exact=True)

    def _pay_twice(self, visitor: Visit, shows: str) -> None:
        checkout = self._made()
        visitor.open(f"{self.system.origin}/checkouts/{checkout}")
        visitor.await_text("Open", exact=True)
        visitor.await_quiet()
        self._pay(checkout)
        visitor.expect_failures("/payment")
        visitor.press("Pay")
        visitor.await_text(shows, exact=True)

    def _open_unknown_checkout(self, visitor: Visit, shows: str) -> None:
        nobody = uuid.uuid4()
        visitor.expect_failures(str(nobody))
        visitor.open(f"{self.system.origin}/checkouts/{nobody}")
        visitor.await_text(shows)

    def _open_unknown_address(self, visitor: Visit, shows: str) -> None:
        visitor.expect_failures("/nowhere")
        visitor.open(f"{self.system.origin}/nowhere")
        visitor.await_text(shows)

    def _made(self) -> str:
        """Return the id of a new checkout with an item."""
        created = self._api.create(f"Ada {uuid.uuid4().hex[:8]}")
        told = created.json()
        require(isinstance(told, dict) and told.get("id"), f"No checkout was made: {created}.")
        checkout = str(told["id"])
        reply = self._api.add_item(checkout, "TEA-1", 1, _CENTS)
        require(reply.succeeded, f"The checkout takes no item: {reply}.")
        return checkout

    def _pay(self, checkout: str) -> None:
        reply = self._api.pay(checkout, _CENTS)
        require(reply.succeeded, f"The checkout cannot be paid: {reply}.")


def _pressing(button: str) -> Callable[[Visit, str], None]:
    """Return how a view is opened by a button of the view before."""

    def press(visitor: Visit, shows: str) -> None:
        visitor.press(button)
        visitor.await_text(shows)

    return press
