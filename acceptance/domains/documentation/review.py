"""Compares the documentation with the repository: contents, links, commands and staleness."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.domains.documentation.drivers.inventory import (
    Documentable,
    DocumentableKind,
    folders_of,
    make_targets,
    read_documentables,
)
from acceptance.domains.documentation.drivers.lychee import follow_links
from acceptance.domains.documentation.drivers.mentions import mentions
from acceptance.domains.documentation.drivers.pages import read_page
from acceptance.domains.documentation.drivers.programs import BlockRun, Programs
from acceptance.domains.documentation.link_rules import is_outside, link_fault
from acceptance.domains.documentation.mention_rules import MentionRules
from acceptance.domains.documentation.staleness import StalenessCheck
from acceptance.drivers.git import Repository
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require, require_each

if TYPE_CHECKING:
    from acceptance.domains.documentation.drivers.pages import Page
    from acceptance.domains.documentation.staleness import Staleness

_RUN = "run"
"""After the language of a block: its commands are run as they are written."""


@dataclass(frozen=True)
class DocumentationCoverage:
    """Where everything is documented that has to be."""

    found: tuple[tuple[Documentable, tuple[str, ...]], ...]
    """What has to be documented, and the pages that name it."""
    pages: tuple[tuple[str, tuple[str, ...]], ...]
    """For each file, the pages that declare that they document it."""


@dataclass(frozen=True)
class PageFinding:
    """A link or mention on a page, and what is wrong with it: None if nothing is."""

    page: str
    line: int
    what: str
    fault: str | None

    def __str__(self) -> str:
        """Say where it is, and what is wrong."""
        return f"{self.page}:{self.line}: {self.what}: {self.fault or 'correct'}"


@dataclass(frozen=True)
class MentionReview:
    """What the code on the pages mentions, and the blocks that were run."""

    mentions: tuple[PageFinding, ...]
    runs: tuple[BlockRun, ...]


class DocumentationReviewer(Actor):
    """Checks every Markdown page against the files, the programs and the history."""

    def __init__(self, context: ActorContext) -> None:
        """Review the pages of the repository that the system was deployed from."""
        super().__init__(context)
        self._root, limit = self.system.sources, self._timeouts.command
        self._repository = Repository(self._root, timeout=limit)
        self._programs = Programs(self._root, timeout=limit)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """The files that git has, and the new ones that it does not ignore."""
        listed_by_git = self._repository.matching("**")
        return tuple(name for name in listed_by_git if (self._root / name).is_file())

    @cached_property
    def pages(self) -> dict[str, Page]:
        """All Markdown pages by their path, as they are in the working tree."""
        names = [name for name in self._names if name.endswith(".md")]
        require(names, "The repository has no Markdown page, so nothing is documented.")
        return {
            name: read_page(name, (self._root / name).read_text(encoding="utf-8", errors="replace"))
            for name in names
        }

    def look_up_documentables(self) -> DocumentationCoverage:
        """Find the pages that document what can be deployed, set and run.

        Only pages count that declare that they document the file that defines it.
        """
        claims = {
            page.path: {name for glob in page.documents for name in self._repository.matching(glob)}
            for page in self.pages.values()
        }
        spans = {
            page.path: {code.text.strip() for code in page.code if code.language is None}
            for page in self.pages.values()
        }
        every = read_documentables(self._root, self._names)
        about = {
            each.file: tuple(page for page, files in claims.items() if each.file in files)
            for each in every
        }
        found = tuple(
            (each, tuple(page for page in about[each.file] if each.name in spans[page]))
            for each in every
        )
        coverage = DocumentationCoverage(found, tuple(about.items()))
        table = [{**asdict(each), "pages": pages} for each, pages in found]
        self._keep("What has to be documented and where it is", pretty(table))
        return coverage

    def assert_documented(self, coverage: DocumentationCoverage, kind: DocumentableKind) -> None:
        """Everything of a kind is named on a page about the file that defines it."""
        pages = dict(coverage.pages)

        def fault(entry: tuple[Documentable, tuple[str, ...]]) -> str | None:
            found, named_on = entry
            if named_on:
                return None
            where = (
                " or ".join(pages[found.file]) or f"a page with <!-- documents: {found.file} -->"
            )
            return f"No page documents the {kind} `{found.name}` ({found.file}): add it to {where}"

        of_kind = [entry for entry in coverage.found if entry[0].kind == kind]
        require_each(of_kind, fault, nothing=f"The repository has no {kind}, so none was checked.")

    def check_links(self) -> tuple[PageFinding, ...]:
        """Follow every link to a file or a heading; of other addresses check only the form."""
        links = follow_links(self._root, tuple(self.pages), timeout=self._timeouts.command)
        folders = folders_of(self._names)
        found = [
            PageFinding(
                link.page,
                link.line,
                link.target,
                link_fault(link, self.pages, self._names, folders),
            )
            for link in links
        ]
        found += [
            PageFinding(page.path, each.line, each.text, "the page does not define this link")
            for page in self.pages.values()
            for each in page.undefined
        ]
        shown = {
            "pages": list(self.pages),
            "links": [asdict(each) for each in found],
            "not requested, only their form was checked": [
                link.address for link in links if is_outside(link)
            ],
        }
        self._keep("Links and their targets", pretty(shown))
        return tuple(found)

    def assert_no_broken_link(self, links: tuple[PageFinding, ...]) -> None:
        """Every link inside the repository leads to a file or a heading that exists."""
        require_each(
            links,
            lambda link: str(link) if link.fault else None,
            nothing="The pages have no link, so none was followed.",
        )

    def check_mentions(self) -> MentionReview:
        """Look up everything that code on the pages mentions; run the blocks marked `run`."""
        rules = MentionRules(
            self._root,
            self._names,
            make_targets(self._root),
            self._programs,
            self._repository.ignored,
        )
        mentioned = tuple(
            PageFinding(each.page, each.line, f"`{each.text}`", rules.fault(each))
            for page in self.pages.values()
            for each in mentions(page)
        )
        runs = tuple(
            self._programs.run(page.path, code.line, code.text)
            for page in self.pages.values()
            for code in page.code
            if _RUN in code.marks
        )
        self._keep("Commands and files that the pages mention", pretty([*map(asdict, mentioned)]))
        self._keep("Documented commands that were run", pretty([*map(asdict, runs)]))
        return MentionReview(mentioned, runs)

    def assert_mentions_exist(self, review: MentionReview) -> None:
        """Everything that code on the pages mentions exists."""
        require_each(
            review.mentions,
            lambda each: str(each) if each.fault else None,
            nothing="The pages mention no command and no file, so none was looked up.",
        )

    def assert_commands_succeed(self, review: MentionReview) -> None:
        """Every block that is marked `run` succeeds."""
        require_each(
            review.runs,
            lambda each: None if each.succeeded else f"{each.page}:{each.line}: {each.said}",
            nothing="No block of commands is marked to be run (```sh run), so none was run.",
        )

    def check_staleness(self) -> tuple[Staleness, ...]:
        """Compare each page with what it documents; uncommitted changes count too."""
        changed = self._repository.uncommitted()
        check = StalenessCheck(self._repository, changed, datetime.now(tz=UTC).date())
        found = tuple(check.assess(page) for page in self.pages.values())
        shown = {
            "commit": self._repository.head(),
            "uncommitted": changed,
            "pages": [asdict(each) for each in found],
        }
        self._keep("Pages and what they document", pretty(shown))
        return found

    def assert_no_stale_page(self, found: tuple[Staleness, ...]) -> None:
        """No page is older than what it documents, and each declares what that is.

        Raises `Unverifiable` where the history does not reach far enough back.
        """
        declared = [each for each in found if each.state != "nothing"]

        def fault(each: Staleness) -> str | None:
            if each.state == "undeclared":
                return f"{each.page} {each.why}. Try: <!-- documents: … --> at its top"
            return f"{each.page} {each.why}" if each.state == "stale" else None

        require_each(
            declared, fault, nothing="No page says what it documents (<!-- documents: … -->)."
        )
        unknown = [f"{each.page} {each.why}" for each in declared if each.state == "unknown"]
        if unknown:
            raise Unverifiable(f"{listed(unknown)}. Try: git fetch --unshallow")
