from __future__ import annotations

import re
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from acceptance.domains.documentation import settings_table
from acceptance.domains.documentation.drivers.inventory import read_things
from acceptance.domains.documentation.drivers.pages import read_page
from acceptance.domains.documentation.review import DocumentationReviewer
from acceptance.domains.documentation.staleness import Age, Ages
from acceptance.drivers.git import Repository
from acceptance.errors import BrokenInput
from acceptance.judgement import Unverifiable
from acceptance.project import ROOT
from acceptance.settings import Settings, Timeouts, Workloads, load_settings
from tests.support.repositories import Kept, Workshop, kept, workshop

__all__ = ["kept", "workshop"]

TODAY = date(2026, 1, 31)


def librarian(root: Path) -> DocumentationReviewer:
    """The librarian of a repository."""
    return DocumentationReviewer(root, Repository(root, timeout=60), keep=Kept(), timeout=60)


def test_this_repository_is_documented(kept: Kept) -> None:
    """Everything is documented, linked and there, as the working tree has it."""
    actor = DocumentationReviewer(ROOT, Repository(ROOT, timeout=60), keep=kept, timeout=60)
    coverage = actor.compare_contents()
    actor.judge_documented(coverage, "workload")
    actor.judge_documented(coverage, "setting")
    actor.judge_documented(coverage, "target")
    actor.judge_links(actor.follow_links())
    assert len(kept.titles) == 2


def test_the_inventory_is_what_the_code_has() -> None:
    """Nothing that can be set is overlooked: the code itself is asked, beside the reader."""
    names = librarian(ROOT).pages.keys() | {
        "acceptance/settings.py", "Makefile", "manifests/base/configmap.yaml",
        "manifests/base/database.yaml", "checkout/backend/checkout_backend/config.py",
    }  # fmt: skip
    found = {(thing.kind, thing.name) for thing in read_things(ROOT, sorted(names))}
    for table, kind in (("", Settings), ("workloads.", Workloads), ("timeouts.", Timeouts)):
        known = {f"{table}{each.name}" for each in fields(kind)} - {"root"}
        assert {("setting", name) for name in known} <= found
    assert ("setting", "DATABASE_POOL_SIZE") in found
    assert ("setting", "POD_NAME") in found
    assert ("setting", "SECRET_KEYS") in found
    assert ("workload", "database") in found
    assert ("target", "make clean-cache") in found
    assert ("target", "make check-types") not in found


def test_the_page_of_settings_has_the_defaults_of_the_code(tmp_path: Path) -> None:
    """Deadlines word for word; the other keys with their defaults."""
    page = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    source = (ROOT / "acceptance/settings.py").read_text(encoding="utf-8")
    remedy = "run .venv/bin/python -m acceptance.domains.documentation.settings_table"
    assert settings_table.rewritten(page, source) == page, remedy
    (tmp_path / "pyproject.toml").write_text("")
    defaults = load_settings(tmp_path)
    rows = dict(re.findall(r"^\| `([\w.]+)` \| `?([^|`]+?)`? \|", page, re.MULTILINE))
    for name in ("cluster", "host", "namespace"):
        assert rows[name] == getattr(defaults, name)
    for name in ("overlay", "tracker", "reports"):
        assert tmp_path / rows[name] == getattr(defaults, name)
    for name in ("kubeconfig", "context", "address", "images", "overlays"):
        assert rows[name] == "none"
        assert not getattr(defaults, name)
    for name in ("backend", "frontend", "database"):
        assert rows[f"workloads.{name}"] == getattr(defaults.workloads, name)
    for each in fields(Timeouts):
        assert float(rows[f"timeouts.{each.name}"]) == getattr(defaults.timeouts, each.name)


def test_the_table_of_deadlines_is_written_anew(workshop: Workshop) -> None:
    """A page without a place for it is told so."""
    code = 'class Timeouts:\n    query: float = 1.5\n    """One\n    query."""\n'
    begin, end = "<!-- deadlines: begin -->", "<!-- deadlines: end -->"
    workshop.write("acceptance/settings.py", code)
    workshop.write("docs/reference/settings.md", f"# A\n{begin}\nold\n{end}\nB\n")
    assert settings_table.main(workshop.root) == 0
    page = (workshop.root / "docs/reference/settings.md").read_text(encoding="utf-8")
    assert "| `timeouts.query` | 1.5 | One query. |\n" in page
    assert "old" not in page
    assert page.endswith(f"{end}\nB\n")
    with pytest.raises(BrokenInput, match="has no place for the table"):
        settings_table.rewritten("# A", code)


PAGE = "docs/how-to/page.md"


def ages(workshop: Workshop) -> dict[str, Age]:
    """The age of each page."""
    names = workshop.repository.matching("**/*.md")
    at = Ages(workshop.repository, workshop.repository.uncommitted(), TODAY)
    pages = [read_page(name, (workshop.root / name).read_text(encoding="utf-8")) for name in names]
    return {page.path: at.of(page) for page in pages}


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
    assert ages(workshop)[PAGE].state == "fresh"


def test_a_page_is_stale_when_its_subject_changed_later(workshop: Workshop) -> None:
    """The commits that it has not seen are named; a later change of the page mends it."""
    documented(workshop)
    workshop.write("code/deep/b.py", "1")
    commit = workshop.commit("Two")
    found = ages(workshop)[PAGE]
    assert found.state == "stale"
    assert f"changed later: {commit[:12]} of 2026-01-03" in found.why
    workshop.write(PAGE, "<!-- documents: code/**/*.py -->\nmore\n")
    assert ages(workshop)[PAGE].state == "fresh"
    workshop.commit("Three")
    assert ages(workshop)[PAGE].state == "fresh"


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
    assert ages(workshop)[PAGE].state == "stale"


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
    assert ages(workshop)[PAGE].state == state


def test_what_is_not_committed_counts(workshop: Workshop) -> None:
    """A changed file needs a changed page, or one that was found right today."""
    documented(workshop)
    workshop.write("code/a.py", "2")
    assert "code/a.py has changed: not committed yet" in ages(workshop)[PAGE].why
    workshop.write("code/a.py", "1")
    workshop.write("code/new.py", "1")
    assert ages(workshop)[PAGE].state == "stale"
    workshop.write(PAGE, "<!-- documents: code/**/*.py -->\nmore\n")
    assert ages(workshop)[PAGE].state == "fresh"


def test_a_page_says_what_it_documents(workshop: Workshop) -> None:
    """All below docs/ but decisions and indexes; and what it names has to be there."""
    for name in ("docs/a.md", "docs/adr/0001-a.md", "docs/README.md", "README.md"):
        workshop.write(name, "# A\n")
    workshop.write("docs/b.md", "<!-- documents: gone/*.py -->\n")
    workshop.commit("One")
    found = {name: each.state for name, each in ages(workshop).items()}
    assert found == {
        "docs/a.md": "undeclared", "docs/adr/0001-a.md": "nothing", "docs/README.md": "nothing",
        "README.md": "nothing", "docs/b.md": "stale",
    }  # fmt: skip
    assert "documents gone/*.py, which is not there" in ages(workshop)["docs/b.md"].why


def test_a_shallow_clone_does_not_know_ages(workshop: Workshop, tmp_path: Path) -> None:
    """Unverified, with the remedy; but what is surely stale is unmet there too."""
    documented(workshop)
    workshop.write("code/a.py", "2")
    workshop.commit("Two")
    workshop.write("other", "1")
    workshop.commit("Three")
    source = f"file://{workshop.root}"
    for depth, expected in ((1, Unverifiable), (2, Unverifiable), (3, AssertionError)):
        clone = tmp_path / str(depth)
        workshop.git("clone", "--quiet", f"--depth={depth}", source, str(clone))
        actor = librarian(clone)
        with pytest.raises(expected, match=r"git fetch --unshallow|what it documents changed"):
            actor.judge_ages(actor.compare_ages())


def test_nothing_to_look_at_is_never_in_order(workshop: Workshop) -> None:
    """No page, no thing, no link, no command: each is a sentence, not a pass."""
    workshop.write("code", "1")
    workshop.commit("One")
    with pytest.raises(AssertionError, match="has no Markdown page"):
        librarian(workshop.root).follow_links()
    workshop.write("README.md", "# A\n")
    actor = librarian(workshop.root)
    with pytest.raises(AssertionError, match="No workload was found"):
        actor.judge_documented(actor.compare_contents(), "workload")
    with pytest.raises(AssertionError, match="The pages have no link"):
        actor.judge_links(actor.follow_links())
    trial = actor.try_commands()
    with pytest.raises(AssertionError, match="mention no command and no file"):
        actor.judge_mentioned(trial)
    with pytest.raises(AssertionError, match="No block of commands is marked"):
        actor.judge_runs(trial)
    with pytest.raises(AssertionError, match="No page says what it documents"):
        actor.judge_ages(actor.compare_ages())


def test_a_manifest_that_is_none_is_told(workshop: Workshop) -> None:
    """Broken YAML is no workload less."""
    workshop.write("manifests/base/x.yaml", "kind: [\n")
    workshop.write("README.md", "# A\n")
    with pytest.raises(BrokenInput, match=r"manifests/base/x\.yaml cannot be read"):
        librarian(workshop.root).compare_contents()


def test_mentions_are_looked_for(workshop: Workshop) -> None:
    """What is made by a run may be missing, what is ours may not, and other things are left be."""
    workshop.write(".gitignore", "/reports/\n/tool\n")
    workshop.write("Makefile", "test: ## Test\n\ttrue\n.PHONY: test\n")
    workshop.write("code/a.py", "1")
    workshop.write("tool/bin/there", "1")
    spans = {
        "make test": True, "make rest": False, "code/a.py": True, "code/*.py": True,
        "code/": True, "code/FILE/x.py": True, "code/b.py": False, "code/*.js": False,
        "reports/x.html": True, "localhost/image": True, "tool/bin/there": True,
        "tool/bin/gone": False, "python -m code.a": True, "python -m code.b": False,
        "python -m http.server": True,
    }  # fmt: skip
    workshop.write("README.md", "\n\n".join(f"`{span}`" for span in spans))
    trial = librarian(workshop.root).try_commands()
    faults: dict[str, list[str | None]] = {}
    lines = {each.line for each in trial.mentioned}
    assert lines == {2 * index + 1 for index in range(len(spans))}
    for index, (span, fine) in enumerate(spans.items()):
        faults[span] = [e.fault for e in trial.mentioned if e.line == 2 * index + 1]
        assert (faults[span] == [None]) is fine, (span, faults[span])


def test_a_block_runs_as_it_is_written(workshop: Workshop) -> None:
    """In the repository's folder, until the first command that fails, and for so long only."""
    workshop.write("README.md", "```sh run\ntest -f README.md\nfalse\ntouch never\n```\n")
    actor = librarian(workshop.root)
    with pytest.raises(AssertionError, match=r"README\.md:2: sh failed \(exit code 1\)"):
        actor.judge_runs(actor.try_commands())
    assert not (workshop.root / "never").exists()
    workshop.write("README.md", "```sh run\nsleep 60\n```\n")
    slow = DocumentationReviewer(workshop.root, workshop.repository, keep=Kept(), timeout=0.3)
    with pytest.raises(AssertionError, match=r"did not finish within 0\.3 s"):
        slow.judge_runs(slow.try_commands())
