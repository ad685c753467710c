from __future__ import annotations

import json
from typing import Any

import pytest

from acceptance.domains.secrets import OldSecrets, RotationOperator, RotationRun
from acceptance.domains.secrets.rotation_run import RotationAttempt
from tests.fakes.kubernetes_objects import SETTINGS, FakeObjects, backend, config_map, secret
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

OLD_VALUE, NEW_VALUE = "the old password", "the new password"
OLD = OldSecrets("owner_a", OLD_VALUE, "cursor", (OLD_VALUE,))
STEPS = (("begun", "begun"), ("retired", "retired"), ("finished", "retired"))


def line(event: str, phase: str, changed: dict[str, object] | None = None) -> str:
    """Return a line of the audit, as docs/operations/secret-rotation.md has it."""
    found = {
        "time": "2026-11-25T12:00:00Z",
        "event": event,
        "rotation": "1a2b",
        "phase": phase,
        "who": "me",
        "keys": ["DATABASE_PASSWORD", "SIGNING_KEY"],
    }
    return json.dumps(found | (changed or {}))


def audit(
    *lines: str, events: tuple[str, ...] | None = None, last: str = '{"id": "1a2b", "who": "me"}'
) -> None:
    """Check a rotation that wrote these lines, and these events (the same) into the cluster."""
    written = secret(DATABASE_PASSWORD=NEW_VALUE)
    written["metadata"]["annotations"] = {"acceptance.checkout/last-rotation": last}
    objects: dict[str, Any] = {"backend": backend(), "config": config_map(**SETTINGS)}
    for number, text in enumerate(lines if events is None else events):
        objects[f"event-{number}"] = {"kind": "Event", "reason": "SecretRotation", "message": text}
    operator = RotationOperator(context_of(SYSTEM, FakeObjects({**objects, "secrets": written})))
    operator._values = dict.fromkeys(OLD.values)
    operator.assert_audited(OLD, RotationRun((RotationAttempt("", 0, "\n".join(lines)),)))


def test_a_complete_audit_trail_passes() -> None:
    """Otherwise the failures below would prove nothing."""
    audit(*(line(*step) for step in STEPS))


def test_a_value_in_the_audit_trail_is_found() -> None:
    """Wherever it is: in the output, an Event or the annotation."""
    good = [line(*step) for step in STEPS]
    for lines, events, last in (
        ([*good, NEW_VALUE], None, '{"id": "1a2b", "who": "me"}'),
        (good, (*good, OLD_VALUE), '{"id": "1a2b", "who": "me"}'),
        (good, None, f'{{"id": "1a2b", "who": "me", "why": "{NEW_VALUE}"}}'),
    ):
        with pytest.raises(AssertionError, match=r"output and audit trail hold \d+ secret values"):
            audit(*lines, events=events, last=last)


@pytest.mark.parametrize("missing", [{"who": "another"}, {"time": ""}, {"keys": []}])
def test_a_step_without_who_what_or_when_is_found(missing: dict[str, object]) -> None:
    """The name has to be the one that the API server knows."""
    with pytest.raises(AssertionError, match="lacks who, what or when"):
        audit(line(*STEPS[0], missing), *(line(*step) for step in STEPS[1:]))


def test_a_step_that_is_not_recorded_is_found() -> None:
    """On the output, in the cluster, and on the Secret."""
    good = [line(*step) for step in STEPS]
    with pytest.raises(AssertionError, match="no step named finished"):
        audit(*good[:2])
    with pytest.raises(AssertionError, match="wrote no line"):
        audit("nothing", events=())
    with pytest.raises(AssertionError, match="no Event of the end of the rotation 1a2b"):
        audit(*good, events=tuple(good[:2]))
    with pytest.raises(AssertionError, match="does not say who made the last rotation"):
        audit(*good, last="")
