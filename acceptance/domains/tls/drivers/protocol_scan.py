"""Scans which protocols and ciphers a TLS server accepts, with sslyze and the OpenSSL it brings.

sslyze needs other libraries than the suite, so `make setup` installs it in .tools/probes.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from acceptance.errors import EnvironmentFailure
from acceptance.process import run

PROTOCOLS = {
    "TLS 1.0": "tls_1_0_cipher_suites",
    "TLS 1.1": "tls_1_1_cipher_suites",
    "TLS 1.2": "tls_1_2_cipher_suites",
    "TLS 1.3": "tls_1_3_cipher_suites",
}
"""The protocols that are tried, with their names in sslyze's JSON report."""

_OPTIONS = ("--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--mozilla_config=disable", "--quiet")


@dataclass(frozen=True)
class AcceptedCiphers:
    """The protocols and cipher suites that one server accepted."""

    server: str
    suites: tuple[tuple[str, tuple[str, ...]], ...]
    """For each protocol the cipher suites that were accepted with it, by their IANA names."""

    def of(self, protocol: str) -> tuple[str, ...]:
        """Return the suites that were accepted with a protocol; none if it was refused."""
        return dict(self.suites)[protocol]


def scan_protocols(
    root: Path, address: str, port: int, host: str, *, timeout: float
) -> AcceptedCiphers:
    """Let sslyze offer every suite of every protocol to `address`:`port`, with the name `host`.

    `root` is the project's folder, `timeout` is in seconds.
    Raises `EnvironmentFailure` if sslyze is missing, or could not complete the scan.
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


def read_report(text: str, server: str) -> AcceptedCiphers:
    """Read sslyze's JSON report about one server.

    Raises `EnvironmentFailure` if it has no complete result for one of the protocols.
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
        message = f"sslyze's report on {server} cannot be read: {error!r}. Try: make setup"
        raise EnvironmentFailure(message) from error
    return AcceptedCiphers(server, tuple(found))
