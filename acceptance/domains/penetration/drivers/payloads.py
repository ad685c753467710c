"""The bytes that attacks send: a table for each kind of attack.

Sources: RFC 9110 and 9112 (what a server must refuse), the OWASP Web Security Testing Guide (WSTG
4.2: INPV-15 request smuggling, INPV-17 host header, CONF-06 methods, ATHZ-01 traversal).
"""

from __future__ import annotations

from dataclasses import dataclass

from acceptance.domains.penetration.drivers.raw_http import request

CHECKOUTS = "/api/checkouts"
"""What is attacked: several attacks need its exact length, so no other route is."""
FIRST_PAGE = f"{CHECKOUTS}?limit=1"
FOREIGN_HOST = "attacker.example"
"""A host that is not ours; nothing is ever sent to it."""
ECHO = "reflected-by-the-server"
LEAKS = (b"root:x:0:", b"# HELP ")
"""What shows that a file of the machine, or the operators' metrics, was sent."""
INJECTED_HEADER = "x-injected"


@dataclass(frozen=True)
class HttpAttack:
    """One row: bytes to send to a server."""

    name: str
    data: bytes
    pair: str = ""
    """Which pair of servers it needs, if it smuggles a request past the first: CL.TE or TE.CL."""


def forbidden_methods(host: str) -> tuple[HttpAttack, ...]:
    """Return requests with methods that the application does not need."""
    names = ("TRACE", "TRACK", "CONNECT", "PUT", "DELETE", "PATCH", "PROPFIND", "HACK")
    line = f"X-Echo: {ECHO}"
    rows = [
        HttpAttack(f"{name} {path}", request(name, path, line, "Content-Length: 0", host=host))
        for name in names
        for path in ("/", CHECKOUTS)
    ]
    tunnel = request("CONNECT", "127.0.0.1:5432", host=host)
    other = request("POST", "/", "X-HTTP-Method-Override: DELETE", "Content-Length: 0", host=host)
    return (
        *rows,
        HttpAttack("CONNECT to a port of the server itself", tunnel),
        HttpAttack("DELETE, in a header of a POST", other),
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


def path_traversals(host: str) -> tuple[HttpAttack, ...]:
    """Return requests for paths outside the public folder and the public API."""
    return tuple(
        HttpAttack(f"{name}: {path}", request("GET", path, host=host)) for name, path in _PATHS
    )


def forged_hosts(host: str) -> tuple[HttpAttack, ...]:
    """Return requests that name a foreign host, so that the server believes or repeats it."""
    line = f"Host: {FOREIGN_HOST}"
    rows = {
        "another Host": request("GET", "/", host=FOREIGN_HOST),
        "Host twice": request("GET", "/", line, host=host),
        "Host twice, the foreign one first": request(
            "GET", "/", f"Host: {host}", host=FOREIGN_HOST
        ),
        "Host, folded": request("GET", "/", f" {FOREIGN_HOST}", host=host),
        "Host with a user name": request("GET", "/", host=f"{host}@{FOREIGN_HOST}"),
        "Host with two names": request("GET", "/", host=f"{host},{FOREIGN_HOST}"),
        "an absolute URL in the request line": request("GET", f"http://{FOREIGN_HOST}/", host=host),
        "X-Forwarded-Host": request("GET", "/", f"X-Forwarded-Host: {FOREIGN_HOST}", host=host),
        "X-Forwarded-Host to the API": request(
            "GET", f"{CHECKOUTS}/", f"X-Forwarded-Host: {FOREIGN_HOST}", host=host
        ),
        "Forwarded": request("GET", "/", f"Forwarded: host={FOREIGN_HOST}", host=host),
        "two slashes": request("GET", f"//{FOREIGN_HOST}/%2e%2e", host=host),
    }
    return tuple(HttpAttack(name, data) for name, data in rows.items())


def header_injections(host: str) -> tuple[HttpAttack, ...]:
    """Return requests that try to inject a header line into the response."""
    path = FIRST_PAGE

    def named(value: str) -> bytes:
        return request("GET", path, f"X-Request-Id: {value}", host=host)

    rows = {
        "in the path": request("GET", "/%0d%0aX-Injected:%20yes", host=host),
        "in the path of a folder": request("GET", "/assets%0d%0aX-Injected:%20yes", host=host),
        "in the path, one byte only": request("GET", "/%0aX-Injected:%20yes", host=host),
        "in a value that is repeated": named("a%0d%0aX-Injected: yes"),
        "in a value, one byte only": named("a%0aX-Injected: yes"),
        "in a value, a bare CR": named("a\rX-Injected: yes"),
        "in a value, a folded line": named("a\r\n X-Injected: yes"),
        "in the host": request(
            "GET", "/", f"X-Forwarded-Host: {host}%0d%0aX-Injected: yes", host=host
        ),
    }
    return tuple(HttpAttack(name, data) for name, data in rows.items())


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


def smuggled_requests(host: str) -> tuple[HttpAttack, ...]:
    """Return requests that hide another one, for a page that the ingress does not route.

    A harmless request follows each: a server that was deceived gives it the hidden one's response.
    """
    inner = request("GET", "/metrics", host=host, close=False)
    harmless = request("GET", FIRST_PAGE, host=host)
    whole = b"0\r\n\r\n" + inner

    def outer(body: bytes, *fields: str) -> bytes:
        kind = "Content-Type: application/json"
        return (
            request("POST", CHECKOUTS, kind, *fields, host=host, body=body, close=False) + harmless
        )

    length = f"Content-Length: {len(whole)}"
    rows = [HttpAttack(name, outer(whole, length, field), "CL.TE") for name, field in _CHUNKED]
    chunk = f"{len(inner):x}\r\n".encode() + inner + b"\r\n0\r\n\r\n"
    short = f"Content-Length: {len(f'{len(inner):x}') + 2}"
    rows += [
        HttpAttack("TE.CL", outer(chunk, short, "Transfer-Encoding: chunked"), "TE.CL"),
        HttpAttack("TE.CL, folded", outer(chunk, short, "Transfer-Encoding:\r\n chunked"), "TE.CL"),
        HttpAttack(
            "two lengths",
            outer(inner, "Content-Length: 0", f"Content-Length: {len(inner)}"),
            "CL.TE",
        ),
    ]
    return tuple(rows)


def oversized_requests(host: str) -> tuple[HttpAttack, ...]:
    """Return requests that are much larger than any that the application sends."""
    kind = "Content-Type: application/json"
    large = b'{"customer": "' + b"a" * 1_000_000 + b'"}'
    pieces = [large[at : at + 4096] for at in range(0, len(large), 4096)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    many = [f"X-Line-{number}: a" for number in range(2000)]
    measured = f"Content-Length: {len(large)}"
    rows = {
        "a body of 1 MB to the API": request(
            "POST", CHECKOUTS, kind, measured, host=host, body=large
        ),
        "a body of unknown length": request(
            "POST", CHECKOUTS, kind, "Transfer-Encoding: chunked", host=host, body=chunks
        ),
        "a body of 1 MB to the page": request("POST", "/", measured, host=host, body=large),
        "a header of 64 KB to the API": request("GET", FIRST_PAGE, _long(), host=host),
        "a header of 64 KB to the page": request("GET", "/", _long(), host=host),
        "2000 header lines to the API": request("GET", FIRST_PAGE, *many, host=host),
        "2000 header lines to the page": request("GET", "/", *many, host=host),
        "an address of 64 KB": request("GET", "/?" + "a" * 65536, host=host),
        "an address of 64 KB to the API": request(
            "GET", f"{FIRST_PAGE}&x=" + "a" * 65536, host=host
        ),
    }
    return tuple(HttpAttack(name, data) for name, data in rows.items())


def _long() -> str:
    return "X-Long: " + "a" * 65536


def slow_requests(host: str) -> dict[str, tuple[bytes, bytes]]:
    """Return by kind what is sent first, and what is then sent repeatedly, never to finish."""
    head = request("GET", "/", host=host, close=False).removesuffix(b"\r\n")
    kind = "Content-Type: application/json"
    body = request("POST", CHECKOUTS, kind, "Content-Length: 1000", host=host, close=False)
    return {
        "nothing at all": (b"", b""),
        "a head, line by line": (head, b"X-More: a\r\n"),
        "a body, byte by byte": (body, b" "),
    }
