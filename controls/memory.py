"""Remembers which controls were seen red or green, by the content of all that decides it.

That is the scenario, its steps, all that they and the sabotage import, and what is deployed.
"""

from __future__ import annotations

import ast
import datetime as dt
import fcntl
import hashlib
import json
import os
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build.cache import hash_inputs
from acceptance.deployment.stacks import STACKS, needed_stacks
from acceptance.errors import BrokenInput
from acceptance.process import PROMPT_SECONDS, run
from acceptance.readiness.traceability.step_definitions import read_definitions
from acceptance.readiness.traceability.step_matching import StepMatcher
from controls.control import DOMAINS, all_controls, place_of, sound_controls
from fixtures.turns import REPOSITORY

if TYPE_CHECKING:
    from controls.control import Control, Place

_WHOLE = frozenset({"delivery", "documentation"})
"""The domains that read the whole repository."""
_NEVER = frozenset(
    {".ci", ".github", ".vscode", "attestations", "benchmarks", "features", "tests", "Makefile"}
    | {".editorconfig", ".gitignore", ".npmrc", ".pre-commit-config.yaml"}
)
"""Files and folders that no scenario about a running system reads: of the features, the scenario
counts."""
_FINDING = "acceptance.readiness.traceability"
"""What finds a control's scenario, and does not decide what it says."""
_GIVING = frozenset({"actors.py", "system.py"})
"""The fixtures that give a step what it works with: the others start, end and report the run."""
_RED, _GREEN = "controls/seen_red.json", "controls/seen_green.json"
"""Of sabotages, and of sound changes. By control and kind of cluster: the day, and the hash of what
decided it. They are committed, so that a machine knows what another one saw."""


class Memory:
    """What was seen on one kind of cluster: sabotages red, and sound changes green."""

    def __init__(self, root: Path, cluster: str, folder: Path | None = None) -> None:
        """Judge by the files below `root`, committed or not; the records are there by default.

        Otherwise they are in the `folder`.
        """
        self._root = root
        self._cluster = cluster
        self._folder = folder or (root / _RED).parent

    def seen(self, control: Control) -> str | None:
        """Return the day on which a control was last seen as it should be, if nothing has changed.

        A sabotage has to be seen red, a sound change green.
        """
        known = self._read(control).get(_name(control), {})
        day, _, key = known.get(self._cluster, "").partition(" ")
        return day if key == self.key(control) else None

    def remember(self, control: Control) -> None:
        """Remember that a control was seen today; another process may do so meanwhile."""
        today = dt.datetime.now(dt.UTC).date().isoformat()
        record = self._record(control)
        folder = os.open(record.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            known = {_name(each) for each in (*all_controls(), *sound_controls())}
            found = {name: seen for name, seen in self._read(control).items() if name in known}
            found.setdefault(_name(control), {})[self._cluster] = f"{today} {self.key(control)}"
            lines = (f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found))
            beside = record.with_suffix(".part")
            beside.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
            beside.replace(record)
        finally:
            os.close(folder)

    def _record(self, control: Control) -> Path:
        return self._folder / Path(_GREEN if control.sound else _RED).name

    def _read(self, control: Control) -> dict[str, dict[str, str]]:
        """Return the day and the hash, by name and kind of cluster."""
        record = self._record(control)
        try:
            found: dict[str, dict[str, str]] = json.loads(record.read_bytes())
        except FileNotFoundError:
            return {}
        except json.JSONDecodeError as error:
            raise BrokenInput(
                f"{record.name} cannot be read: {error}. Try: delete it; then every control "
                "is tried again."
            ) from error
        return found

    @cache  # noqa: B019 (there is one memory in a run)
    def key(self, control: Control) -> str:
        """Return a hash of all that decides what the scenario says of the change."""
        place = place_of(control)
        part = _Part(self._root, control, place, self._matcher)
        counted = sorted(name for name in self._files if part.counts(name))
        digest = hashlib.sha256()
        for text in (
            *(str(control), control.scenario, control.expects, control.verdict, self._cluster),
            _text_of(place),
            *(f"{name}\0{self._files[name]}" for name in counted),
        ):
            digest.update(f"{len(text)}:{text}".encode())
        return digest.hexdigest()[:32]

    @cached_property
    def _files(self) -> dict[str, str]:
        """The hash of each file that git does not ignore, by its name."""
        command = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        names = {name for name in self._git(*command).split("\0") if name}
        return {
            name: hash_inputs(self._root / name)
            for name in names - {_RED, _GREEN}
            if (self._root / name).is_file()
        }

    @cached_property
    def _matcher(self) -> StepMatcher:
        return StepMatcher(read_definitions(sorted((self._root / "steps").glob("*.py")))[0])

    def _git(self, *arguments: str) -> str:
        return run(["git", *arguments], cwd=self._root, timeout=PROMPT_SECONDS).stdout


def _name(control: Control) -> str:
    """Name a control by all that makes it one: two scenarios of an item may see one sabotage."""
    return f"{control}: {control.scenario}"


class _Part:
    """The part of the project that decides one control."""

    def __init__(self, root: Path, control: Control, place: Place, matcher: StepMatcher) -> None:
        steps = {
            definition.path
            for example in place.scenario.runs
            for step in example.steps
            for definition in matcher.of(step)
        }
        module = control.sabotage.__module__.rpartition(".")[2]
        modules = _closure({*steps, root / "controls" / f"{module}.py"}, root)
        self._modules = frozenset(path.relative_to(root).as_posix() for path in modules)
        self._folders = frozenset(name.rpartition("/")[0] for name in self._modules)
        parts = (name.split("/") for name in self._modules)
        domains = {each[2] for each in parts if each[:2] == ["acceptance", "domains"]} & DOMAINS
        self.whole = REPOSITORY in place.tags or bool(domains & _WHOLE)
        self._stacks = bool(needed_stacks(place.tags))
        self._system = _components_of_the_system(root)
        self._documented = any(_follows_documents(root, each) for each in domains)

    def counts(self, name: str) -> bool:
        """Return whether a file counts; one of which nothing is known does."""
        return self.whole or self._decides(name)

    def _decides(self, name: str) -> bool:
        folder, _, file = name.rpartition("/")
        match name.split("/"):
            case ("steps" | "controls" | "acceptance", *_) if file.endswith(".py"):
                return name in self._modules
            case ("steps" | "controls" | "acceptance", *_):  # a module reads what lies beside it
                return folder in self._folders
            case ("fixtures", *_):
                return file in _GIVING
            case ("manifests", "components", component, *_):
                return self._stacks or component in self._system
            case ("manifests", "overlays", _, stack, _, *_):
                return self._stacks or stack not in STACKS
        return self._is_followed(name)

    def _is_followed(self, name: str) -> bool:
        """Return whether a file counts that is no module and no manifest."""
        match name.split("/"):
            case ("operations", "pipeline" | "cli.py", *_):  # for the repository alone
                return False
            case ("docs", "operations", *_) | ("operations", *_):  # procedures and their tools
                return self._documented
            case ("docs", page, *_):  # others are for people, but for the table of roles
                return page == "security"
            case ("tools", tool, *_):  # others check the repository
                return tool == "probes"
            case (first, *others):
                return first not in _NEVER and bool(others or not first.endswith(".md"))
        return True


def _text_of(place: Place) -> str:
    """Return the text of a scenario with its tables, and of what stands above all scenarios."""
    lines = place.feature.path.read_text(encoding="utf-8").splitlines()
    starts = sorted(each.line - 1 for each in place.feature.scenarios)
    start = place.scenario.line - 1
    end = next((line for line in starts if line > start), len(lines))
    steps = [f"{each.kind} {each.text}" for each in place.scenario.steps]
    return "\n".join((place.rule.name, *place.tags, *lines[: starts[0]], *steps, *lines[start:end]))


@cache
def _follows_documents(root: Path, domain: str) -> bool:
    """Return whether a domain follows procedures that are written in docs/."""
    modules = (root / "acceptance" / "domains" / domain).rglob("*.py")
    return any(
        name.startswith("acceptance.runbooks") for path in modules for name in _imports(path)
    )


@cache
def _components_of_the_system(root: Path) -> frozenset[str]:
    """Return the components that an overlay names which is no stack."""
    texts = [
        path.read_text(encoding="utf-8")
        for path in (root / "manifests").glob("overlays/*/kustomization.yaml")
    ]
    folders = (root / "manifests" / "components").glob("*")
    return frozenset(
        folder.name
        for folder in folders
        if any(f"components/{folder.name}\n" in text for text in texts)
    )


def _closure(paths: set[Path], root: Path) -> set[Path]:
    """Return these modules, and those of the project that they import, directly or not."""
    found: set[Path] = set()
    waiting = set(paths)
    while waiting:
        path = waiting.pop()
        found.add(path)
        for name in _imports(path):
            ours = name.startswith(("acceptance.", "controls.", "steps."))
            if ours and not name.startswith(_FINDING):
                waiting |= _files_of(root, name) - found
    return found


@cache
def _files_of(root: Path, name: str) -> frozenset[Path]:
    """Return the file of a module, and of each package that it is in.

    A name that is no module is one of a class or function, whose module is named as well.
    """
    path, found = root, set()
    for part in name.split("."):
        path /= part
        found |= {path / "__init__.py", path.with_suffix(".py")}
    return frozenset(each for each in found if each.is_file())


@cache
def _imports(path: Path) -> frozenset[str]:
    """Return the full names that a module imports, and those of what it imports from them."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return frozenset(found)
