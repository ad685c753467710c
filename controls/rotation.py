"""The controls of TASK-002's rotation of secrets."""

from __future__ import annotations

from controls.control import Control
from controls.sabotages import rotation as do

_ITEM = "TASK-002-AC-5"
_REPLACED = "The secrets are replaced while visitors come"
_KILLED = "A rotation that is killed half-way goes on where it was"

CONTROLS = (
    Control(
        _ITEM,
        _REPLACED,
        do.a_password_that_lives_on,
        r"The database still accepts the old password of checkout_[ab]\.",
    ),
    Control(
        _ITEM,
        _REPLACED,
        do.pods_left_as_they_are,
        r"backend-\S+ uses no role, and not checkout_[ab]",
    ),
    Control(_ITEM, _REPLACED, do.a_backend_with_one_key, r"A visitor was not served: .*HTTP 422"),
    Control(_ITEM, _REPLACED, do.a_talkative_rotation, r"The rotation tells \d+ secret values"),
    Control(_ITEM, _KILLED, do.a_forgetful_rotation, r"There were \d+ rotations instead of one"),
    Control(_ITEM, _KILLED, do.two_rotations_at_once, "A second rotation was not refused"),
)
