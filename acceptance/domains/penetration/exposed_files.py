"""Looks for what a server shows although it was never meant for visitors."""

from __future__ import annotations

import re
import uuid
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from acceptance.domains.penetration.drivers.leftovers import INLINE_SOURCES, beside, leftovers
from acceptance.domains.penetration.drivers.vulnerable_server import address_of, vulnerable_server
from acceptance.domains.traffic.actor import IngressActor
from acceptance.domains.traffic.ingress_client import reach_plain
from acceptance.drivers.http import Http
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acceptance.drivers.http import Reply

_REFERENCE = re.compile(r"""(?:src|href)\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_PAGE = "/"


@dataclass(frozen=True)
class ExposedFiles:
    """Which paths were asked for, and which of them showed something."""

    asked: int
    files: tuple[str, ...]
    """The files that the page needs, beside which others may be left."""
    found: tuple[str, ...]
    unanswered: tuple[str, ...]
    """Paths at which the server answered nothing, or failed."""


class ExposedFilesTester(IngressActor):
    """Asks for files and pages that are often left where visitors find them."""

    def try_on_vulnerable_server(self) -> None:
        """Show that leftovers are found where they are; raises `Unverifiable` if they are not."""
        with vulnerable_server() as connect:
            host, port = address_of(connect)
            with closing(Http(host, port, host, timeout=self._timeouts.request)) as http:
                found = _ask(http, leftovers())
        missed = [path for path in leftovers() if path not in found.found]
        if missed:
            raise Unverifiable(f"A vulnerable server shows these, and they are not found: {missed}")

    def look_for_leftovers(self) -> ExposedFiles:
        """Ask each port of the ingress for leftovers, and for those beside the page's files."""
        page = self._api.page()
        require(page.succeeded, f"The system does not serve its page: {page}.")
        files = _files_of(page.text)
        inline = [
            f"{path} (its sources are within it)"
            for path in files
            if INLINE_SOURCES in self._http.send("GET", path).text
        ]
        paths = [*leftovers(), *(other for path in (_PAGE, *files) for other in beside(path))]
        seen = [_ask(self._http, paths)]
        if self.system.secure:
            with closing(reach_plain(self.system, timeout=self._timeouts.request)) as plain:
                seen.append(_ask(plain, paths))
        done = ExposedFiles(
            sum(each.asked for each in seen),
            tuple(files),
            tuple(dict.fromkeys((*inline, *(path for each in seen for path in each.found)))),
            tuple(dict.fromkeys(path for each in seen for path in each.unanswered)),
        )
        self._keep("What lies around", pretty(asdict(done)))
        return done

    def assert_nothing_exposed(self, done: ExposedFiles) -> None:
        """No path showed anything but what the server says about paths that do not exist."""
        require(done.asked and done.files, "The page needs no file, so nothing was asked for.")
        require(not done.found, f"Visitors are shown {listed(done.found)}.")
        require(not done.unanswered, f"There is no proper answer to {listed(done.unanswered)}.")


def _ask(http: Http, paths: Iterable[str]) -> ExposedFiles:
    """Ask for each path; an answer as to a path that does not exist shows nothing."""
    absent = http.send("GET", f"/{uuid.uuid4().hex}")
    asked, found, unanswered = 0, [], []
    for path in paths:
        reply = http.send("GET", path)
        asked += 1
        if reply.status is None or reply.status >= 500:  # noqa: PLR2004 (RFC 9110: server errors)
            unanswered.append(f"{path} ({reply})")
        elif reply.succeeded and not _same(reply, absent):
            found.append(path)
    return ExposedFiles(asked, (), tuple(found), tuple(unanswered))


def _same(reply: Reply, absent: Reply) -> bool:
    """Return whether a page is that of a server which has one page for all unknown paths."""
    return absent.succeeded and reply.text == absent.text


def _files_of(page: str) -> list[str]:
    """Return the paths of the files of the same server that a page refers to."""
    found = (urlsplit(urljoin(_PAGE, each)) for each in _REFERENCE.findall(page))
    paths = (each.path for each in found if not each.netloc and each.scheme == "")
    return list(dict.fromkeys(path for path in paths if path != _PAGE))
