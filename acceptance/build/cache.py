"""Caches builds by the hash of their inputs, for all runs of this user.

An entry is a folder that is either complete or missing: it is built beside its place, under an
exclusive lock, and then renamed. A crashed build leaves a folder that no run uses, and the next
build removes it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from acceptance.errors import BrokenInput, EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Builder: TypeAlias = "Callable[[Path], None]"
"""Fills the empty folder that it is given."""

DERIVED = frozenset(
    {
        ".git",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".venv",
        "__pycache__",
        "dist",
        "node_modules",
    }
)
"""Folders that programs make from the files beside them: they do not count in a hashed folder."""

UNUSED_SECONDS = 14 * 24 * 3600.0
"""An entry that no run has used for this long is removed when its name is built again."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_LEAST_FREE_BYTES = 256 * 2**20  # the space that the smaller builds need


def cache_root() -> Path:
    """Return the folder of the cache, which may not exist yet."""
    home = os.environ.get("XDG_CACHE_HOME")
    # The XDG base directory specification: a relative path is invalid and has to be ignored.
    base = Path(home) if home and Path(home).is_absolute() else Path.home() / ".cache"
    return base / "checkout-acceptance"


def hash_inputs(*inputs: Path | str) -> str:
    """Return 16 hexadecimal digits that change when any of `inputs` does.

    A file counts by its content and its executable bit, a folder by all files below it and their
    relative names, without the `DERIVED` folders. The place of the folder and the times of its
    files do not count.

    Raises `BrokenInput` when a path does not exist.
    """
    digest = hashlib.sha256()
    for value in inputs:
        if isinstance(value, str):
            _feed(digest, b"text", value.encode())
        elif value.is_dir():
            for path in _files(value):
                _feed_file(digest, path, path.relative_to(value).as_posix())
            _feed(digest, b"end", b"")
        else:
            _feed_file(digest, value, value.name)
    return digest.hexdigest()[:16]


def entry(name: str, key: str, build: Builder) -> Path:
    """Return the folder of the entry `name`/`key`, after letting `build` fill it if it is missing.

    `build` gets an empty folder. Only one process at a time builds an entry; others wait for it
    and use its result. An exception of `build` is raised here, and nothing is kept.

    Raises `EnvironmentFailure` when there is no space or the cache cannot be written.
    """
    place = cache_root() / name / key
    if _use(place):
        return place
    with _locked(place):
        if not _use(place):  # another process may have built it while we waited
            try:
                _build(place, build)
            except OSError as error:
                if error.errno in _FULL:
                    raise _unusable(error) from error
                raise
    return place


def _build(place: Path, build: Builder) -> None:
    prefix = f".{place.name}.building-"
    for abandoned in place.parent.glob(f"{prefix}*"):
        shutil.rmtree(abandoned, ignore_errors=True)  # we hold the lock, so its builder is dead
    _forget_unused(place.parent)
    free = shutil.disk_usage(place.parent).free
    if free < _LEAST_FREE_BYTES:
        raise EnvironmentFailure(
            f"There is no space to build {place.parent.name}: {free // 2**20} MiB are free in "
            f"{place.parent}, and at least {_LEAST_FREE_BYTES // 2**20} MiB are needed. "
            "Try: make clean-cache, or set XDG_CACHE_HOME to a larger disk."
        )
    workshop = Path(tempfile.mkdtemp(prefix=prefix, dir=place.parent))
    try:
        workshop.chmod(0o755)
        build(workshop)
        os.sync()  # after a power failure the name must not exist without the content
        workshop.rename(place)
    except BaseException:
        shutil.rmtree(workshop, ignore_errors=True)
        raise


def _use(place: Path) -> bool:
    """Return whether the entry exists, and record that it is in use."""
    try:
        os.utime(place)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError:
        return place.is_dir()  # the cache may be read-only
    return True


def _forget_unused(shelf: Path) -> None:
    limit = time.time() - UNUSED_SECONDS
    for path in shelf.iterdir():
        with suppress(OSError):
            if not path.name.startswith(".") and path.stat().st_mtime < limit:
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Hold the exclusive lock of an entry; the kernel releases it even if the holder is killed."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        # Close-on-exec is Python's default, so no child of the builder keeps the lock after it.
        descriptor = os.open(place.parent / f".{place.name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise _unusable(error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _files(folder: Path) -> list[Path]:
    found = []
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in DERIVED]
        found += [Path(where, name) for name in names]
    return sorted(found)


def _feed_file(digest: hashlib._Hash, path: Path, name: str) -> None:
    try:
        if path.is_symlink():
            _feed(digest, b"link", f"{name}\0{path.readlink()}".encode())
            return
        kind = b"program" if os.access(path, os.X_OK) else b"file"
        _feed(digest, kind, name.encode())
        _feed(digest, b"content", path.read_bytes())
    except FileNotFoundError as error:
        message = f"{path} is needed for the build and does not exist. Try: git status"
        raise BrokenInput(message) from error


def _feed(digest: hashlib._Hash, kind: bytes, value: bytes) -> None:
    # Lengths are hashed too, or ("ab", "c") and ("a", "bc") would be the same input.
    digest.update(b"%s:%d:" % (kind, len(value)))
    digest.update(value)


def _unusable(error: OSError) -> EnvironmentFailure:
    root = cache_root()
    if error.errno in _FULL:
        return EnvironmentFailure(
            f"There is no space left for the cache {root}. "
            f"Try: free some there (df -h {root}), or set XDG_CACHE_HOME to a larger disk."
        )
    return EnvironmentFailure(
        f"The cache {root} cannot be written: {error.strerror}. "
        "Try: set XDG_CACHE_HOME to a writable folder."
    )
