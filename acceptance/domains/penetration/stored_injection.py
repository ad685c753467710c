"""The penetration tester who types: strings that are stored, and must never be more than text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from acceptance.actor import Actor, ActorContext
from acceptance.domains.penetration.attacks import API
from acceptance.domains.penetration.drivers.vulnerable_server import undefended
from acceptance.domains.penetration.drivers.vulnerable_store import NaiveStore
from acceptance.domains.traffic.ingress_client import reach
from acceptance.drivers.browser import DESKTOP, BrowserError, visit
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require, require_each

if TYPE_CHECKING:
    from acceptance.drivers.browser import Visit

_MARK = "executed_"
"""What every script of ours sets, as a global variable with a number behind it."""
_SCRIPTS = (
    "<script>{set}</script>",
    '<img src=x onerror="{set}">',
    '<svg onload="{set}"></svg>',
    "<svg><script>{set}</script></svg>",
    '"><img src=x onerror="{set}">',
    '<details open ontoggle="{set}">d</details>',
    '<input autofocus onfocus="{set}">',
    '<iframe srcdoc="<script>parent.{set}</script>"></iframe>',
    "</p></main></title><script>{set}</script>",
)
_TEMPLATES = ("{{{{{a}*{b}}}}}", "${{{a}*{b}}}", "<%= {a}*{b} %>")
_FACTORS = (7919, 6841)
_STATEMENTS = (
    "Robert'); DROP TABLE checkouts;--",
    "x'); DELETE FROM checkouts;--",
    "x'); UPDATE checkouts SET customer = 'owned';--",
    "x'), ('a second one",
)
_CONDITIONS = ("' OR '1'='1", "x' OR 1=1 --", "x' UNION SELECT id FROM checkouts --")
_REFUSED = {400, 404, 422}
"""By the ingress, by the service that has no such checkout, and by the one that checks."""


@dataclass(frozen=True)
class Typed:
    """Strings that did harm where nothing is defended: by what they are."""

    scripts: tuple[str, ...]
    templates: tuple[str, ...]
    statements: tuple[str, ...]
    conditions: tuple[str, ...]

    @property
    def stored(self) -> tuple[str, ...]:
        """Return those that are typed into fields."""
        return (*self.scripts, *self.templates, *self.statements, *self.conditions)


@dataclass(frozen=True)
class Shown:
    """What became of the strings in the system."""

    typed: Typed
    kept: tuple[tuple[str, str], ...]
    """What was typed, and what the service has of it."""
    found: tuple[tuple[str, int | None], ...]
    """What was asked for in the place of an id or a page, and the status that was answered."""
    bystander: str
    """What is wrong with a checkout that was there before; empty if nothing is."""
    pages: tuple[tuple[str, str], ...]
    """The address and the text of each page that shows them."""
    executed: tuple[str, ...]
    """Global variables that scripts of ours have set on any page."""


class StoredInjectionTester(Actor):
    """Somebody who types what nobody's name is."""

    def __init__(self, context: ActorContext) -> None:
        """Come to the system as everybody does."""
        super().__init__(context)
        self._http = reach(self.system, timeout=self._timeouts.request)
        self._undo.callback(self._http.close)

    def rehearse(self) -> Typed:
        """Show that each string does harm where nothing forbids it.

        Raises `Unverifiable` for one that does none: it would prove nothing.
        """
        scripts = tuple(
            each.format(set=f"{_MARK}{number}=1") for number, each in enumerate(_SCRIPTS)
        )
        first, second = _FACTORS
        templates = tuple(each.format(a=first, b=second) for each in _TEMPLATES)
        blunt = self._harmless(scripts, templates)
        store = NaiveStore()
        for each in _STATEMENTS:
            if store.keep(each) == ("a bystander", each):
                blunt.append(each)
        blunt += [each for each in _CONDITIONS if store.find(each) <= 1]
        if blunt:
            raise Unverifiable(f"These strings do no harm even where nothing is defended: {blunt}")
        return Typed(scripts, templates, _STATEMENTS, _CONDITIONS)

    def type_all(self, typed: Typed) -> Shown:
        """Store each string as a customer and as an item, ask by it, and look at the pages."""
        before = self._create("A bystander")
        ids, kept = [], []
        for text in typed.stored:
            checkout = self._create(text)
            item = {"sku": text[:64], "name": text, "quantity": 1, "unit_price_cents": 1}
            self._http.send("POST", f"{API}/{checkout}/items", body=item)
            told = self._http.send("GET", f"{API}/{checkout}").json() or {}
            items = told.get("items") or [{}]
            kept += [(text, str(told.get("customer"))), (text, str(items[0].get("name")))]
            ids.append(checkout)
        asked = [
            (path, self._http.send("GET", path).status)
            for text in (*typed.conditions, *typed.statements)
            for path in (f"{API}/{quote(text, safe='')}", f"{API}?after={quote(text, safe='')}")
        ]
        after = self._http.send("GET", f"{API}/{before}")
        lost = "" if (after.json() or {}).get("customer") == "A bystander" else str(after)
        pages, executed = self._look(ids)
        shown = Shown(typed, tuple(kept), tuple(asked), lost, pages, executed)
        self._keep("What was typed and what was kept", pretty({"kept": kept, "asked": asked}))
        self._keep("Pages that show it", pretty({"pages": pages, "executed": executed}))
        return shown

    def judge_kept(self, shown: Shown) -> None:
        """The service kept each string as it is, and nothing else was changed by it."""
        require_each(
            shown.kept,
            lambda pair: None if pair[0] == pair[1] else f"{pair[0]!r} became {pair[1]!r}",
            nothing="Nothing was stored.",
        )
        require(
            not shown.bystander, f"A checkout that was there before changed: {shown.bystander}."
        )

    def judge_found(self, shown: Shown) -> None:
        """Nothing is found by a string in the place of an id or a page."""
        require_each(
            shown.found,
            lambda pair: None if pair[1] in _REFUSED else f"{pair[0]} was answered with {pair[1]}",
            nothing="Nothing was asked for.",
        )

    def judge_inert(self, shown: Shown) -> None:
        """Every string is to be read on the pages as it was typed, and none was executed."""
        require(not shown.executed, f"The page executed what was stored: {listed(shown.executed)}.")
        everything = "\n".join(text for _, text in shown.pages)
        require_each(
            shown.typed.stored,
            lambda text: None if text in everything else f"{text!r} is not shown as it was typed",
            nothing="Nothing was stored.",
        )

    def _create(self, customer: str) -> str:
        reply = self._http.send("POST", API, body={"customer": customer})
        told = reply.json()
        require(reply.succeeded and isinstance(told, dict), f"{customer!r} was refused: {reply}.")
        return str(told.get("id"))

    def _look(self, ids: list[str]) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
        """Open the list and the page of each checkout, and read what a visitor reads."""
        system = self.system
        trust = system.authority if system.secure else ""
        pages, executed = [], set()
        with visit(
            system.host, system.address, DESKTOP, trust=trust, timeout=self._timeouts.page
        ) as visitor:
            try:
                for path in ("/", *(f"/checkouts/{each}" for each in ids)):
                    visitor.open(f"{system.origin}{path}")
                    visitor.await_text("0.01" if path != "/" else "New checkout")
                    pages.append((path, visitor.text()))
                    executed |= set(visitor.globals_like(_MARK))
                    if path == "/":
                        self._keep("The list of checkouts", visitor.screenshot(), "png")
            except BrowserError as error:
                message = f"The pages could not be read: {str(error).splitlines()[0]}"
                raise AssertionError(message) from error
            finally:
                self._keep("The last page", visitor.screenshot(), "png")
        return tuple(pages), tuple(sorted(executed))

    def _harmless(self, scripts: tuple[str, ...], templates: tuple[str, ...]) -> list[str]:
        """Return those that a page without any defence neither executes nor works out."""
        product = str(_FACTORS[0] * _FACTORS[1])
        found = []
        with undefended() as connect, connect(1.0) as connection:
            host, port = connection.getpeername()[:2]
            with visit(host, host, DESKTOP, timeout=self._timeouts.page) as visitor:
                for text in (*scripts, *templates):
                    visitor.open(f"http://{host}:{port}/show?text={quote(text, safe='')}")
                    harmed = product in visitor.text() if text in templates else _ran(visitor)
                    if not harmed:
                        found.append(text)
        return found


def _ran(visitor: Visit) -> bool:
    return bool(visitor.globals_like(_MARK))
