"""Changes each file of a part, and asks the pipeline whether the part has changed."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.actor import Actor
from acceptance.domains.delivery.drivers.proposals import Proposal
from acceptance.domains.delivery.drivers.workflows import read_workflow
from acceptance.domains.delivery.part_commits import PARTS
from acceptance.domains.delivery.triggers import changes_left_out
from acceptance.drivers.git import Repository
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.repository_copies import copy_repository
from acceptance.judgement import listed, require, require_each
from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from acceptance.domains.delivery.drivers.workflows import WorkflowFacts

_DECIDE = ("-m", "operations", "pipeline", "changes")
"""The command by which the first job of a workflow decides, after Python."""
_LAST = "README.md"
_OF_NOBODY = (_LAST, "docs/README.md", "features/test_features.py")
"""Files that no image is made of."""
_OUTPUT = "changed="
_PUSH = Proposal("push", "refs/heads/main", "Change a file", path="")
_WAYS = {
    " on a new branch": replace(_PUSH, ref="refs/heads/feature/search", before="0" * 40),
    " of a forced push": replace(_PUSH, before="1" * 40),
    " of a pull request": replace(_PUSH, event="pull_request", ref="refs/heads/feature/list"),
}
"""Ways to offer a commit beside the push to main, which says what was there before."""


@dataclass(frozen=True)
class Decision:
    """Whether a part counts as changed by a commit that changes one file."""

    part: str
    file: str
    changed: str
    """`true`, `false`, or what the pipeline said instead."""
    way: str = ""
    """How it comes, in words that follow `a commit`; empty for a push to main."""


class PartFileTester(Actor):
    """Is a developer who changes a file in each folder, and each file that stands alone."""

    def change_each_file(self, part: str) -> tuple[Decision, ...]:
        """Return what the pipeline of `part` decides of each file of all parts, and of others.

        Of a folder below the folder of a part, one file stands for the others.
        """
        folder = Path(tempfile.mkdtemp(prefix="acceptance-files-"))
        self._undo.callback(shutil.rmtree, folder, ignore_errors=True)
        limit = self._timeouts.command
        copy = copy_repository(self.system.sources, folder, newest_only=True, timeout=limit)
        repository = Repository(copy, timeout=limit)
        names = repository.git("ls-files", "-z").split("\0")
        chosen = [*_samples(names), *(each for each in _OF_NOBODY if each in names)]
        found = tuple(self._decide(part, repository, copy, each) for each in chosen)
        self._keep(f"What counts as a change of the {part}", pretty([asdict(e) for e in found]))
        return found

    def change_each_way(self, part: str) -> tuple[Decision, ...]:
        """Return what the pipeline decides of a commit to `part`, by each way in which it comes.

        Each time a commit comes after it that changes a page.
        """
        found = []
        for title, offered in _WAYS.items():
            folder = Path(tempfile.mkdtemp(prefix="acceptance-ways-"))
            self._undo.callback(shutil.rmtree, folder, ignore_errors=True)
            limit = self._timeouts.command
            copy = copy_repository(self.system.sources, folder, timeout=limit)
            repository = Repository(copy, timeout=limit)
            own = next(e for e in _samples(repository.git("ls-files", "-z").split("\0"), (part,)))
            decided = self._decide(part, repository, copy, own, offered)
            found.append(replace(decided, way=title))
        self._keep(f"Ways of a commit to the {part}", pretty([asdict(each) for each in found]))
        return tuple(found)

    def read_triggers(self, part: str) -> WorkflowFacts:
        """Return when the workflow of a part starts."""
        path = f".github/workflows/{part}.yml"
        found = read_workflow(self.system.sources, path)
        if found is None:
            raise AssertionError(f"The {part} has no workflow: there is no {path}.")
        return found

    def assert_always_started(self, facts: WorkflowFacts) -> None:
        """The workflow starts for each push and pull request: no filter leaves one out."""
        faults = changes_left_out(facts)
        require(not faults, f"{facts.path} leaves commits out: {listed(faults)}.")

    def assert_none_overlooked(self, part: str, found: tuple[Decision, ...]) -> None:
        """Every file in the part's folder counts as a change of it."""
        own = [each for each in found if each.file.startswith(_folder(part))]
        require_each(
            own,
            lambda each: (
                None
                if each.changed == "true"
                else f"A commit{each.way} that changes {each.file} does not start the build of "
                f"the {part}: {each.changed}"
            ),
            nothing=f"The {part} has no file.",
        )

    def assert_no_other_counts(self, part: str, found: tuple[Decision, ...]) -> None:
        """No file of another part, and no page, counts as a change of it."""
        others = [each for each in found if not each.file.startswith(_folder(part))]
        require(others, f"The repository has no file but those of the {part}.")
        wrong = [each.file for each in others if each.changed != "false"]
        require(not wrong, f"The {part} is built although only {listed(wrong)} changed.")

    def _decide(
        self,
        part: str,
        repository: Repository,
        copy: Path,
        file: str,
        offered: Proposal = _PUSH,
    ) -> Decision:
        proposal = replace(offered, before=offered.before or repository.head())
        # A push may have several commits, and the last one says nothing of the others.
        for name in (file, _LAST):
            with (copy / name).open("a", encoding="utf-8") as changed:
                changed.write("\n")
            proposal.commit(copy, timeout=self._timeouts.command)
        event, output = copy.parent / "event.json", copy.parent / "output"
        event.write_text(json.dumps(proposal.payload()), encoding="utf-8")
        output.write_text("", encoding="utf-8")
        done = run(
            [sys.executable, *_DECIDE, part],
            cwd=copy,
            timeout=self._timeouts.command,
            env={"GITHUB_EVENT_PATH": str(event), "GITHUB_OUTPUT": str(output)},
            accepted=range(256),
        )
        said = output.read_text(encoding="utf-8").splitlines()
        values = [line.removeprefix(_OUTPUT) for line in said if line.startswith(_OUTPUT)]
        return Decision(part, file, values[-1] if values else done.stderr.strip()[-200:])


def _folder(part: str) -> str:
    return f"checkout/{part}/"


def _samples(names: Iterable[str], parts: tuple[str, ...] = PARTS) -> Iterator[str]:
    """Yield each file at the top of a part's folder, and one of each folder below."""
    seen = set()
    for part in parts:
        for name in sorted(each for each in names if each.startswith(_folder(part))):
            parent = name.rpartition("/")[0]
            if f"{parent}/" == _folder(part) or parent not in seen:
                seen.add(parent)
                yield name
