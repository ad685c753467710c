"""Follows the links of Markdown pages with lychee, without asking the network."""

from __future__ import annotations

import glob
import json
import os
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from acceptance.errors import EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPTIONS = (
    *("--offline", "--include-fragments", "--include-mail", "--format=json", "--verbose"),
    *("--no-progress", "--no-ignore", "--hidden"),
    f"--config={os.devnull}",  # a page's own repository could exclude what is broken
)
_BROKEN_LINKS = 2
"""The exit code that says that links are broken."""
_FOLLOWED = ("success_map", "excluded_map", "redirect_map")
_NOT_FOLLOWED = ("error_map", "timeout_map")


@dataclass(frozen=True)
class LinkFacts:
    """Where a link leads, and whether lychee could follow it."""

    page: str
    line: int
    address: str
    """The whole address, `file:` for a path; empty if the link is none."""
    path: str | None
    """A path relative to the repository: `.` or `docs/a.md`, `../a` beyond it. None for others."""
    anchor: str
    """Behind the #, decoded."""
    fault: str
    """Why it cannot be followed, in lychee's words. Addresses of the web are not followed."""

    @property
    def target(self) -> str:
        """Where it leads, as a person would write it in the repository's root."""
        if self.path is None:
            return self.address or "link"
        return self.path + (f"#{self.anchor}" if self.anchor else "")


def follow_links(root: Path, pages: Sequence[str], *, timeout: float) -> tuple[LinkFacts, ...]:
    """Return every link of the pages (paths relative to `root`), in the order in which they stand.

    `timeout` is in seconds. Raises `EnvironmentFailure` if lychee is missing, fails, or leaves a
    page out.
    """
    program, top = Path(sysconfig.get_path("scripts")) / "lychee", root.resolve()
    inputs = [glob.escape(str(top / page)) for page in pages]
    # Not in the repository: lychee obeys a .lycheeignore of the folder that it runs in.
    done = run(
        [program, *_OPTIONS, f"--root-dir={top}", "--", *inputs],
        timeout=timeout,
        cwd=Path(top.anchor),
        accepted=(0, _BROKEN_LINKS),
        remedy="Try: make setup",
    )
    left_out = [line.strip() for line in done.stderr.splitlines() if "[WARN]" in line]
    if left_out:
        raise EnvironmentFailure(f"lychee left something out: {'; '.join(left_out)}.")
    found: dict[str, dict[str, list[dict[str, Any]]]] = json.loads(done.stdout)
    links = [
        (pages.index(os.path.relpath(page, top)), each, kind in _NOT_FOLLOWED)
        for kind in (*_FOLLOWED, *_NOT_FOLLOWED)
        for page, entries in found[kind].items()
        for each in entries
    ]
    links.sort(key=lambda link: (link[0], link[1]["span"]["line"], link[1]["span"]["column"]))
    return tuple(_facts(pages[page], each, top, broken=broken) for page, each, broken in links)


def _facts(page: str, found: dict[str, Any], top: Path, *, broken: bool) -> LinkFacts:
    status = found["status"]
    address = "" if found["url"] == "error:" else str(found["url"])
    parts = urlsplit(address)
    own = parts.scheme == "file" and not parts.netloc
    return LinkFacts(
        page=page,
        line=found["span"]["line"],
        address=address,
        path=os.path.relpath(unquote(parts.path), top) if own else None,
        anchor=unquote(parts.fragment),
        fault=(status.get("details") or status["text"]) if broken else "",
    )
