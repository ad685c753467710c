"""Reads the state of a rotation from the Secret, and makes the write that reaches the next phase.

Each function that ends a phase returns a merge patch of the Secret: values and phase change
together or not at all. The patch names the version of the Secret that it was made for, so the API
server refuses a second writer.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.facts import Object

USER, PASSWORD, SIGNING = "DATABASE_USER", "DATABASE_PASSWORD", "SIGNING_KEY"
NEXT_PASSWORD, ACCEPTED = f"{PASSWORD}_NEXT", f"{SIGNING}_ACCEPTED"
KEYS = (USER, PASSWORD, SIGNING, ACCEPTED)
"""The environment variables with which the backend's pods get the values."""

PHASES = ("begun", "offered", "switched", "settled", "retired")
"""begun: the new values are in the Secret beside the old ones. offered: the database and every pod
accept both. switched: pods that start use the new ones. settled: every pod uses them. retired: the
old ones are no longer in the Secret."""

ANNOTATION = "acceptance.checkout/rotation"
"""Of the Secret: the rotation under way, as JSON. Of a pod: for which rotation and phase it was
started."""
LAST = "acceptance.checkout/last-rotation"
"""Of the Secret: the last complete rotation, as JSON."""


@dataclass(frozen=True)
class Rotation:
    """A rotation under way; none of it is secret."""

    id: str
    phase: str
    who: str
    """Who began it, by the name that the API server knows."""
    begun: str
    """When it began, in ISO 8601."""
    since: str
    """When it reached the phase, in ISO 8601."""
    old_user: str
    new_user: str


@dataclass(frozen=True)
class SecretState:
    """The Secret as it is now."""

    name: str
    version: str
    values: Mapping[str, str] = field(repr=False)
    rotation: Rotation | None

    @property
    def given(self) -> dict[str, str]:
        """What a pod that starts now gets; a key that is not there is empty."""
        return {key: self.values.get(key, "") for key in KEYS}


def read_state(found: Object, user: str) -> SecretState:
    """Read the Secret; `user` is the role that logs in as long as the Secret names none."""
    metadata = found["metadata"]
    values = {
        key: base64.b64decode(value).decode("utf-8")
        for key, value in (found.get("data") or {}).items()
    }
    written = (metadata.get("annotations") or {}).get(ANNOTATION)
    under_way = Rotation(**json.loads(written)) if written else None
    return SecretState(
        metadata["name"], metadata["resourceVersion"], {USER: user, **values}, under_way
    )


def other_user(user: str, owner: str) -> str:
    """Return the role that logs in next: two take turns."""
    first, second = f"{owner}_a", f"{owner}_b"
    return second if user == first else first


def begin(
    now: SecretState, rotation: Rotation, *, password: str, signing_key: str
) -> dict[str, Any]:
    """Put the new values beside the old ones."""
    return _patch(now, rotation, {NEXT_PASSWORD: password, ACCEPTED: signing_key})


def offer(now: SecretState, at: str) -> dict[str, Any]:
    """Record that the database and every pod accept both."""
    return _patch(now, _reach(now, "offered", at), {})


def switch(now: SecretState, at: str) -> dict[str, Any]:
    """Put the new values in use, and keep accepting what the old key signed."""
    rotation = _reach(now, "switched", at)
    values = {
        USER: rotation.new_user,
        PASSWORD: now.values[NEXT_PASSWORD],
        NEXT_PASSWORD: None,
        SIGNING: now.values[ACCEPTED],
        ACCEPTED: now.values[SIGNING],
    }
    return _patch(now, rotation, values)


def settle(now: SecretState, at: str) -> dict[str, Any]:
    """Record that every pod uses the new values."""
    return _patch(now, _reach(now, "settled", at), {})


def retire(now: SecretState, at: str) -> dict[str, Any]:
    """Take the old signing key out of the Secret."""
    return _patch(now, _reach(now, "retired", at), {ACCEPTED: None})


def finish(now: SecretState, at: str) -> dict[str, Any]:
    """End the rotation, and record who did it and when."""
    assert now.rotation is not None
    ended = now.rotation
    last = {"id": ended.id, "who": ended.who, "begun": ended.begun, "finished": at}
    annotations = {ANNOTATION: None, LAST: json.dumps(last)}
    return {"metadata": {"resourceVersion": now.version, "annotations": annotations}}


def _reach(now: SecretState, phase: str, at: str) -> Rotation:
    assert now.rotation is not None
    return replace(now.rotation, phase=phase, since=at)


def _patch(
    now: SecretState, rotation: Rotation, values: Mapping[str, str | None]
) -> dict[str, Any]:
    encoded = {
        key: None if value is None else base64.b64encode(value.encode()).decode("ascii")
        for key, value in values.items()
    }
    annotations = {ANNOTATION: json.dumps(asdict(rotation))}
    metadata = {"resourceVersion": now.version, "annotations": annotations}
    return {"metadata": metadata, **({"data": encoded} if encoded else {})}
