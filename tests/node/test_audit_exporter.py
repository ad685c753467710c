from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from acceptance.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


def _load() -> ModuleType:
    """The exporter, which is no module of a package."""
    path = ROOT / "node" / "audit-exporter" / "exporter.py"
    spec = importlib.util.spec_from_file_location("audit_exporter", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look it up
    spec.loader.exec_module(module)
    return module


exporter = _load()


def line(code: int = 403, *, user: str = "jo", **changed: object) -> bytes:
    """A line of the log."""
    event = {
        "kind": "Event",
        "stage": "ResponseComplete",
        "verb": "get",
        "user": {"username": user} if user else {},
        "objectRef": {"resource": "pods", "namespace": "checkout", "name": "backend-1"},
        "responseStatus": {"code": code},
    }
    return json.dumps(event | changed).encode() + b"\n"


def secret(code: int = 200, *, user: str = "jo", **changed: object) -> bytes:
    """A line about a Secret."""
    target = {"resource": "secrets", "namespace": "checkout", "name": "tls"}
    return line(code, user=user, objectRef=target, **changed)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An audit log with a line that was there before."""
    found = tmp_path / "audit.log"
    found.write_bytes(line())
    return found


def opened(path: Path) -> Any:  # noqa: ANN401 (a class of a loaded file)
    """The exporter's view of the log, once it has begun."""
    log = exporter.AuditLog(path, path.with_name("state"))
    log.read()
    return log


def append(path: Path, *lines: bytes) -> None:
    """Write at the end of the log."""
    with path.open("ab") as file:
        file.write(b"".join(lines))


def counted(log: Any) -> dict[str, int]:  # noqa: ANN401 (the same)
    """What was counted, by the labels that are not empty."""
    return {
        " ".join(filter(None, labels)): number for labels, number in log.counts.requests.items()
    }


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        (line(403), ("jo", "get", "pods", "checkout", "", "403")),
        (line(401), ("jo", "get", "pods", "checkout", "", "401")),
        (secret(200), ("jo", "get", "secrets", "checkout", "tls", "200")),
        (secret(404, verb="delete"), ("jo", "delete", "secrets", "checkout", "tls", "404")),
        (secret(403), ("jo", "get", "secrets", "checkout", "tls", "403")),
        (line(403, objectRef=None), ("jo", "get", "", "", "", "403")),
        (line(403, user="x" * 300), ("x" * 256, "get", "pods", "checkout", "", "403")),
        (line(200), None),
        (line(404), None),
        (line(403, stage="ResponseStarted"), None),
        (secret(200, stage="ResponseStarted", verb="watch"), None),
        (line(200, objectRef={"resource": "secrets", "apiGroup": "example.com"}), None),
        # A request that could not be authenticated has this stage only, and no user.
        (
            line(401, user="", stage="ResponseStarted"),
            ("unauthenticated", "get", "pods", "checkout", "", "401"),
        ),
        (line(401, stage="ResponseStarted"), None),
    ],
)
def test_refusals_and_secrets_are_counted(written: bytes, labels: tuple[str, ...] | None) -> None:
    """Each request once, when it is complete; the name of a Secret, and of nothing else."""
    assert exporter.labels_of(json.loads(written)) == labels


def test_what_was_there_before_is_not_counted(path: Path) -> None:
    """A new pod begins at the end, and then counts each line once."""
    log = opened(path)
    assert counted(log) == {}
    append(path, line(), secret(), line())
    log.read()
    log.read()
    assert counted(log) == {"jo get pods checkout 403": 2, "jo get secrets checkout tls 200": 1}
    assert log.counts.lines == 3
    assert log.behind() == 0


def test_a_half_written_line_is_counted_when_it_is_complete(path: Path) -> None:
    """Also the one that was being written when the pod began."""
    whole = line()
    append(path, whole[:20])
    log = opened(path)
    assert log.counts.lines == 0
    append(path, whole[20:], whole[:7])
    log.read()
    assert log.counts.lines == 1
    assert log.behind() == 7
    append(path, whole[7:])
    log.read()
    assert counted(log) == {"jo get pods checkout 403": 2}
    assert log.counts.invalid == 0


def test_a_rotated_log_is_read_to_its_end(path: Path) -> None:
    """The last lines of the old file and the first of the new one are counted."""
    log = opened(path)
    append(path, line())
    path.rename(path.with_name("audit-2026-11-29T01-02-03.004.log"))
    path.write_bytes(line() + line())
    log.read()
    assert counted(log) == {"jo get pods checkout 403": 3}


def test_a_truncated_log_is_read_from_its_beginning(path: Path) -> None:
    """As `copytruncate` of a log rotation leaves it."""
    append(path, line(), line())
    log = opened(path)
    path.write_bytes(line())
    log.read()
    assert counted(log) == {"jo get pods checkout 403": 1}


@pytest.mark.parametrize("rotated", [False, True])
def test_a_restarted_container_counts_on(path: Path, *, rotated: bool) -> None:
    """What came while it was away is counted, and nothing twice."""
    log = opened(path)
    append(path, line())
    log.read()
    append(path, line())
    if rotated:
        path.rename(path.with_name("audit-2026-11-29T01-02-03.004.log"))
        path.write_bytes(line())
    again = opened(path)
    assert counted(again) == {"jo get pods checkout 403": 2 + rotated}
    again.read()
    assert again.counts.lines == 2 + rotated


def test_a_file_that_got_the_same_number_is_read_from_its_beginning(path: Path) -> None:
    """Its content at the kept place is not the end of a line."""
    opened(path)
    append(path, line())
    opened(path)
    inode = path.stat().st_ino
    path.write_bytes(line(user="a-longer-name") * 3)
    assert path.stat().st_ino == inode
    assert opened(path).counts.lines == 1 + 3


def test_lines_that_are_no_events_are_told(path: Path) -> None:
    """Broken JSON, another document, and a line that is longer than any."""
    log = opened(path)
    append(path, b"{\n", b"[]\n", b"x" * (3 << 20), b"\n", line())
    log.read()
    assert counted(log) == {"jo get pods checkout 403": 1}
    assert log.counts.invalid >= 2


def test_the_number_of_series_has_a_limit(path: Path) -> None:
    """A flood of names is counted as others', and what is known is counted as before."""
    log = opened(path)
    append(path, *(line(user=f"user-{number}") for number in range(3000)))
    append(path, line(user="user-1"), *(line(verb=f"verb-{n}", user=f"u{n}") for n in range(300)))
    append(path, *(secret(code, user="u") for code in range(100, 400)))
    log.read()
    found = log.counts.requests
    assert len(found) <= 2000
    assert sum(found.values()) == 3601
    assert counted(log)["user-1 get pods checkout 403"] == 2
    assert counted(log)["other get 403"] == 1100


@pytest.fixture
def served(path: Path) -> Iterator[tuple[Any, str]]:
    """A log and the address where its metrics are."""
    log = opened(path)
    server = exporter.serve(log, Lock(), 0)
    yield log, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_the_metrics_are_served(path: Path, served: tuple[Any, str]) -> None:
    """With the labels that the rules ask for."""
    log, address = served
    append(path, secret(), b"{\n", line()[:5])
    log.read()
    page = httpx.get(f"{address}/metrics").text
    samples = {
        each.name: (each.labels, each.value)
        for family in text_string_to_metric_families(page)
        for each in family.samples
    }
    values = ("jo", "get", "secrets", "checkout", "tls", "200")
    labels = dict(zip(exporter.Labels._fields, values, strict=True))
    assert samples == {
        "kubernetes_audit_events_total": (labels, 1),
        "audit_log_lines_read_total": ({}, 2),
        "audit_log_lines_invalid_total": ({}, 1),
        "audit_log_unread_bytes": ({}, 5),
        "audit_log_unreadable": ({}, 0),
    }


def test_a_log_that_cannot_be_read_is_unhealthy(path: Path, served: tuple[Any, str]) -> None:
    """The liveness probe fails, and the metrics say it; it recovers by itself."""
    log, address = served
    path.rename(path.with_name("elsewhere"))
    log.read()
    assert httpx.get(f"{address}/healthz").status_code == 503
    assert "audit_log_unreadable 1.0" in httpx.get(f"{address}/metrics").text
    path.write_bytes(line())
    log.read()
    assert httpx.get(f"{address}/healthz").status_code == 200
    assert log.counts.lines == 1
