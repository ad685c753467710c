"""Says what is wrong with a link: by what lychee found, and by what lychee does not look at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from acceptance.domains.documentation.drivers.lychee import LinkFacts
    from acceptance.domains.documentation.drivers.pages import Page

_LINES = re.compile(r"L\d+(-L\d+)?")
_WEB = {"http", "https"}


def link_fault(
    link: LinkFacts, pages: Mapping[str, Page], names: Collection[str], folders: Collection[str]
) -> str | None:
    """Return what is wrong with a link; None if nothing is.

    `names` and `folders` are those of the repository: what only this machine has, others miss.
    """
    if link.path is None:
        return _address_fault(link)
    if link.path == ".." or link.path.startswith("../"):
        return "leads out of the repository"
    if link.path not in {".", *names, *folders}:
        return "there is no such file" if link.fault else "only this machine has it, git ignores it"
    if link.path in pages and link.anchor:
        broken = link.fault or _made_elsewhere(link.anchor, pages[link.path].headings)
        return f"{link.path} has no such heading" if broken else None
    if link.anchor:
        lines = link.path in names and _LINES.fullmatch(link.anchor)
        return None if lines else "only pages have headings"
    return link.fault or None


def is_outside(link: LinkFacts) -> bool:
    """Return whether only the form of a link was looked at, not whether it answers."""
    return urlsplit(link.address).scheme in {*_WEB, "mailto"}


def _address_fault(link: LinkFacts) -> str | None:
    if not link.address:
        return f"is no address: {link.fault}"
    parts = urlsplit(link.address)
    host = parts.hostname or ""
    if parts.scheme in _WEB:
        named = host == "localhost" or "." in host or ":" in host
        return None if named and " " not in unquote(link.address) else "names no host"
    if parts.scheme == "mailto":
        return None if "@" in parts.path else "names no mailbox"
    if parts.scheme == "file":  # lychee takes //host/path for this one
        return "leaves out the scheme, http or https"
    return f"has the scheme {parts.scheme}, which no reader opens"


def _made_elsewhere(anchor: str, headings: Collection[str]) -> bool:
    """Return whether lychee 0.24 finds an anchor that GitHub does not make.

    It takes capitals for small letters, knows `#top` on every page, and reads `# Title {#id}`.
    """
    titles = {heading.strip().lower() for heading in headings}
    return (
        anchor != anchor.lower()
        or (anchor == "top" and "top" not in titles)
        or any(title.endswith(f"{{#{anchor}}}") for title in titles)
    )
