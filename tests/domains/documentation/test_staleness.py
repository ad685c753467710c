from __future__ import annotations

from datetime import date

import pytest

from acceptance.domains.documentation.drivers.pages import read_page
from acceptance.domains.documentation.staleness import Staleness, StalenessCheck
from tests.support.repositories import Workshop, workshop

__all__ = ["workshop"]

TODAY = date(2026, 1, 31)
PAGE = "docs/how-to/page.md"


def assess(workshop: Workshop) -> dict[str, Staleness]:
    """Whether each page is stale."""
    names = workshop.repository.matching("**/*.md")
    check = StalenessCheck(workshop.repository, workshop.repository.uncommitted(), TODAY)
    pages = [read_page(name, (workshop.root / name).read_text(encoding="utf-8")) for name in names]
    return {page.path: check.assess(page) for page in pages}


def documented(workshop: Workshop, more: str = "") -> None:
    """Commit code and a page about it."""
    workshop.write("code/a.py", "1")
    workshop.write(PAGE, f"<!-- documents: code/**/*.py -->\n{more}\n")
    workshop.commit("One")


def test_a_page_of_the_same_commit_is_fresh(workshop: Workshop) -> None:
    """Also after commits that touch neither."""
    documented(workshop)
    workshop.write("other", "1")
    workshop.commit("Two")
    assert assess(workshop)[PAGE].state == "fresh"


def test_a_page_is_stale_when_its_subject_changed_later(workshop: Workshop) -> None:
    """The commits that it has not seen are named; a later change of the page mends it."""
    documented(workshop)
    workshop.write("code/deep/b.py", "1")
    commit = workshop.commit("Two")
    found = assess(workshop)[PAGE]
    assert found.state == "stale"
    assert f"changed later: {commit[:12]} of 2026-01-03" in found.why
    workshop.write(PAGE, "<!-- documents: code/**/*.py -->\nmore\n")
    assert assess(workshop)[PAGE].state == "fresh"
    workshop.commit("Three")
    assert assess(workshop)[PAGE].state == "fresh"


def test_a_change_on_a_branch_was_not_seen_by_the_page(workshop: Workshop) -> None:
    """Dates do not decide: the page is newer by its date, and its author did not see the change."""
    documented(workshop)
    workshop.git("checkout", "--quiet", "-b", "side")
    workshop.write("code/a.py", "2")
    workshop.commit("Side")
    workshop.git("checkout", "--quiet", "main")
    workshop.write(PAGE, "<!-- documents: code/a.py -->\nnewer\n")
    workshop.commit("Main")
    workshop.git("merge", "--quiet", "side", "--message=Merge")
    assert assess(workshop)[PAGE].state == "stale"


@pytest.mark.parametrize(
    ("day", "state"),
    [
        ("2026-01-02", "stale"),
        ("2026-01-04", "fresh"),
        ("2026-02-01", "stale"),
        ("soon", "stale"),
    ],
)
def test_a_page_is_found_right_on_a_day(workshop: Workshop, day: str, state: str) -> None:
    """Changes up to that day count as seen; a day to come or none at all counts for nothing."""
    workshop.git("checkout", "--quiet", "-b", "side")
    documented(workshop, f"<!-- checked: {day} -->")
    workshop.write("code/a.py", "2")
    workshop.commit("Two")
    assert workshop.day == 3
    assert assess(workshop)[PAGE].state == state


def test_what_is_not_committed_counts(workshop: Workshop) -> None:
    """A changed file needs a changed page, or one that was found right today."""
    documented(workshop)
    workshop.write("code/a.py", "2")
    assert "code/a.py has changed: not committed yet" in assess(workshop)[PAGE].why
    workshop.write("code/a.py", "1")
    workshop.write("code/new.py", "1")
    assert assess(workshop)[PAGE].state == "stale"
    workshop.write(PAGE, "<!-- documents: code/**/*.py -->\nmore\n")
    assert assess(workshop)[PAGE].state == "fresh"


def test_a_page_says_what_it_documents(workshop: Workshop) -> None:
    """All below docs/ but decisions and indexes; and what it names has to be there."""
    for name in ("docs/a.md", "docs/adr/0001-a.md", "docs/README.md", "README.md"):
        workshop.write(name, "# A\n")
    workshop.write("docs/b.md", "<!-- documents: gone/*.py -->\n")
    workshop.commit("One")
    found = {name: each.state for name, each in assess(workshop).items()}
    assert found == {
        "docs/a.md": "undeclared", "docs/adr/0001-a.md": "nothing", "docs/README.md": "nothing",
        "README.md": "nothing", "docs/b.md": "stale",
    }  # fmt: skip
    assert "documents gone/*.py, which does not exist" in assess(workshop)["docs/b.md"].why
