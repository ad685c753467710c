"""Tests stored injection: scripts, templates and SQL typed into every field must stay text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from acceptance.domains.penetration.drivers.vulnerable_server import address_of, vulnerable_server
from acceptance.domains.penetration.drivers.vulnerable_store import VulnerableStore
from acceptance.domains.traffic.actor import IngressActor
from acceptance.drivers.browser import DESKTOP, BrowserError, visit
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require, require_each

if TYPE_CHECKING:
    from acceptance.drivers.browser import Visit

_MARK = "executed_"
"""Every script sets a global variable with this name and a number."""
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
"""By the ingress, by the service for an unknown checkout, and by its validation."""


@dataclass(frozen=True)
class InjectionStrings:
    """Strings that did harm to a vulnerable server or store, by kind."""

    scripts: tuple[str, ...]
    templates: tuple[str, ...]
    statements: tuple[str, ...]
    conditions: tuple[str, ...]

    @property
    def stored(self) -> tuple[str, ...]:
        """Return those that are typed into fields: all."""
        return (*self.scripts, *self.templates, *self.statements, *self.conditions)


@dataclass(frozen=True)
class InjectionResult:
    """What became of the strings in the system."""

    strings: InjectionStrings
    kept: tuple[tuple[str, str], ...]
    """What was typed, and what the service returns for it."""
    lookups: tuple[tuple[str, int | None], ...]
    """Requests with a string in place of an id or a cursor, and their status."""
    bystander: str
    """What is wrong with a checkout that existed before; empty if nothing is."""
    pages: tuple[tuple[str, str], ...]
    """The path and the text of each page that shows them."""
    executed: tuple[str, ...]
    """Global variables that the typed scripts set on any page."""


class StoredInjectionTester(IngressActor):
    """Types injection strings into every field, and looks at what the system makes of them."""

    def try_on_vulnerable_server(self) -> InjectionStrings:
        """Show that each string does harm to a vulnerable server or store.

        Raises `Unverifiable` for one that does none: it would prove nothing.
        """
        scripts = tuple(
            each.format(set=f"{_MARK}{number}=1") for number, each in enumerate(_SCRIPTS)
        )
        first, second = _FACTORS
        templates = tuple(each.format(a=first, b=second) for each in _TEMPLATES)
        blunt = self._harmless(scripts, templates)
        store = VulnerableStore()
        for each in _STATEMENTS:
            if store.keep(each) == ("a bystander", each):
                blunt.append(each)
        blunt += [each for each in _CONDITIONS if store.find(each) <= 1]
        if blunt:
            raise Unverifiable(
                f"These strings do no harm even to a vulnerable server or store: {blunt}"
            )
        return InjectionStrings(scripts, templates, _STATEMENTS, _CONDITIONS)

    def type_all(self, strings: InjectionStrings) -> InjectionResult:
        """Store each string as a customer and as an item, ask by it, and look at the pages."""
        before = self._create("A bystander")
        ids, kept = [], []
        for text in strings.stored:
            checkout = self._create(text)
            self._api.add_item(checkout, text[:64], 1, 1, name=text)
            told = self._api.checkout(checkout).json() or {}
            items = told.get("items") or [{}]
            kept += [(text, str(told.get("customer"))), (text, str(items[0].get("name")))]
            ids.append(checkout)
        asked = [
            (reply.request, reply.status)
            for text in (*strings.conditions, *strings.statements)
            for reply in (self._api.checkout(text), self._api.page_after(text))
        ]
        after = self._api.checkout(before)
        lost = "" if (after.json() or {}).get("customer") == "A bystander" else str(after)
        pages, executed = self._look(ids)
        result = InjectionResult(strings, tuple(kept), tuple(asked), lost, pages, executed)
        self._keep("What was typed and what is stored", pretty({"kept": kept, "asked": asked}))
        self._keep("Pages that show what was typed", pretty({"pages": pages, "executed": executed}))
        return result

    def assert_stored_unchanged(self, result: InjectionResult) -> None:
        """The service stored each string unchanged, and changed nothing else."""
        require_each(
            result.kept,
            lambda pair: None if pair[0] == pair[1] else f"{pair[0]!r} became {pair[1]!r}",
            nothing="Nothing was stored.",
        )
        require(
            not result.bystander, f"A checkout that existed before changed: {result.bystander}."
        )

    def assert_nothing_found(self, result: InjectionResult) -> None:
        """No string finds anything in place of an id or a cursor."""
        require_each(
            result.lookups,
            lambda pair: None if pair[1] in _REFUSED else f"{pair[0]} got the status {pair[1]}",
            nothing="Nothing was looked up.",
        )

    def assert_nothing_executed(self, result: InjectionResult) -> None:
        """The pages show every string as it was typed, and execute none."""
        require(not result.executed, f"The page executed stored text: {listed(result.executed)}.")
        everything = "\n".join(text for _, text in result.pages)
        require_each(
            result.strings.stored,
            lambda text: None if text in everything else f"{text!r} is not shown as it was typed",
            nothing="Nothing was stored.",
        )

    def _create(self, customer: str) -> str:
        reply = self._api.create(customer)
        told = reply.json()
        require(reply.succeeded and isinstance(told, dict), f"{customer!r} was refused: {reply}.")
        return str(told.get("id"))

    def _look(self, ids: list[str]) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
        """Open the list and the page of each checkout, and return their texts."""
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
        """Return those that a vulnerable page neither executes nor evaluates."""
        product = str(_FACTORS[0] * _FACTORS[1])
        found = []
        with vulnerable_server() as connect:
            host, port = address_of(connect)
            with visit(host, host, DESKTOP, timeout=self._timeouts.page) as visitor:
                for text in (*scripts, *templates):
                    address = f"http://{host}:{port}/show?text={quote(text, safe='')}"
                    try:
                        visitor.open(address)
                    except BrowserError as error:
                        said = f"The page of the vulnerable server cannot be opened: {error}"
                        raise Unverifiable(said) from error
                    harmed = product in visitor.text() if text in templates else _ran(visitor)
                    if not harmed:
                        found.append(text)
        return found


def _ran(visitor: Visit) -> bool:
    return bool(visitor.globals_like(_MARK))
