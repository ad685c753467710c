"""Reads a repository's history with git: authors, reviewers, releases and changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Sequence

_RELEASE = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
"""The tag of a release; one with a suffix (v1.2.0-rc.1) is a candidate's."""
_PERSON = re.compile(r"(?P<name>[^<>]*?)\s*<(?P<email>[^<>\s]+)>")
_UNIT, _FIELD, _RECORD = "\x1f", "\x1e", "\x1d"


@dataclass(frozen=True)
class Person:
    """A person as git names them, after .mailmap."""

    name: str
    email: str
    """Empty if only a name was given."""

    def __str__(self) -> str:
        """Write the person as git does."""
        return f"{self.name} <{self.email}>" if self.email else self.name


@dataclass(frozen=True)
class Commit:
    """One commit, and the people it names."""

    hash: str
    subject: str
    author: Person
    committer: Person
    coauthors: tuple[Person, ...]
    reviewers: tuple[Person, ...]
    """From its `Reviewed-by` trailers."""
    merge: bool

    def __str__(self) -> str:
        """Name the commit in few words."""
        return f'{self.hash[:12]} "{self.subject}"'


@dataclass(frozen=True)
class CommitHistory:
    """The commits since the last release, the newest first."""

    release: str
    """The tag; empty if nothing was ever released."""
    head: str
    commits: tuple[Commit, ...]
    clean_merges: frozenset[str]
    """Merges without changes of their own."""
    uncommitted: tuple[str, ...]
    """Files of the working tree that differ from the newest commit."""
    shallow: bool
    """Whether the history was cut off when the repository was cloned."""


class Repository:
    """Reads the git repository at `root`; every method raises `EnvironmentFailure` if git fails."""

    def __init__(self, root: Path, *, timeout: float) -> None:
        """Read the repository `root`; `timeout` is for each command, in seconds."""
        self._root = root
        self._timeout = timeout

    def git(self, *arguments: str, stdin: str | None = None) -> str:
        """Return what a git command wrote; file names in `arguments` may be pathspecs."""
        # Whatever the user has configured, the output has to be parsable.
        plain = ("-c", "core.quotePath=false", "-c", "log.showSignature=false")
        command = ["git", *plain, *arguments]
        return run(command, cwd=self._root, timeout=self._timeout, stdin=stdin).stdout

    def head(self) -> str:
        """Return the newest commit."""
        return self.git("rev-parse", "--verify", "HEAD^{commit}").strip()

    def shallow(self) -> bool:
        """Whether the history was cut off when the repository was cloned."""
        return self.git("rev-parse", "--is-shallow-repository").strip() == "true"

    def boundary(self) -> frozenset[str]:
        """Return the commits of a shallow clone whose parents are not there."""
        if not self.shallow():
            return frozenset()
        listed = self._root / self.git("rev-parse", "--git-path", "shallow").strip()
        return frozenset(listed.read_text(encoding="ascii").split())

    def release(self) -> str:
        """Return the highest version's tag among those that HEAD contains; empty if none."""
        tags = self.git("tag", "--list", "--merged", "HEAD").split()
        versions = [(match, tag) for tag in tags if (match := _RELEASE.fullmatch(tag))]
        highest = max(versions, key=lambda each: [int(n) for n in each[0].groups()], default=None)
        return highest[1] if highest else ""

    def history(self) -> CommitHistory:
        """Return what was committed since the last release."""
        release = self.release()
        revisions = ["HEAD", *([f"^refs/tags/{release}"] if release else [])]
        return CommitHistory(
            release=release,
            head=self.head(),
            commits=self._commits(revisions),
            clean_merges=self._clean_merges(revisions),
            uncommitted=self.uncommitted(),
            shallow=self.shallow(),
        )

    def uncommitted(self) -> tuple[str, ...]:
        """Return the files that are new, changed or deleted, and not committed."""
        command = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
        return tuple(entry[3:] for entry in self.git(*command).split("\0") if entry)

    def matching(self, pattern: str) -> tuple[str, ...]:
        """Return the files that a glob matches, also those that are not committed yet."""
        options = ("-z", "--cached", "--others", "--exclude-standard")
        listed = self.git("ls-files", *options, "--", f":(glob){pattern}")
        return tuple(dict.fromkeys(name for name in listed.split("\0") if name))

    def last_change(self, path: str) -> str:
        """Return the newest commit that changed the file `path`; empty if none did."""
        return self.git("log", "-1", "--format=%H", "HEAD", "--", f":(literal){path}").strip()

    def versions(self, path: str) -> tuple[tuple[str, str], ...]:
        """Return the contents of a file since the last release, with the commit of each.

        The release's own is among them, and the newest is the first.
        """
        release = self.release()
        since = [f"^refs/tags/{release}"] if release else []
        listed = self.git("log", "--full-history", "--format=%H", "HEAD", *since, "--", path)
        commits = [*listed.split(), *([f"refs/tags/{release}"] if release else [])]
        # A commit may be the one that deleted it.
        there = [each for each in commits if self.git("ls-tree", "--name-only", each, "--", path)]
        return tuple((each, self.git("show", f"{each}:./{path}")) for each in there)

    def changes_since(self, commit: str, patterns: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Return the commits that changed what the globs match and that `commit` does not contain.

        Each is its hash and the day on which it was committed (ISO 8601), the newest first.
        """
        specs = [f":(glob){pattern}" for pattern in patterns]
        listed = self.git("log", "--format=%H %cs", "HEAD", f"^{commit}", "--", *specs)
        return tuple((line[:40], line[41:]) for line in listed.splitlines())

    def ignored(self, names: Sequence[str]) -> frozenset[str]:
        """Return those of `names` that .gitignore leaves out, such as built files.

        A path behind a symbolic link is left out if the link is.
        """
        if not names:
            return frozenset()
        asked = {name: self._reachable(name) for name in names}
        # git check-ignore exits with 1 if no name matches, which is no failure here.
        script = 'git check-ignore --no-index -z --stdin || test "$?" -eq 1'
        given = "\0".join(asked.values())
        found = run(["sh", "-c", script], cwd=self._root, timeout=self._timeout, stdin=given)
        left_out = set(found.stdout.split("\0"))
        return frozenset(name for name, reachable in asked.items() if reachable in left_out)

    def _reachable(self, name: str) -> str:
        """Return the path up to its first symbolic link, because git follows none."""
        paths = [*reversed(Path(name).parents), Path(name)]
        links = (str(path) for path in paths if path.name and (self._root / path).is_symlink())
        return next(links, name)

    def _commits(self, revisions: Sequence[str]) -> tuple[Commit, ...]:
        trailers = "valueonly,unfold,separator=%x1f"
        form = "%x1e".join(
            (
                *("%H", "%P", "%s", "%aN", "%aE", "%cN", "%cE"),
                f"%(trailers:key=Co-authored-by,{trailers})",
                f"%(trailers:key=Reviewed-by,{trailers})",
            )
        )
        listed = self.git("log", f"--format=%x1d{form}", *revisions)
        records = [text.strip("\n").split(_FIELD) for text in listed.split(_RECORD)[1:]]
        named = [_people(text) for record in records for text in record[7:]]
        known = self._mapped([person for people in named for person in people])
        return tuple(
            Commit(
                hash=hash_,
                subject=subject,
                author=Person(author, author_email),
                committer=Person(committer, committer_email),
                coauthors=tuple(known[person] for person in _people(coauthors)),
                reviewers=tuple(known[person] for person in _people(reviewers)),
                merge=" " in parents,
            )
            for (
                hash_, parents, subject, author, author_email, committer, committer_email,
                coauthors, reviewers,
            ) in records
        )  # fmt: skip

    def _mapped(self, people: Sequence[Person]) -> dict[Person, Person]:
        """Return each person as .mailmap names them; git itself does so only for authors."""
        addressed = [person for person in dict.fromkeys(people) if person.email]
        asked = "".join(f"{person}\n" for person in addressed)
        answer = self.git("check-mailmap", "--stdin", stdin=asked).splitlines() if asked else []
        if len(answer) != len(addressed):
            raise EnvironmentFailure(
                "git check-mailmap did not name everybody. Try: correct .mailmap."
            )
        known = {person: person for person in people}
        known |= {one: _people(line)[0] for one, line in zip(addressed, answer, strict=True)}
        return known

    def _clean_merges(self, revisions: Sequence[str]) -> frozenset[str]:
        """Merge each merge's parents again: a difference is a change of the merge itself."""
        form = ("--merges", "--max-parents=2", "--remerge-diff", "--name-only", "--format=%x1d%H")
        listed = self.git("log", *form, *revisions).split(_RECORD)[1:]
        merges = [text.split("\n", 1) for text in listed]
        return frozenset(hash_ for hash_, *files in merges if not "".join(files).strip())


def _people(text: str) -> tuple[Person, ...]:
    """Read the people of a trailer; a name without an address is one too."""
    found = []
    for each in text.split(_UNIT):
        match = _PERSON.match(each.strip())  # after the address comes a remark
        if match is not None:
            found.append(Person(match["name"], match["email"]))
        elif each.strip():
            found.append(Person(each.strip(), ""))
    return tuple(found)
