from __future__ import annotations

import json
from typing import Any

from acceptance.domains.secrets.drivers import rotation_state
from acceptance.domains.secrets.drivers.rotation_state import (
    read_audit_events,
    read_audit_lines,
    read_backend_configuration,
    read_rotated_secret,
)
from acceptance.domains.secrets.rotation import PAGE
from acceptance.project import ROOT
from acceptance.settings import Workloads
from operations.lock import ROTATION
from operations.rotation import state
from operations.rotation.audit import AuditTrail
from operations.rotation.target import find_target
from tests.fakes.kubernetes_objects import SETTINGS, FakeObjects, backend, config_map, secret

MOMENT = "2026-11-25T12:00:00Z"
BEGUN = state.Rotation("1a2b", "begun", "me", MOMENT, MOMENT, "owner_a", "owner_b")


def cluster_of(**values: str) -> Any:  # noqa: ANN401 (stands for the client)
    """Return a system with the Secret that has these values."""
    return FakeObjects(
        {"backend": backend(), "config": config_map(**SETTINGS), "secrets": secret(**values)}
    )


def test_the_runbook_names_every_phase_in_order() -> None:
    """It documents the phases that the command writes and the scenarios read."""
    assert rotation_state.PHASES == state.PHASES
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    rows = [text.index(f"| `{phase}` |") for phase in (*state.PHASES, "finished")]
    assert rows == sorted(rows)


def test_the_runbook_names_all_that_is_written() -> None:
    """Annotations, the fields of each object, the Event's reason and the Lease."""
    text = (ROOT / PAGE).read_text(encoding="utf-8").partition("## Format")[2]
    cluster = cluster_of(SIGNING_KEY="signing-key")
    lines: list[str] = []
    target = find_target(cluster, "shop", Workloads())
    AuditTrail(cluster, target, "me", lines.append).record("begun", BEGUN)
    fields = {*json.loads(lines[0]), *BEGUN.__dataclass_fields__}
    for name in (*fields, state.ANNOTATION, state.LAST, "SecretRotation"):
        assert f"`{name}`" in text
    assert f"`{ROTATION.name}`" in (ROOT / PAGE).read_text(encoding="utf-8")


def test_the_scenarios_read_what_the_command_writes_on_the_secret() -> None:
    """In every phase, and when it is finished."""
    cluster = cluster_of(DATABASE_PASSWORD="the old one", SIGNING_KEY="signing-key")
    configuration = read_backend_configuration(cluster, "shop", "backend")
    assert configuration is not None and configuration.missing == ()
    steps = (
        lambda now: state.begin(now, BEGUN, password="the new one", signing_key="another key"),
        *(lambda now, end=end: end(now, MOMENT) for end in (state.offer, state.switch)),
        *(lambda now, end=end: end(now, MOMENT) for end in (state.settle, state.retire)),
        lambda now: state.finish(now, MOMENT),
    )
    seen = []
    for step in steps:
        now = state.read_state(cluster.objects["secrets"], "owner_a")
        cluster.patch("secrets", step(now))  # type: ignore[no-untyped-call]
        found = read_rotated_secret(cluster, "shop", configuration)
        assert found is not None
        seen.append((found.user, found.password, found.under_way))
        assert "the new one" not in repr(found)
    assert seen[:2] == [("owner_a", "the old one", True)] * 2
    assert seen[2:5] == [("owner_b", "the new one", True)] * 3
    assert seen[5] == ("owner_b", "the new one", False)
    assert found is not None
    assert json.loads(found.last_rotation)["who"] == "me"


def test_the_scenarios_read_what_the_command_records() -> None:
    """The line and the Event of a step say the same."""
    cluster = cluster_of(SIGNING_KEY="signing-key")
    lines: list[str] = []
    target = find_target(cluster, "shop", Workloads())
    AuditTrail(cluster, target, "me", lines.append).record("resumed", BEGUN)
    (line,) = read_audit_lines(f"something else\n{lines[0]}\n")
    assert (line.event, line.rotation, line.phase, line.who) == ("resumed", "1a2b", "begun", "me")
    assert line.time and line.keys == ("DATABASE_PASSWORD", "SIGNING_KEY")
    assert read_audit_events(cluster, "shop") == (lines[0],)
