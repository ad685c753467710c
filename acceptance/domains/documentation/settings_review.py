"""Compares what the documentation says of settings and numbers with what is configured."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.domains.documentation.drivers.configured_settings import read_settings
from acceptance.domains.documentation.generated_tables import (
    pages_with_tables,
    read_tables,
    tables_on,
    with_tables,
)
from acceptance.domains.documentation.setting_claims import sentence_claims, table_claims
from acceptance.drivers.git import Repository
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import listed, require, require_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acceptance.domains.documentation.setting_claims import Claim

_FOLDER = "docs"


@dataclass(frozen=True)
class PageClaim:
    """What a page says of a setting, and what is wrong with it: None if nothing is."""

    page: str
    setting: str
    what: str
    fault: str | None

    def __str__(self) -> str:
        """Say where it is, and what is wrong."""
        return f"{self.page}: `{self.setting}`: {self.fault or 'as it is configured'}"


@dataclass(frozen=True)
class SettingClaims:
    """What all pages say of settings, and whether their generated tables are current."""

    tables: tuple[PageClaim, ...]
    sentences: tuple[PageClaim, ...]
    generated: tuple[tuple[str, bool], ...]
    """A page with generated tables, and whether they are as the configuration makes them."""


class SettingsReviewer(Actor):
    """Compares every Markdown page with the manifests, the code and the suite's settings."""

    def __init__(self, context: ActorContext) -> None:
        """Review the pages of the repository that the system was deployed from."""
        super().__init__(context)
        self._root = self.system.sources
        self._repository = Repository(self._root, timeout=self._timeouts.command)

    def compare_settings(self) -> SettingClaims:
        """Compare all that tables and sentences say of settings with the configuration."""
        names = [n for n in self._repository.matching("**") if (self._root / n).is_file()]
        settings = read_settings(self._root, names)
        tables: list[PageClaim] = []
        sentences: list[PageClaim] = []
        for page in (name for name in names if name.endswith(".md")):
            text = (self._root / page).read_text(encoding="utf-8", errors="replace")
            tables += _on(page, table_claims(text, settings))
            sentences += _on(page, sentence_claims(text, settings))
        made = read_tables(self._root)
        generated = tuple(
            (path.relative_to(self._root).as_posix(), with_tables(text, made) == text)
            for path in pages_with_tables(self._root / _FOLDER)
            for text in (path.read_text(encoding="utf-8"),)
            if set(tables_on(text)) & set(made)
        )
        found = SettingClaims(tuple(tables), tuple(sentences), generated)
        self._keep("What is configured", pretty([asdict(each) for each in settings]))
        self._keep("What pages say of settings", pretty(asdict(found)))
        return found

    def assert_tables_true(self, found: SettingClaims) -> None:
        """Values, defaults, users and whether a setting is required are as they are configured."""
        require_each(
            found.tables,
            _fault,
            nothing="No page has a table of settings with values, so none was compared.",
        )

    def assert_sentences_true(self, found: SettingClaims) -> None:
        """No sentence says that a setting in use is not, or that it has another number."""
        faults = [str(each) for each in found.sentences if each.fault]
        require(not faults, listed(faults))

    def assert_generated_current(self, found: SettingClaims) -> None:
        """Tables that are made from the configuration are as it is now."""
        stale = [
            f"{page} differs from what is configured"
            for page, current in found.generated
            if not current
        ]
        require(not stale, f"{listed(stale)}. Try: .venv/bin/acceptance tables")


def _on(page: str, claims: Iterator[Claim] | Sequence[Claim]) -> list[PageClaim]:
    return [PageClaim(page, each.setting, each.what, each.fault) for each in claims]


def _fault(claim: PageClaim) -> str | None:
    return str(claim) if claim.fault else None
