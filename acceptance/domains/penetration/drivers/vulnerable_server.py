"""A server without any defence, on this machine only: each attack is tried on it first.

It believes every byte that it is sent. It serves nobody else: it listens on the loopback address,
has only the invented files below, and ends with the scenario.
"""

from __future__ import annotations

import json
import posixpath
import re
import socketserver
import threading
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import unquote_to_bytes

from acceptance.domains.penetration.drivers.leftovers import leftovers
from acceptance.drivers.sockets import plainly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acceptance.drivers.sockets import Connect

SECRET_FILE = b"root:x:0:0:root:/root:/bin/bash\n"
"""The content of a file outside the public folder, as on every Unix."""
METRICS = b"# HELP made_up A page for the operators.\n"
"""The content of a page that the ingress does not route."""

_ROOT = "/srv/site"
_LEFTOVERS = leftovers()
_FILES = {
    "/etc/passwd": SECRET_FILE,
    "/srv/passwd": SECRET_FILE,
    "/srv/metrics": METRICS,
    f"{_ROOT}/metrics": METRICS,
}
_TEMPLATE = re.compile(rb"(?:\{\{|\$\{|<%=)\s*(\d+)\*(\d+)\s*(?:\}\}|\}|%>)")
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)


class _VulnerableHandler(socketserver.StreamRequestHandler):
    """Serves one connection: any method, any path, any host, any size, at any pace."""

    timeout: ClassVar[float | None] = None

    def handle(self) -> None:
        """Answer requests until the client has gone."""
        while (head := self._head()) is not None:
            line, _, rest = head.partition(b"\r\n")
            method, _, target = line.partition(b" ")
            target = target.rpartition(b" ")[0]
            length = _LENGTH.search(rest)
            body = self.rfile.read(int(length.group(1))) if length else self._chunks(rest)
            self.wfile.write(_response(method, target, rest, head + body, body))
            if b"connection: close" in rest.lower():
                return

    def _head(self) -> bytes | None:
        lines = []
        while (line := self.rfile.readline()) not in {b"", b"\r\n", b"\n"}:
            lines.append(line)
        return b"".join(lines) if lines else None

    def _chunks(self, head: bytes) -> bytes:
        if b"chunked" not in head.lower():
            return b""
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole


class _PairHandler(_VulnerableHandler):
    """Two servers in a row that measure a request in different ways.

    The first forwards what it takes for one request; the second may find another one in it. All
    visitors share the connection between the two, and each gets the next response.
    """

    behind: ClassVar[_SecondServer]

    def handle(self) -> None:
        """Forward requests to the second server, and return one response for each."""
        while (head := self._head()) is not None:
            if head.split(b" ")[1:2] == [b"/metrics"]:
                self.wfile.write(_reply(b"404 Not Found", [], b""))  # not routed
                continue
            lengths = _LENGTH.findall(head)
            if self.behind.by_chunks:
                body = self.rfile.read(int(lengths[-1])) if lengths else b""
            else:
                body = self._raw_chunks() if b"chunked" in head.lower() else b""
            self.wfile.write(self.behind.carry(head, body))
            if b"connection: close" in head.lower():
                return

    def _raw_chunks(self) -> bytes:
        whole = b""
        while not whole.endswith(b"0\r\n\r\n") and (line := self.rfile.readline()):
            whole += line
        return whole


class _SecondServer:
    """Measures by chunks, however declared, or by length: the way that the first does not."""

    def __init__(self, *, by_chunks: bool) -> None:
        self.by_chunks = by_chunks
        self._unread = b""
        self._responses: list[bytes] = []
        self._lock = threading.Lock()

    def carry(self, head: bytes, body: bytes) -> bytes:
        with self._lock:
            self._unread += head + b"\r\n" + body
            while b"\r\n\r\n" in self._unread:
                head, _, rest = self._unread.partition(b"\r\n\r\n")
                chunked = self.by_chunks and b"chunked" in head.lower()
                length = _LENGTH.search(head)
                end = 0 if chunked or not length else int(length.group(1))
                if chunked:
                    end = rest.find(b"0\r\n\r\n") + len(b"0\r\n\r\n")
                self._unread = rest[end:]
                line, _, fields = head.partition(b"\r\n")
                _, target, *_ = (*line.split(b" "), b"")
                self._responses.append(_response(b"GET", target, fields, head))
            return self._responses.pop(0) if self._responses else b""


def _response(
    method: bytes, target: bytes, fields: bytes, whole: bytes, body: bytes = b""
) -> bytes:
    """Return the response of a server that was written without attacks in mind."""
    if method == b"TRACE":
        return _reply(b"200 OK", [], whole)
    if target.startswith(b"/show?text="):
        return _reply(b"200 OK", [b"Content-Type: text/html; charset=utf-8"], _page(target))
    if method == b"POST" and target.startswith(b"/api/"):
        try:
            json.loads(body)["customer"]
        except (ValueError, LookupError, TypeError):
            return _reply(b"500 Internal Server Error", [], traceback.format_exc().encode())
    if target.decode("latin-1") in _LEFTOVERS and method == b"GET" and target != b"/metrics":
        return _reply(b"200 OK", [], b"left over")
    host = _field(fields, b"x-forwarded-host") or _field(fields, b"forwarded").rpartition(b"=")[2]
    host = host or _authority(target) or b",".join(_fields(fields, b"host"))
    path = _decoded(target)
    host = unquote_to_bytes(host)
    chosen = unquote_to_bytes(_field(fields, b"x-request-id"))
    lines = [b"Location: http://" + host + path, b"X-Request-Id: " + chosen]
    found = _FILES.get(posixpath.normpath(_ROOT + path.decode("latin-1")))
    return _reply(b"200 OK", lines, found or b"welcome to " + host)


def _decoded(target: bytes) -> bytes:
    """Decode a path as often as it can be, and take every dot and slash for what it looks like."""
    path, before = target.partition(b"?")[0], b""
    while path != before:
        path, before = unquote_to_bytes(path), path
    for odd, plain in ((b"\xc0\xae", b"."), (b"\xc0\xaf", b"/"), (b"\\", b"/"), (b"..;", b"..")):
        path = path.replace(odd, plain)
    path = re.sub(rb"^/(api|assets)(?=/|\.\.)", b"", path.partition(b"\0")[0])
    return re.sub(rb"^(?=\.)", b"/", path)


def _page(target: bytes) -> bytes:
    """Return a page with a text in it, unescaped, and its templates evaluated."""
    text = unquote_to_bytes(target.partition(b"=")[2])
    text = _TEMPLATE.sub(lambda found: b"%d" % (int(found[1]) * int(found[2])), text)
    return b"<!doctype html><title>Vulnerable</title><main>" + text + b"</main>"


def _authority(target: bytes) -> bytes:
    return target.split(b"/")[2] if target.startswith(b"http://") else b""


def _field(fields: bytes, name: bytes) -> bytes:
    return next(iter(_fields(fields, name)), b"")


def _fields(fields: bytes, name: bytes) -> list[bytes]:
    found = re.findall(
        rb"(?im)^" + name + rb":[ \t]*((?:[^\n]|\n[ \t])*?)\r?(?:\n(?![ \t])|\Z)", fields
    )
    return [re.sub(rb"\n[ \t]+", b"\n", each) for each in found]


def _reply(status: bytes, lines: list[bytes], body: bytes) -> bytes:
    length = b"Content-Length: " + str(len(body)).encode()
    return b"\r\n".join([b"HTTP/1.1 " + status, *lines, length, b"", b""]) + body


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128


@contextmanager
def vulnerable_server(pair: str = "") -> Iterator[Connect]:
    """Serve without any defence on a free port of the loopback address; give how to connect.

    `pair` puts two servers behind each other that disagree about where a request ends: CL.TE (the
    one in front goes by Content-Length, the other by Transfer-Encoding) or TE.CL.
    """
    handler: type[_VulnerableHandler] = _VulnerableHandler
    if pair:
        handler = type(
            "_OnePair", (_PairHandler,), {"behind": _SecondServer(by_chunks=pair == "CL.TE")}
        )
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield plainly("127.0.0.1", server.server_address[1])
        finally:
            server.shutdown()


def address_of(connect: Connect) -> tuple[str, int]:
    """Return the address and the port to which `connect` connects."""
    with connect(1.0) as connection:
        host, port = connection.getpeername()[:2]
        return str(host), int(port)
