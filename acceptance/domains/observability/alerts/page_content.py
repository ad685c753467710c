"""Checks what pages of alerts have that nobody follows: commands, queries, and their meaning."""

from __future__ import annotations

import math
import re
from difflib import SequenceMatcher
from itertools import combinations
from typing import TYPE_CHECKING, TypeAlias

from acceptance.domains.observability.alerts.pages import DIAGNOSE, AlertPageReader
from acceptance.domains.observability.drivers.prometheus_queries import PrometheusQueries
from acceptance.domains.observability.drivers.promql import Call, Selector, selectors, write
from acceptance.judgement import listed, require, require_each
from acceptance.runbooks.commands import harmful, inline_commands
from acceptance.runbooks.reader import load_runbook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acceptance.domains.observability.alerts.pages import AlertPages
    from acceptance.runbooks.reader import Runbook

Words: TypeAlias = frozenset[str]
_QUERY = re.compile(r"promtool query instant [^']*'([^']+)'")
_ALIKE = 0.95
"""How much of two texts may be the same before one is a copy of the other."""
_PLACE = re.compile(r"\{\{.*?\}\}")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DAY = 24 * 60 * 60 * 1000
"""In milliseconds."""
_STEM = 5
"""So many letters of a word count: its ending differs from sentence to sentence."""


class AlertPageContentReader(AlertPageReader):
    """Reads what a page says, and runs what is safe of those that nobody follows."""

    def assert_harmless(self, found: AlertPages, table: Sequence[Sequence[str]]) -> None:
        """Each command that nobody follows is harmless, in blocks and in sentences.

        `table` has a head, and for each alert its name and the marks of the commands that are
        followed beside its diagnosis; none if its page is not followed.
        """
        followed = {row[0]: _marks(row[1]) for row in table[1:]}

        def fault(alert: tuple[str, str]) -> str | None:
            name, page = alert
            runbook = load_runbook(self.system.sources, page)
            faults = list(_harmful(runbook, followed.get(name, set())))
            if not faults:
                return None
            return f"{page} has commands that nobody follows and that may do harm: {listed(faults)}"

        require_each(found.alerts, fault, nothing="Prometheus has no alert rule.")

    def assert_queries_answered(self, found: AlertPages) -> None:
        """Each query of each page is understood, and all of its selectors select something.

        Within the last day: what counts an event has no series until there is one.
        """
        client = PrometheusQueries(self._cluster, self._prometheus_endpoint)
        now = client.now()

        def fault(query: tuple[str, str]) -> str | None:
            page, text = query
            tree = client.parse(text).tree
            if tree is None:
                return f"{page}: Prometheus does not understand {text}"
            for each in dict.fromkeys(selectors(tree)):
                wanted = tuple(m for m in each.matchers if not m.operator.startswith("!"))
                lately = Selector(each.metric, wanted, window=_DAY)
                if not client.evaluate(Call("present_over_time", (lately,)), now).found:
                    return f"{page}: {write(each)} selects nothing"
            return None

        queries = sorted(
            {
                (page, text)
                for page in {page for _, page in found.alerts}
                for block in load_runbook(self.system.sources, page).blocks
                for text in _QUERY.findall(block.text)
            }
        )
        require_each(queries, fault, nothing="No page has a query.")

    def assert_diagnoses_work(self, found: AlertPages, table: Sequence[Sequence[str]]) -> None:
        """The diagnosis of a page that is not followed runs, and shows something.

        Whether its queries select something is checked for all pages. That a query leaves out what
        there is here may be right: a node in a container has no disk of its own.
        """
        unfollowed = {row[0] for row in table[1:] if not _marks(row[1])}

        def fault(alert: tuple[str, str]) -> str | None:
            page = alert[1]
            shell = self._shell({"NAMESPACE": self.system.namespace})
            done = shell.run(load_runbook(self.system.sources, page), DIAGNOSE)
            self._keep(f"Diagnosis of {page}", done.output, "text")
            if not done.succeeded:
                return f"the diagnosis of {page} fails: {done.failure}"
            return None if done.output.strip() else f"the diagnosis of {page} shows nothing"

        faults = [said for each in found.alerts if each[0] in unfollowed and (said := fault(each))]
        require(not faults, listed(faults))

    def assert_meanings_own(self, found: AlertPages) -> None:
        """What a page says an alert means is about this alert, and not about another one.

        No two pages say the same, and of no two would each fit the other's alert better.
        """
        said = self._said()
        texts = {
            name: load_runbook(self.system.sources, page).section("Meaning")
            for name, page in found.alerts
        }
        require(texts, "Prometheus has no alert rule.")
        faults = list(misplaced(texts, said))
        require(not faults, listed(faults))

    def _said(self) -> dict[str, str]:
        """Return what the rules themselves say of each alert."""
        found: dict[str, str] = {}
        for rule in self.rules().rules().alerts:
            told = dict(rule.annotations)
            words = (
                _HUMP.sub(" ", rule.name),
                told.get("summary", ""),
                told.get("description", ""),
            )
            found[rule.name] = " ".join((found.get(rule.name, ""), *words))
        return found


def misplaced(texts: Mapping[str, str], said: Mapping[str, str]) -> Iterator[str]:
    """Say which of the `texts` about alerts is another one's, by what else is `said` of these."""
    for one, two in combinations(sorted(texts), 2):
        if SequenceMatcher(None, texts[one], texts[two], autojunk=False).ratio() > _ALIKE:
            yield f"the pages of {one} and {two} say the same about what it means"
    about = {name: _words(said.get(name, "")) for name in texts}
    used = [word for words in about.values() for word in words]
    weights = {word: math.log(len(about) / used.count(word)) for word in set(used)}

    def fit(text: str, alert: str) -> float:
        own = about[alert]
        length = math.sqrt(sum(weights[word] ** 2 for word in own)) or 1.0
        return sum(weights[word] for word in own & _words(text)) / length

    for one, two in combinations(sorted(texts), 2):
        own = fit(texts[one], one) + fit(texts[two], two)
        if own < fit(texts[one], two) + fit(texts[two], one):
            yield f"what the page of {one} means is about {two}, and the other way round"


def _harmful(runbook: Runbook, followed: set[str]) -> Iterator[str]:
    known = {*followed, DIAGNOSE} if followed else set()
    for block in runbook.blocks:
        if block.mark not in known:
            yield from harmful(block.text)
    for command in inline_commands(runbook.text):
        yield from harmful(command)


def _marks(cell: str) -> set[str]:
    return {each.strip() for each in cell.split(",") if each.strip()}


def _words(text: str) -> Words:
    plain = _PLACE.sub(" ", text).lower()
    return frozenset(word[:_STEM] for word in re.findall(r"[a-z]{3,}", plain))
