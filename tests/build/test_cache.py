from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from acceptance.build import cache
from acceptance.build.cache import cache_root, entry, hash_inputs
from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.project import ROOT


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests out of the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))


def write(text: str, name: str = "file") -> cache.Builder:
    """Return a builder that writes one file."""

    def build(place: Path) -> None:
        (place / name).write_text(text)

    return build


def never(_: Path) -> None:
    """Fail as a builder that must not run."""
    raise AssertionError("built again")


def test_the_cache_lies_where_the_user_keeps_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XDG_CACHE_HOME counts if it is absolute, as its specification demands."""
    assert cache_root() == tmp_path / "xdg" / "checkout-acceptance"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_root() == tmp_path / ".cache" / "checkout-acceptance"


def test_an_entry_is_built_once() -> None:
    """The second run builds nothing."""
    first = entry("images", "abc", write("content"))
    assert entry("images", "abc", never) == first
    assert (first / "file").read_text() == "content"


def test_another_key_is_another_entry() -> None:
    """Changed inputs never get what was built from the old ones."""
    entry("images", "old", write("old"))
    assert (entry("images", "new", write("new")) / "file").read_text() == "new"


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    """What fails is raised as it is, and the next attempt starts from an empty folder."""

    def fail(place: Path) -> None:
        (place / "half").write_text("half")
        raise EnvironmentFailure("the registry does not answer")

    with pytest.raises(EnvironmentFailure, match="registry does not answer"):
        entry("images", "abc", fail)
    assert not list((tmp_path / "xdg").rglob("half"))
    assert [path.name for path in entry("images", "abc", write("x")).iterdir()] == ["file"]


BUILDER = """
    import sys, time
    from pathlib import Path
    from acceptance.build.cache import entry

    def build(place):
        with open({journal!r}, "a") as journal:
            journal.write("built\\n")
        (place / "half").write_text("half")
        time.sleep({seconds})
        (place / "half").rename(place / "whole")

    print(sorted(path.name for path in entry("images", "abc", build).iterdir()))
"""


def builder(journal: Path, seconds: float) -> subprocess.Popen[str]:
    """Start another process that wants the entry images/abc and takes `seconds` to build it."""
    script = textwrap.dedent(BUILDER.format(journal=str(journal), seconds=seconds))
    return subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def wait_for(path: Path) -> None:
    """Wait until a file is there."""
    deadline = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.01)


def test_two_processes_build_it_once(tmp_path: Path) -> None:
    """Two runs at once: one builds, the other waits for it and uses the whole of it."""
    journal = tmp_path / "journal"
    both = [builder(journal, 0.3), builder(journal, 0.3)]
    answers = [process.communicate(timeout=20)[0].strip() for process in both]
    assert answers == ["['whole']", "['whole']"]
    assert journal.read_text() == "built\n"


def test_a_killed_build_is_neither_used_nor_kept(tmp_path: Path) -> None:
    """After `kill -9` in the middle of a build the next run builds anew, without waiting."""
    journal = tmp_path / "journal"
    victim = builder(journal, 60)
    wait_for(journal)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    assert entry("images", "abc", write("new")).joinpath("file").read_text() == "new"
    shelf = cache_root() / "images"
    assert sorted(path.name for path in shelf.iterdir()) == [".abc.lock", "abc"]


def test_an_entry_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    """A run that looks while another builds never sees a part of it."""
    journal = tmp_path / "journal"
    other = builder(journal, 0.3)
    wait_for(journal)
    assert not (cache_root() / "images" / "abc").exists()
    assert [path.name for path in entry("images", "abc", never).iterdir()] == ["whole"]
    other.communicate(timeout=10)


def test_what_nobody_used_for_long_is_removed() -> None:
    """The cache does not grow for ever, and keeps what a run may be using."""
    old = entry("images", "old", write("old"))
    recent = entry("images", "recent", write("recent"))
    before = time.time() - cache.UNUSED_SECONDS - 60
    os.utime(old, (before, before))
    entry("images", "new", write("new"))
    assert not old.exists()
    assert recent.exists()


def test_using_an_entry_keeps_it() -> None:
    """What counts is the last use, not the age."""
    old = entry("images", "old", write("old"))
    before = time.time() - cache.UNUSED_SECONDS - 60
    os.utime(old, (before, before))
    entry("images", "old", never)
    entry("images", "new", write("new"))
    assert old.exists()


def test_a_full_disk_is_told_with_a_remedy() -> None:
    """No space is a failure of the environment, with the folder that is full."""

    def fill(_: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(EnvironmentFailure, match=r"no space left for the cache .*XDG_CACHE_HOME"):
        entry("images", "abc", fill)


def test_a_cache_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file stands where the folder should be, which even root cannot write into."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(EnvironmentFailure, match=r"cannot be written: .*Try: set XDG_CACHE_HOME"):
        entry("images", "abc", never)


def test_an_error_of_the_builder_is_not_blamed_on_the_cache() -> None:
    """A builder that may not read its own input has a problem elsewhere."""

    def denied(_: Path) -> None:
        raise PermissionError(errno.EACCES, "denied", "/somewhere/else")

    with pytest.raises(PermissionError, match="/somewhere/else"):
        entry("images", "abc", denied)


def folder(where: Path) -> Path:
    """Make a folder with two files and one level."""
    (where / "sub").mkdir(parents=True)
    (where / "a").write_text("1")
    (where / "sub" / "b").write_text("2")
    return where


def test_equal_inputs_have_equal_hashes(tmp_path: Path) -> None:
    """Neither the place nor the time of a file matters: a fresh clone finds its entries."""
    one, two = folder(tmp_path / "one"), folder(tmp_path / "two")
    os.utime(two / "a", (1, 1))
    assert hash_inputs(one, "v1") == hash_inputs(two, "v1")


@pytest.mark.parametrize("change", ["content", "name", "mode", "added", "text"])
def test_each_change_of_an_input_changes_the_hash(tmp_path: Path, change: str) -> None:
    """Whatever can change the build changes the key."""
    place, text = folder(tmp_path / "one"), "v1"
    before = hash_inputs(place, text)
    if change == "content":
        (place / "sub" / "b").write_text("3")
    elif change == "name":
        (place / "a").rename(place / "c")
    elif change == "mode":
        (place / "a").chmod(0o755)
    elif change == "added":
        (place / "new").touch()
    else:
        text = "v2"
    assert hash_inputs(place, text) != before


def test_what_is_derived_is_no_input(tmp_path: Path) -> None:
    """Installed packages and byte code change on their own."""
    place = folder(tmp_path / "one")
    before = hash_inputs(place)
    for name in ("node_modules", "__pycache__"):
        (place / name).mkdir()
        (place / name / "x").write_text("x")
    assert hash_inputs(place) == before


def test_where_one_input_ends_matters() -> None:
    """Two texts are not the same as their concatenation, cut elsewhere."""
    assert hash_inputs("ab", "c") != hash_inputs("a", "bc")


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    """A Dockerfile that is not there is a mistake in the project, not an empty input."""
    with pytest.raises(BrokenInput, match="Dockerfile is needed for the build and does not exist"):
        hash_inputs(tmp_path / "Dockerfile")
