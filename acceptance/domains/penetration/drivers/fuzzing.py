"""Runs schemathesis against an API and reads what it found; it has an environment of its own."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.errors import EnvironmentFailure
from acceptance.process import run, tail

if TYPE_CHECKING:
    from collections.abc import Sequence

CHECKS = (
    "not_a_server_error",
    "unsupported_method",
    "negative_data_rejection",
    "missing_required_header",
    "allow_header_conformance",
)
"""What schemathesis can check that bears on security: no crash, and nothing accepted that must not
be. Whether responses match their description is left out: the ingress refuses some requests before
the service gets them, with responses that the description lacks. `ignored_auth` is left out too:
the API has no accounts."""

_PYTHON = ".tools/probes/bin/python"
_RUNNER = Path(__file__).with_name("run_schemathesis.py")
_RATE = 100  # requests in a second at most
_EXAMPLES = 10  # for each operation, beside those that cover its schema
_SEED = 1
_TRACE = re.compile(
    r'Traceback \(most recent call last\)|File \\?"[^"]+", line \d+|psycopg|SQLSTATE|'
    r"\bat [\w.$]+\([\w.]+:\d+\)"
)
"""What shows leaked internals: stack traces of Python and Java, and messages of the database."""


@dataclass(frozen=True)
class Weakness:
    """What a check of schemathesis found."""

    code: str
    """Such as ST101, a server error; empty if schemathesis itself had an error."""
    title: str
    operations: tuple[str, ...]

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.title} ({self.code or 'error'}): {', '.join(self.operations[:3])}"


@dataclass(frozen=True)
class FuzzFacts:
    """What schemathesis did, and what it found."""

    operations: int
    """Operations of the document that it attacked, or left out."""
    untested: int
    cases: int
    """Requests that were generated and sent."""
    weaknesses: tuple[Weakness, ...]
    leaks: tuple[str, ...]
    """Responses that leak internals: the request, and the leaked text."""
    statuses: tuple[tuple[int, int], ...]
    """How many responses had each status."""
    stopped: str
    """Why it ended: `completed`, or the reason of an early end."""
    seconds: float


def fuzz(
    root: Path,
    document: str,
    base: str,
    *,
    resolve: tuple[str, str] | None = None,
    authority: str = "",
    briefly: bool = False,
    timeout: float,
) -> FuzzFacts:
    """Send what schemathesis generates from an OpenAPI `document` to `base`, a URL of this run.

    `resolve` is (name, address), for a name that no resolver knows. `authority` is the
    certificate (PEM) by which a server over TLS is verified. `briefly` sends only what covers the
    document, and no random requests. `timeout` is in seconds.

    Raises `EnvironmentFailure` if schemathesis is not installed or leaves no report.
    """
    program = root / _PYTHON
    if not program.exists():
        raise EnvironmentFailure(f"schemathesis is not installed at {_PYTHON}. Try: make setup")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        folder = Path(name)
        (folder / "openapi.json").write_text(document, encoding="utf-8")
        (folder / "authority.pem").write_text(authority, encoding="ascii")
        report, traffic = folder / "report.json", folder / "traffic.har"
        done = run(
            [
                *(
                    program,
                    "-P",
                    _RUNNER,
                    *(resolve or ("", "")),
                    "run",
                    "openapi.json",
                    "--url",
                    base,
                ),
                *("--phases", "coverage" if briefly else "coverage,fuzzing"),
                *("--checks", ",".join(CHECKS)),
                *("--max-examples", str(_EXAMPLES), "--seed", str(_SEED), "--workers", "1"),
                *("--rate-limit", f"{_RATE}/s", "--request-timeout", "10", "--max-redirects", "0"),
                *("--continue-on-failure", "--no-shrink", "--warnings", "off", "--no-color"),
                *("--report", "json,har", "--report-json-path", report),
                *("--report-har-path", traffic),
                *(("--tls-verify", "authority.pem") if authority else ()),
            ],
            timeout=timeout,
            cwd=folder,  # where no schemathesis.toml can be
            accepted=(0, 1),
            remedy="Try: .tools/probes/bin/python -m schemathesis.cli --version",
        )
        if not report.exists() or not traffic.exists():
            raise EnvironmentFailure(
                f"schemathesis left no report: {tail(done.stdout + done.stderr)}"
            )
        return read_reports(
            report.read_text(encoding="utf-8"), traffic.read_text(encoding="utf-8"), done.seconds
        )


def read_reports(report: str, traffic: str, seconds: float) -> FuzzFacts:
    """Read schemathesis' JSON report and its HAR archive; raises `EnvironmentFailure`."""
    try:
        told, archive = json.loads(report), json.loads(traffic)
        entries: Sequence[dict[str, Any]] = archive["log"]["entries"]
        operations = told["operations"]
        counts: dict[int, int] = {}
        for each in entries:
            status = int(each["response"]["status"])
            counts[status] = counts.get(status, 0) + 1
        failures = [
            Weakness(str(each["code"]), str(each["title"]), tuple(map(str, each["operations"])))
            for each in told["failures"]
        ]
        errors = [Weakness("", str(each.get("title", each)), ()) for each in told["errors"]]
        return FuzzFacts(
            operations=int(operations["selected"]),
            untested=int(operations["selected"]) - int(operations["tested"]),
            cases=int(told["test_cases"]["generated"]),
            weaknesses=(*failures, *errors),
            leaks=tuple(filter(None, map(_leak, entries))),
            statuses=tuple(sorted(counts.items())),
            stopped=str(told["stop_reason"]),
            seconds=round(seconds, 1),
        )
    except (ValueError, KeyError, TypeError) as error:
        message = f"The reports of schemathesis cannot be read ({error!r}). Try: make setup"
        raise EnvironmentFailure(message) from error


def _leak(entry: dict[str, Any]) -> str | None:
    found = _TRACE.search(entry["response"]["content"].get("text", ""))
    if found is None:
        return None
    return f"{entry['request']['method']} {entry['request']['url']}: {found.group()}"
