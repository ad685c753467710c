"""Tries which protocols and ciphers a TLS server accepts, with sslyze and the OpenSSL it brings.

sslyze needs other libraries than the suite, so it lives in .tools/probes, which `make setup` makes.
"""

from __future__ import annotations

import json
import socket
import ssl
import tempfile
import threading
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from acceptance.errors import EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Iterator

PROTOCOLS = {
    "TLS 1.0": "tls_1_0_cipher_suites",
    "TLS 1.1": "tls_1_1_cipher_suites",
    "TLS 1.2": "tls_1_2_cipher_suites",
    "TLS 1.3": "tls_1_3_cipher_suites",
}
"""The protocols that are tried, by their names in sslyze's JSON document."""

_OPTIONS = ("--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--mozilla_config=disable", "--quiet")
_LOOPBACK = "127.0.0.1"
_PATIENCE = 10.0  # seconds for one client of the listener
_WAITING = 128  # clients that may wait: sslyze comes with many at once


@dataclass(frozen=True)
class Accepted:
    """What one server agreed to."""

    server: str
    suites: tuple[tuple[str, tuple[str, ...]], ...]
    """(protocol, the cipher suites that were accepted with it, by their IANA names)."""

    def of(self, protocol: str) -> tuple[str, ...]:
        """Return the suites that were accepted with a protocol; none if it is refused."""
        return dict(self.suites)[protocol]


def try_protocols(root: Path, address: str, port: int, host: str, *, timeout: float) -> Accepted:
    """Let sslyze offer every suite of every protocol to `address`:`port`, as to `host`.

    `root` is the project's folder, `timeout` is in seconds.
    Raises `EnvironmentFailure` if sslyze is missing, or did not get to the end with any of them.
    """
    python = root / ".tools" / "probes" / "bin" / "python"
    if not python.exists():
        raise EnvironmentFailure("sslyze is not installed. Try: make setup")
    literal = f"[{address}]" if ":" in address else address
    with tempfile.TemporaryDirectory(prefix="sslyze-") as folder:
        report = Path(folder) / "report.json"
        run(
            [
                *(python, "-m", "sslyze", *_OPTIONS),
                *(f"--json_out={report}", f"{host}:{port}{{{literal}}}"),
            ],
            timeout=timeout,
            remedy="Try: .tools/probes/bin/python -m sslyze --help",
        )
        return read_report(report.read_text(encoding="utf-8"), f"{host} at {address}:{port}")


def read_report(text: str, server: str) -> Accepted:
    """Read sslyze's JSON document about one server.

    Raises `EnvironmentFailure` where it did not try, or could not end, what was asked for.
    """
    try:
        results = json.loads(text)["server_scan_results"]
        attempts = results[0]["scan_result"] if results else None
        if not attempts:
            reason = results[0].get("connectivity_error_trace") if results else "no result"
            raise EnvironmentFailure(f"sslyze did not reach {server}: {str(reason)[-200:]}")
        found = []
        for protocol, key in PROTOCOLS.items():
            attempt = attempts[key]
            if attempt["status"] != "COMPLETED":
                why = attempt.get("error_reason") or attempt["status"]
                raise EnvironmentFailure(f"sslyze could not try {protocol} on {server}: {why}.")
            accepted = attempt["result"]["accepted_cipher_suites"]
            found.append((protocol, tuple(each["cipher_suite"]["name"] for each in accepted)))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        message = f"What sslyze said of {server} cannot be read: {error!r}. Try: make setup"
        raise EnvironmentFailure(message) from error
    return Accepted(server, tuple(found))


@contextmanager
def lenient_server() -> Iterator[int]:
    """Serve TLS on the loopback address as laxly as OpenSSL can, and yield the port.

    It takes TLS 1.0 to 1.3 with all suites, those without encryption or a certificate included, and
    says nothing. Whoever gets through here can send what a strict server has to refuse.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())):
        with tempfile.NamedTemporaryFile() as file:
            file.write(_self_signed(key))
            file.flush()
            context.load_cert_chain(file.name)
    listener = socket.create_server((_LOOPBACK, 0), backlog=_WAITING)
    threading.Thread(target=_serve, args=(listener, context), daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread, which a close alone does not
        listener.close()


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return  # the listener was closed
        client.settimeout(_PATIENCE)
        threading.Thread(target=_shake, args=(client, context), daemon=True).start()


def _shake(client: socket.socket, context: ssl.SSLContext) -> None:
    with (
        client,
        suppress(OSError, ValueError),
        context.wrap_socket(client, server_side=True) as met,
    ):
        met.recv(1)


def _self_signed(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    """Return a certificate of a day and its key, as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lenient.invalid")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
