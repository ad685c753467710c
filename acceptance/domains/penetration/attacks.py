"""What an attacker sends: a table for each way, and how it shows that something got through.

Sources: RFC 9110 and 9112 (what a server must refuse), the OWASP Web Security Testing Guide (WSTG
4.2: INPV-15 request smuggling, INPV-17 host header, CONF-06 methods, ATHZ-01 traversal).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.penetration.drivers.raw_http import request

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.domains.penetration.drivers.raw_http import Answer

API = "/api/checkouts"
FOREIGN = "attacker.example"
"""A host that is not ours; nothing is ever sent to it."""
_ECHO = "reflected-by-the-server"
_INSIDE = (b"root:x:0:", b"# HELP ")
"""What shows that a file of the machine, or the operators' metrics, was handed out."""
_HEADER = "x-injected"


@dataclass(frozen=True)
class Attack:
    """One row: bytes to send, and what must not come back for them."""

    name: str
    data: bytes
    pair: str = ""
    """Which pair of servers it is for, if it takes two to be fooled: CL.TE or TE.CL."""


def methods(host: str) -> tuple[Attack, ...]:
    """Return requests with methods that nobody needs."""
    names = ("TRACE", "TRACK", "CONNECT", "PUT", "DELETE", "PATCH", "PROPFIND", "HACK")
    line = f"X-Echo: {_ECHO}"
    rows = [
        Attack(f"{name} {path}", request(name, path, line, "Content-Length: 0", host=host))
        for name in names
        for path in ("/", API)
    ]
    tunnel = request("CONNECT", "127.0.0.1:5432", host=host)
    other = request("POST", "/", "X-HTTP-Method-Override: DELETE", "Content-Length: 0", host=host)
    return (
        *rows,
        Attack("CONNECT to a port of the server itself", tunnel),
        Attack("DELETE, said in a header of a POST", other),
    )


_PATHS = (
    ("up, as it is", "/../../../../etc/passwd"),
    ("up, from a folder", "/assets/../../../etc/passwd"),
    ("encoded dots", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd"),
    ("encoded slashes", "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd"),
    ("encoded twice", "/%252e%252e%252f%252e%252e%252f%252e%252e%252fetc%252fpasswd"),
    ("backslashes", "/..\\..\\..\\etc\\passwd"),
    ("encoded backslashes", "/..%5c..%5c..%5cetc%5cpasswd"),
    ("overlong UTF-8", "/%c0%ae%c0%ae%c0%af%c0%ae%c0%ae%c0%afetc/passwd"),
    ("a zero byte", "/../../etc/passwd%00.html"),
    ("path parameters", "/..;/..;/etc/passwd"),
    ("an alias without its slash", "/assets../passwd"),
    ("an alias without its slash, further up", "/assets../../../etc/passwd"),
    ("out of the API", "/api/../metrics"),
    ("out of the API, encoded", "/api/..%2fmetrics"),
    ("out of the API, encoded twice", "/api/%252e%252e%252fmetrics"),
    ("out of the API, with a parameter", "/api/..;/metrics"),
    ("out of the API, backslash", "/api/..%5cmetrics"),
)


def paths(host: str) -> tuple[Attack, ...]:
    """Return requests for what lies outside of the public folder and of the public API."""
    return tuple(
        Attack(f"{name}: {path}", request("GET", path, host=host)) for name, path in _PATHS
    )


def hosts(host: str) -> tuple[Attack, ...]:
    """Return requests that name a foreign host, to have it believed or said again."""
    line = f"Host: {FOREIGN}"
    rows = {
        "another Host": request("GET", "/", host=FOREIGN),
        "Host twice": request("GET", "/", line, host=host),
        "Host twice, the foreign one first": request("GET", "/", f"Host: {host}", host=FOREIGN),
        "Host, folded": request("GET", "/", f" {FOREIGN}", host=host),
        "Host with a name before @": request("GET", "/", host=f"{host}@{FOREIGN}"),
        "Host with two names": request("GET", "/", host=f"{host},{FOREIGN}"),
        "a whole address in the request line": request("GET", f"http://{FOREIGN}/", host=host),
        "X-Forwarded-Host": request("GET", "/", f"X-Forwarded-Host: {FOREIGN}", host=host),
        "X-Forwarded-Host to the API": request(
            "GET", f"{API}/", f"X-Forwarded-Host: {FOREIGN}", host=host
        ),
        "Forwarded": request("GET", "/", f"Forwarded: host={FOREIGN}", host=host),
        "two slashes": request("GET", f"//{FOREIGN}/%2e%2e", host=host),
    }
    return tuple(Attack(name, data) for name, data in rows.items())


def lines(host: str) -> tuple[Attack, ...]:
    """Return requests that try to write a header line of their own into the answer."""
    path = f"{API}?limit=1"

    def named(value: str) -> bytes:
        return request("GET", path, f"X-Request-Id: {value}", host=host)

    rows = {
        "in the path": request("GET", "/%0d%0aX-Injected:%20yes", host=host),
        "in the path of a folder": request("GET", "/assets%0d%0aX-Injected:%20yes", host=host),
        "in the path, one byte only": request("GET", "/%0aX-Injected:%20yes", host=host),
        "in a value that is said again": named("a%0d%0aX-Injected: yes"),
        "in a value, one byte only": named("a%0aX-Injected: yes"),
        "in a value, a bare CR": named("a\rX-Injected: yes"),
        "in a value, a folded line": named("a\r\n X-Injected: yes"),
        "in the host": request(
            "GET", "/", f"X-Forwarded-Host: {host}%0d%0aX-Injected: yes", host=host
        ),
    }
    return tuple(Attack(name, data) for name, data in rows.items())


_CHUNKED = (
    ("CL.TE", "Transfer-Encoding: chunked"),
    ("TE.TE, two of them", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
    ("TE.TE, unknown", "Transfer-Encoding: xchunked"),
    ("TE.TE, a blank before the colon", "Transfer-Encoding : chunked"),
    ("TE.TE, a tab", "Transfer-Encoding:\tchunked"),
    ("TE.TE, a vertical tab", "Transfer-Encoding: \x0bchunked"),
    ("TE.TE, in a list", "Transfer-Encoding: identity, chunked"),
    ("TE.TE, in quotes", 'Transfer-Encoding: "chunked"'),
    ("TE.TE, an underscore", "Transfer_Encoding: chunked"),
    ("TE.TE, behind a bare LF", "X-Odd: odd\nTransfer-Encoding: chunked"),
    ("TE.TE, behind a bare CR", "X-Odd: odd\rTransfer-Encoding: chunked"),
    ("obsolete folding of the value", "Transfer-Encoding:\r\n chunked"),
    ("obsolete folding of the line before", "X-Odd: odd\r\n Transfer-Encoding: chunked"),
)


def hidden(host: str) -> tuple[Attack, ...]:
    """Return requests with another one inside, for a page that the ingress leads nobody to.

    Behind each comes an innocent one: whoever is fooled gives it the hidden one's answer.
    """
    inner = request("GET", "/metrics", host=host, close=False)
    innocent = request("GET", f"{API}?limit=1", host=host)
    whole = b"0\r\n\r\n" + inner

    def outer(body: bytes, *fields: str) -> bytes:
        kind = "Content-Type: application/json"
        return request("POST", API, kind, *fields, host=host, body=body, close=False) + innocent

    length = f"Content-Length: {len(whole)}"
    rows = [Attack(name, outer(whole, length, field), "CL.TE") for name, field in _CHUNKED]
    chunk = f"{len(inner):x}\r\n".encode() + inner + b"\r\n0\r\n\r\n"
    short = f"Content-Length: {len(f'{len(inner):x}') + 2}"
    rows += [
        Attack("TE.CL", outer(chunk, short, "Transfer-Encoding: chunked"), "TE.CL"),
        Attack("TE.CL, folded", outer(chunk, short, "Transfer-Encoding:\r\n chunked"), "TE.CL"),
        Attack(
            "two lengths",
            outer(inner, "Content-Length: 0", f"Content-Length: {len(inner)}"),
            "CL.TE",
        ),
    ]
    return tuple(rows)


def sizes(host: str) -> tuple[Attack, ...]:
    """Return requests that are larger than any that the application sends, by far."""
    kind = "Content-Type: application/json"
    large = b'{"customer": "' + b"a" * 1_000_000 + b'"}'
    pieces = [large[at : at + 4096] for at in range(0, len(large), 4096)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    many = [f"X-Line-{number}: a" for number in range(2000)]
    measured = f"Content-Length: {len(large)}"
    rows = {
        "a body of 1 MB to the API": request("POST", API, kind, measured, host=host, body=large),
        "a body without an end that is known": request(
            "POST", API, kind, "Transfer-Encoding: chunked", host=host, body=chunks
        ),
        "a body of 1 MB to the page": request("POST", "/", measured, host=host, body=large),
        "a header of 64 KB to the API": request("GET", f"{API}?limit=1", _long(), host=host),
        "a header of 64 KB to the page": request("GET", "/", _long(), host=host),
        "2000 header lines to the API": request("GET", f"{API}?limit=1", *many, host=host),
        "2000 header lines to the page": request("GET", "/", *many, host=host),
        "an address of 64 KB": request("GET", "/?" + "a" * 65536, host=host),
        "an address of 64 KB to the API": request(
            "GET", f"{API}?limit=1&x=" + "a" * 65536, host=host
        ),
    }
    return tuple(Attack(name, data) for name, data in rows.items())


def _long() -> str:
    return "X-Long: " + "a" * 65536


def _answered(answer: Answer) -> str | None:
    if _ECHO.encode() in answer.body:
        return "what was sent came back"
    return f"HTTP {answer.status}" if answer.succeeded else None


def _leaked(answer: Answer) -> str | None:
    found = next((each for each in _INSIDE if each in answer.body), None)
    return f"{found.decode()!r} was handed out" if found else None


def _believed(answer: Answer) -> str | None:
    said = [name for name, value in answer.headers if FOREIGN in value]
    if said:
        return f"{FOREIGN} is named in {', '.join(said)}"
    return f"{FOREIGN} is named in the page" if FOREIGN.encode() in answer.body else None


def _split(answer: Answer) -> str | None:
    return f"the answer has a line {_HEADER}" if answer.header(_HEADER) else None


def _taken(answer: Answer) -> str | None:
    return f"HTTP {answer.status}" if answer.succeeded else None


@dataclass(frozen=True)
class Family:
    """Attacks of one kind: what is sent, and how an answer shows that one got through."""

    rows: Callable[[str], tuple[Attack, ...]]
    """By the host that is attacked."""
    shown: Callable[[Answer], str | None]


FAMILIES = {
    "forbidden methods": Family(methods, _answered),
    "paths that lead outside": Family(paths, _leaked),
    "forged hosts": Family(hosts, _believed),
    "injected header lines": Family(lines, _split),
    "requests hidden in others": Family(hidden, _leaked),
    "oversized requests": Family(sizes, _taken),
}
"""By the words of the feature."""
