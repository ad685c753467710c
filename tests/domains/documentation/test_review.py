from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from acceptance.domains.documentation import DocumentationReviewer
from acceptance.domains.documentation.drivers.inventory import read_documentables
from acceptance.domains.documentation.drivers.programs import Programs
from acceptance.errors import SystemFailure
from acceptance.judgement import Recorder, Unverifiable
from acceptance.project import ROOT
from acceptance.settings import Settings, Timeouts, Workloads
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of
from tests.support.repositories import Kept, Workshop, kept, workshop

__all__ = ["kept", "workshop"]


def reviewer(
    root: Path, keep: Recorder | None = None, *, seconds: float = 60
) -> DocumentationReviewer:
    """One who reviews the repository `root`, with a deadline for each command."""
    system = replace(SYSTEM, repository=str(root))
    return DocumentationReviewer(
        context_of(system, keep=keep or Kept(), timeouts=Timeouts(command=seconds))
    )


def test_this_repository_is_documented(kept: Kept) -> None:
    """Everything is documented, linked and there, as the working tree has it."""
    actor = reviewer(ROOT, kept)
    coverage = actor.look_up_documentables()
    actor.assert_documented(coverage, "workload")
    actor.assert_documented(coverage, "setting")
    actor.assert_documented(coverage, "target")
    actor.assert_no_broken_link(actor.check_links())
    review = actor.check_mentions()
    actor.assert_mentions_exist(review)
    actor.assert_commands_succeed(review)
    assert len(kept.titles) == 4


def test_commands_of_both_programs_are_known() -> None:
    """A page may tell to run a command of the suite or of the delivered system, if it exists."""
    programs = Programs(ROOT, timeout=60)
    assert "trace" in programs.commands("acceptance")
    assert programs.commands("operations") == {"deploy", "pipeline", "roll-back", "rotate"}
    assert "--overlap" in programs.options("operations rotate")
    assert "--reports" in programs.options("operations pipeline")


def test_the_inventory_is_what_the_code_has() -> None:
    """Nothing that can be set is overlooked: the code itself is asked, beside the reader."""
    names = reviewer(ROOT).pages.keys() | {
        "acceptance/settings.py", "Makefile", "manifests/base/configmap.yaml",
        "manifests/base/database.yaml", "checkout/backend/checkout_backend/config.py",
    }  # fmt: skip
    found = {(each.kind, each.name) for each in read_documentables(ROOT, sorted(names))}
    for table, kind in (("", Settings), ("workloads.", Workloads), ("timeouts.", Timeouts)):
        known = {f"{table}{each.name}" for each in fields(kind)} - {"root"}
        assert {("setting", name) for name in known} <= found
    assert ("setting", "DATABASE_POOL_SIZE") in found
    assert ("setting", "POD_NAME") in found
    assert ("setting", "SECRET_KEYS") in found
    assert ("workload", "database") in found
    assert ("target", "make clean-cache") in found
    assert ("target", "make check-types") not in found


def test_a_shallow_clone_does_not_know_staleness(workshop: Workshop, tmp_path: Path) -> None:
    """Unverified, with the remedy; but what is surely stale is unmet there too."""
    workshop.write("code/a.py", "1")
    workshop.write("docs/how-to/page.md", "<!-- documents: code/**/*.py -->\n")
    workshop.commit("One")
    workshop.write("code/a.py", "2")
    workshop.commit("Two")
    workshop.write("other", "1")
    workshop.commit("Three")
    source = f"file://{workshop.root}"
    for depth, expected in ((1, Unverifiable), (2, Unverifiable), (3, AssertionError)):
        clone = tmp_path / str(depth)
        workshop.git("clone", "--quiet", f"--depth={depth}", source, str(clone))
        actor = reviewer(clone)
        with pytest.raises(expected, match=r"git fetch --unshallow|what it documents changed"):
            actor.assert_no_stale_page(actor.check_staleness())


def test_nothing_to_look_at_is_never_in_order(workshop: Workshop) -> None:
    """No page, no thing, no link, no command: each is a sentence, not a pass."""
    workshop.write("code", "1")
    workshop.commit("One")
    with pytest.raises(AssertionError, match="has no Markdown page"):
        reviewer(workshop.root).check_links()
    workshop.write("README.md", "# A\n")
    actor = reviewer(workshop.root)
    with pytest.raises(AssertionError, match="The repository has no workload"):
        actor.assert_documented(actor.look_up_documentables(), "workload")
    with pytest.raises(AssertionError, match="The pages have no link"):
        actor.assert_no_broken_link(actor.check_links())
    review = actor.check_mentions()
    with pytest.raises(AssertionError, match="mention no command and no file"):
        actor.assert_mentions_exist(review)
    with pytest.raises(AssertionError, match="No block of commands is marked"):
        actor.assert_commands_succeed(review)
    with pytest.raises(AssertionError, match="No page says what it documents"):
        actor.assert_no_stale_page(actor.check_staleness())


def test_a_manifest_that_is_none_is_told(workshop: Workshop) -> None:
    """Broken YAML is no workload less."""
    workshop.write("manifests/base/x.yaml", "kind: [\n")
    workshop.write("README.md", "# A\n")
    with pytest.raises(SystemFailure, match=r"manifests/base/x\.yaml cannot be read"):
        reviewer(workshop.root).look_up_documentables()


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
    review = reviewer(workshop.root).check_mentions()
    faults: dict[str, list[str | None]] = {}
    lines = {each.line for each in review.mentions}
    assert lines == {2 * index + 1 for index in range(len(spans))}
    for index, (span, fine) in enumerate(spans.items()):
        faults[span] = [e.fault for e in review.mentions if e.line == 2 * index + 1]
        assert (faults[span] == [None]) is fine, (span, faults[span])


def test_a_block_runs_as_it_is_written(workshop: Workshop) -> None:
    """In the repository's folder, until the first command that fails, and for so long only."""
    workshop.write("README.md", "```sh run\ntest -f README.md\nfalse\ntouch never\n```\n")
    actor = reviewer(workshop.root)
    with pytest.raises(AssertionError, match=r"README\.md:2: sh failed \(exit code 1\)"):
        actor.assert_commands_succeed(actor.check_mentions())
    assert not (workshop.root / "never").exists()
    workshop.write("README.md", "```sh run\nsleep 60\n```\n")
    slow = reviewer(workshop.root, seconds=0.3)
    with pytest.raises(AssertionError, match=r"did not finish within 0\.3 s"):
        slow.assert_commands_succeed(slow.check_mentions())
