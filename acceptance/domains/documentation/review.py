"""The librarian: reads all pages of the repository, and holds them against what is there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.domains.documentation.drivers.inventory import (
    Kind,
    Thing,
    make_targets,
    read_things,
)
from acceptance.domains.documentation.drivers.mentions import mentions
from acceptance.domains.documentation.drivers.pages import read_page
from acceptance.domains.documentation.drivers.programs import Programs, Run
from acceptance.domains.documentation.link_rules import Mentioned, is_outside, link_fault
from acceptance.domains.documentation.staleness import Ages
from acceptance.drivers.git import Repository
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require, require_each

if TYPE_CHECKING:
    from acceptance.domains.documentation.drivers.pages import Page
    from acceptance.domains.documentation.staleness import Age

_RUN = "run"
"""Behind the language of a block: its commands are run as they are written."""


@dataclass(frozen=True)
class Coverage:
    """Where each thing is documented."""

    found: tuple[tuple[Thing, tuple[str, ...]], ...]
    """A thing, and the pages that name it."""
    pages: tuple[tuple[str, tuple[str, ...]], ...]
    """For a file, the pages that say that they document it."""


@dataclass(frozen=True)
class Finding:
    """Something on a page, and what is wrong with it."""

    page: str
    line: int
    what: str
    fault: str | None

    def __str__(self) -> str:
        """Say where it is, and what is wrong."""
        return f"{self.page}:{self.line}: {self.what}: {self.fault or 'in order'}"


@dataclass(frozen=True)
class Trial:
    """What the pages tell to run."""

    mentioned: tuple[Finding, ...]
    runs: tuple[Run, ...]


class DocumentationReviewer(Actor):
    """Somebody who reads every page, and believes none."""

    def __init__(self, context: ActorContext) -> None:
        """Read the pages of the system's sources."""
        super().__init__(context)
        self._root, limit = self.system.sources, self._timeouts.command
        self._repository = Repository(self._root, timeout=limit)
        self._programs = Programs(self._root, timeout=limit)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """The files that others get when they clone, and those that are new and not committed."""
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

    def compare_contents(self) -> Coverage:
        """Look for a page about everything that can be deployed, set and run.

        A page counts that says that it documents the file in which the thing is defined.
        """
        claims = {
            page.path: {name for glob in page.documents for name in self._repository.matching(glob)}
            for page in self.pages.values()
        }
        spans = {
            page.path: {code.text.strip() for code in page.code if code.language is None}
            for page in self.pages.values()
        }
        things = read_things(self._root, self._names)
        about = {
            thing.file: tuple(page for page, files in claims.items() if thing.file in files)
            for thing in things
        }
        found = tuple(
            (thing, tuple(page for page in about[thing.file] if thing.name in spans[page]))
            for thing in things
        )
        coverage = Coverage(found, tuple(about.items()))
        table = [{**asdict(thing), "pages": pages} for thing, pages in found]
        self._keep("What has to be documented and where it is", pretty(table))
        return coverage

    def judge_documented(self, coverage: Coverage, kind: Kind) -> None:
        """Everything of a kind is named on a page about the file that defines it."""
        pages = dict(coverage.pages)

        def fault(entry: tuple[Thing, tuple[str, ...]]) -> str | None:
            thing, named_on = entry
            if named_on:
                return None
            where = (
                " or ".join(pages[thing.file]) or f"a page with <!-- documents: {thing.file} -->"
            )
            return f"The {kind} `{thing.name}` ({thing.file}) is named nowhere: write it in {where}"

        of_kind = [entry for entry in coverage.found if entry[0].kind == kind]
        require_each(of_kind, fault, nothing=f"No {kind} was found, so nothing is known of any.")

    def follow_links(self) -> tuple[Finding, ...]:
        """Follow every link to a file or a heading; look only at the form of the others."""
        found = []
        for page in self.pages.values():
            for link in page.links:
                fault = link_fault(page, link.target, self.pages, self._names)
                found.append(Finding(page.path, link.line, link.target, fault))
            for link in page.dangling:
                fault = "refers to a link that the page does not define"
                found.append(Finding(page.path, link.line, link.target, fault))
        outside = [each.what for each in found if is_outside(each.what)]
        shown = {
            "pages": list(self.pages),
            "links": [asdict(each) for each in found],
            "only their form was looked at, not whether they answer": outside,
        }
        self._keep("Links and where they lead", pretty(shown))
        return tuple(found)

    def judge_links(self, links: tuple[Finding, ...]) -> None:
        """Every link leads somewhere."""
        require_each(
            links,
            lambda link: str(link) if link.fault else None,
            nothing="The pages have no link, so nothing was followed.",
        )

    def try_commands(self) -> Trial:
        """Look for everything that code on the pages mentions, and run what is marked to be run."""
        known = Mentioned(
            self._root,
            self._names,
            make_targets(self._root),
            self._programs,
            self._repository.ignored,
        )
        mentioned = tuple(
            Finding(each.page, each.line, f"`{each.text}`", known.fault(each))
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
        return Trial(mentioned, runs)

    def judge_mentioned(self, trial: Trial) -> None:
        """Whatever code on the pages mentions is there."""
        require_each(
            trial.mentioned,
            lambda each: str(each) if each.fault else None,
            nothing="The pages mention no command and no file, so nothing was looked for.",
        )

    def judge_runs(self, trial: Trial) -> None:
        """Every block that is marked to be run succeeds."""
        require_each(
            trial.runs,
            lambda each: None if each.succeeded else f"{each.page}:{each.line}: {each.said}",
            nothing="No block of commands is marked to be run (```sh run), so none was tried.",
        )

    def compare_ages(self) -> tuple[Age, ...]:
        """Compare each page with what it documents; changes that are not committed count too."""
        changed = self._repository.uncommitted()
        at = Ages(self._repository, changed, datetime.now(tz=UTC).date())
        ages = tuple(at.of(page) for page in self.pages.values())
        shown = {
            "commit": self._repository.head(),
            "changed and not committed": changed,
            "pages": [asdict(each) for each in ages],
        }
        self._keep("Pages and what they document", pretty(shown))
        return ages

    def judge_ages(self, ages: tuple[Age, ...]) -> None:
        """No page is older than what it documents, and each says what that is.

        Raises `Unverifiable` where the history does not reach far enough.
        """
        declared = [each for each in ages if each.state != "nothing"]

        def fault(each: Age) -> str | None:
            if each.state == "undeclared":
                return f"{each.page} {each.why}. Try: <!-- documents: … --> at its top"
            return f"{each.page} {each.why}" if each.state == "stale" else None

        require_each(
            declared, fault, nothing="No page says what it documents (<!-- documents: … -->)."
        )
        unknown = [f"{each.page} {each.why}" for each in declared if each.state == "unknown"]
        if unknown:
            raise Unverifiable(f"{listed(unknown)}. Try: git fetch --unshallow")
